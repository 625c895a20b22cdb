// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import Kernels

/// The kernel calls of one stripe over a session's memory, made ready for each thread.
///
/// The rows of the last output are cut into chunks, which threads take; a chunk begins with nothing in scratch, so
/// the rows around a cut are made twice.
final class StripeRun: PoolWork {
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
  /// For each thread and chunk.
  let actions: [[[Action]]]
  var units: Int { actions[0].count }
  var grain: Int { 1 }
  var isSplit: Bool { units > 1 }

  /// Chunks for each thread, so that one that is held up can be helped.
  private static let chunksPerThread = 4

  /// - Parameter scratch: memory for each thread.
  init(_ stripe: Stripe, plan: Plan, memory: Memory, scratch: [UnsafeMutableRawPointer]) {
    steps = stripe.steps
    let passes = (stripe.schedule.rows + stripe.rows - 1) / stripe.rows
    let chunks = scratch.count == 1 ? 1 : min(scratch.count * StripeRun.chunksPerThread, passes)
    let offsets = stripe.schedule.offsets(rows: stripe.rows)
    let cuts = (0...chunks).map { min(passes * $0 / chunks * stripe.rows, stripe.schedule.rows) }
    actions = scratch.map { base in
      let places = offsets.map { base + $0 }
      return (0..<chunks).map { chunk in
        stripe.schedule.passes(cuts[chunk]..<cuts[chunk + 1], by: stripe.rows).flatMap { pass in
          StripeRun.actions(pass, Array(plan.steps[stripe.steps]), first: stripe.steps.lowerBound, memory, places)
        }
      }
    }
  }

  private static func actions(
    _ pass: StripeSchedule.Pass, _ steps: [Step], first: Int, _ memory: Memory,
    _ places: [UnsafeMutableRawPointer]
  ) -> [Action] {
    var actions: [Action] = []
    var held: [String: Memory.Window] = [:]
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
      func show(_ value: String, _ rows: Range<Int>) {
        let all = held[value] ?? memory.window(value)
        memory.windows[value] = Memory.Window(
          pointer: all.pointer + (rows.lowerBound - all.rows.lowerBound) * memory.rowBytes(value), rows: rows)
      }
      for (input, reach) in zip(step.inputs, step.reach!) {
        if case .whole = reach { continue }
        show(input, reach.rows(for: pass.made[index], of: memory.facts[input]!.shape[1]))
      }
      show(step.output, pass.made[index])
      actions += step.bind(memory, step).map { .job($0, step: first + index) }
    }
    return actions
  }

  func run(_ units: Range<Int>, worker: Int) {
    for chunk in units {
      for action in actions[worker][chunk] { action.run() }
    }
  }
}
