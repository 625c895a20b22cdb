// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import GraphIR
internal import Synchronization
public import Workers

/// Runs a plan: its own memory for values, and the kernel calls made ready over it. One thread at a time; a run that
/// begins during another traps.
///
/// Write the inputs, call `run`, read the outputs. Inputs stay as they are until written again; outputs hold
/// until the next run. A run allocates nothing.
public final class Session: @unchecked Sendable {
  // @unchecked: the memory is written by the one run at a time that `isRunning` lets in, and by its caller between runs.

  public let plan: Plan
  let pool: WorkerPool
  private let isRunning = Atomic<Bool>(false)
  private let arena: AlignedBytes
  private let scratch: [AlignedBytes]
  private let memory: Memory
  /// What runs one after the other: a step with its calls, or a stripe.
  let parts: [(steps: Range<Int>, work: [any PoolWork])]
  private let sequence: ContiguousArray<any PoolWork>

  /// - Parameter pool: threads to share, between sessions that do not run at the same time.
  public init(plan: Plan, pool: WorkerPool) {
    self.plan = plan
    self.pool = pool
    arena = AlignedBytes(count: plan.arenaBytes)
    scratch = (0..<pool.threads).map { _ in AlignedBytes(count: plan.scratchBytes) }
    memory = Memory(arena: arena.pointer, plan: plan.memory, facts: plan.facts, constants: plan.constants)
    let (memory, rows, kernels) = (memory, scratch.map(\.pointer), PlanKernels(plan.options))
    let stripes = Dictionary(uniqueKeysWithValues: plan.stripes.map { ($0.steps.lowerBound, $0) })
    var parts: [(steps: Range<Int>, work: [any PoolWork])] = []
    var index = 0
    while index < plan.steps.count {
      if let stripe = stripes[index] {
        parts.append(
          (stripe.steps, [StripeRun(stripe, plan: plan, memory: memory, kernels: kernels, scratch: rows)]))
      } else {
        parts.append((index..<index + 1, plan.steps[index].jobs(memory, kernels)))
      }
      index = parts.last!.steps.upperBound
    }
    self.parts = parts
    sequence = ContiguousArray(parts.flatMap(\.work))
  }

  public func run() {
    precondition(!isRunning.exchange(true, ordering: .acquiring), "a session runs on one thread at a time")
    defer { isRunning.store(false, ordering: .releasing) }
    for work in sequence { pool.run(work) }
  }

  /// Memory of an input: the elements of its fact, dense, channels last.
  ///
  /// - Precondition: `input` is one of the plan's.
  public func input(_ input: PlanValue) -> UnsafeMutableRawPointer {
    precondition(plan.inputs.contains(input), "the network has no input '\(input.name)'")
    return memory.pointer(input.value)
  }

  /// Memory of an output: the elements of its fact, dense, channels last.
  ///
  /// - Precondition: `output` is one of the plan's.
  public func output(_ output: PlanValue) -> UnsafeRawPointer {
    precondition(plan.outputs.contains(output), "the network has no output '\(output.name)'")
    return UnsafeRawPointer(memory.pointer(output.value))
  }
}
