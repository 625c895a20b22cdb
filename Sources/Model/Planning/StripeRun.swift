// SPDX-License-Identifier: Apache-2.0

internal import GraphIR
internal import Workers

/// The kernel calls of one stripe over a session's memory, made ready for each thread.
///
/// The rows of the last output are cut into chunks, which threads take. A thread goes on with what its scratch holds
/// where it made the chunk above just before; else it makes the rows around the cut once more.
final class StripeRun: PoolWork, @unchecked Sendable {
  // @unchecked: each thread writes a place of its own in `finished`.

  struct Chunk: Sendable {
    /// The first passes with nothing in scratch.
    var first: [Action]
    /// The same behind the chunk above; `nil` where that may leave its scratch in one of two ways.
    var following: [Action]?
    /// The passes that do not depend on what was there before.
    var rest: [Action]
  }

  /// One call, or rows that move to the front of their memory.
  enum Action: Sendable {
    case job(Job, step: Int)
    case move(to: Address, from: Address, bytes: Int, step: Int)

    /// Of which step of the plan this is a part.
    var step: Int {
      switch self {
      case .job(_, let step), .move(_, _, _, let step): step
      }
    }

    func run() {
      switch self {
      case .job(let job, _): job.run()
      case .move(let to, let from, let bytes, _): to.pointer.copyMemory(from: from.pointer, byteCount: bytes)
      }
    }
  }

  struct Address: @unchecked Sendable {
    // @unchecked: of the memory of one thread.
    var pointer: UnsafeMutableRawPointer
  }

  let steps: Range<Int>
  /// For each thread.
  private let chunks: [[Chunk]]
  /// The chunk that each thread made last in this run, a cache line apart; -1: none.
  private let finished: UnsafeMutablePointer<Int>
  private static let spacing = 8

  var units: Int { chunks[0].count }
  var grain: Int { 1 }
  var isSplit: Bool { units > 1 }

  /// Chunks for each thread, so that one that is held up can be helped.
  private static let chunksPerThread = 4

  /// - Parameter scratch: memory for each thread.
  init(
    _ stripe: Stripe, plan: Plan, memory: Memory, kernels: PlanKernels, scratch: [UnsafeMutableRawPointer]
  ) {
    steps = stripe.steps
    finished = .allocate(capacity: scratch.count * StripeRun.spacing)
    finished.initialize(repeating: -1, count: scratch.count * StripeRun.spacing)
    let (schedule, inner) = (stripe.schedule, Array(plan.steps[stripe.steps]))
    let passes = (schedule.rows + stripe.rows - 1) / stripe.rows
    let count = scratch.count == 1 ? 1 : min(scratch.count * StripeRun.chunksPerThread, passes)
    let cuts = (0...count).map { min(passes * $0 / count * stripe.rows, schedule.rows) }
    let offsets = schedule.offsets(rows: stripe.rows)
    chunks = scratch.map { base in
      func actions(_ pass: StripeSchedule.Pass) -> [Action] {
        StripeRun.actions(
          pass, inner, first: stripe.steps.lowerBound, memory, kernels, offsets.map { base + $0 })
      }
      var endsAlike = false
      return (0..<count).map { index in
        let fresh = schedule.passes(cuts[index]..<cuts[index + 1], by: stripe.rows)
        let following = schedule.passes(cuts[max(index - 1, 0)]..<cuts[index + 1], by: stripe.rows)
          .suffix(fresh.count)
        let shared = zip(fresh.reversed(), following.reversed()).prefix { $0 == $1 }.count
        defer { endsAlike = shared > 0 }
        return Chunk(
          first: fresh.dropLast(shared).flatMap(actions),
          following: endsAlike ? following.dropLast(shared).flatMap(actions) : nil,
          rest: fresh.suffix(shared).flatMap(actions))
      }
    }
  }

  deinit { finished.deallocate() }

  private static func actions(
    _ pass: StripeSchedule.Pass, _ steps: [Step], first: Int, _ memory: Memory,
    _ kernels: PlanKernels, _ places: [UnsafeMutableRawPointer]
  ) -> [Action] {
    var actions: [Action] = []
    var held = ValueTable<Memory.Window>()
    for index in steps.indices.dropLast() {
      let (left, rows, value) = (pass.left[index], pass.held[index], steps[index].output)
      held[value] = Memory.Window(pointer: places[index], rows: rows)
      let kept = left.upperBound - rows.lowerBound
      if kept > 0, left.lowerBound < rows.lowerBound {
        let rowBytes = memory.rowBytes(value)
        actions.append(
          .move(
            to: Address(pointer: places[index]),
            from: Address(pointer: places[index] + (rows.lowerBound - left.lowerBound) * rowBytes),
            bytes: kept * rowBytes, step: first + index))
      }
    }
    for (index, step) in steps.enumerated() where !pass.made[index].isEmpty {
      var memory = memory
      /// Some rows of a value, which are there.
      func show(_ value: ValueID, _ rows: Range<Int>) {
        let all = held[value] ?? memory.window(value)
        memory.windows[value] = Memory.Window(
          pointer: all.pointer + (rows.lowerBound - all.rows.lowerBound) * memory.rowBytes(value), rows: rows)
      }
      for (input, reach) in zip(step.inputs, step.reach ?? []) {
        if case .whole = reach { continue }
        show(input, reach.rows(for: pass.made[index], of: memory.facts[input].shape[1]))
      }
      show(step.output, pass.made[index])
      actions += step.jobs(memory, kernels).map { .job($0, step: first + index) }
    }
    return actions
  }

  func begin() {
    for index in chunks.indices { finished[index * StripeRun.spacing] = -1 }
  }

  func run(_ units: Range<Int>, worker: Int) { run(units, worker: worker) { $0.run() } }

  /// - Parameter act: does one action; all are asked of it in order.
  @inline(__always)
  func run(_ units: Range<Int>, worker: Int, by act: (borrowing Action) -> Void) {
    for index in units {
      let chunk = chunks[worker][index]
      let isNext = finished[worker * StripeRun.spacing] == index - 1
      for action in isNext ? chunk.following ?? chunk.first : chunk.first { act(action) }
      for action in chunk.rest { act(action) }
      finished[worker * StripeRun.spacing] = index
    }
  }
}
