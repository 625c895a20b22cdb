// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import GraphIR

/// When steps that run in stripes make which rows.
///
/// A pass makes some rows of the last output, and before that the rows of each value between that it needs and
/// that are not there yet. Rows that later passes need again are moved to the front of the value's memory, so that
/// they are made once and lie together with those behind them.
struct StripeSchedule: Sendable, Equatable {
  /// One value between two of the steps, or the last output.
  private struct Value: Equatable {
    var rows: Int
    var rowBytes: Int
    /// The steps that read it, and how.
    var readers: [Reader] = []
  }

  private struct Reader: Equatable {
    var step: Int
    var reach: RowReach
  }

  struct Pass: Equatable {
    /// For each step the rows of its output that it makes; may be empty.
    var made: [Range<Int>]
    /// For each step but the last the rows of its output that are in memory once they are made.
    var held: [Range<Int>]
    /// For each step but the last the rows that the pass before left, of which it keeps those that it holds.
    var left: [Range<Int>]
  }

  private var values: [Value]
  /// Of the last output.
  var rows: Int { values.last!.rows }

  /// - Parameter steps: in running order, all with a reach; all outputs but the last are read by them alone.
  init(_ steps: [Step], facts: Facts) {
    values = steps.map { step in
      let fact = facts[step.output]
      return Value(
        rows: fact.shape[1], rowBytes: fact.shape[2] * fact.shape[3] * fact.dtype.byteCount)
    }
    var makers = ValueTable<Int>()
    for (index, step) in steps.enumerated() { makers[step.output] = index }
    for (index, step) in steps.enumerated() {
      for (input, reach) in zip(step.inputs, step.reach ?? []) {
        if let maker = makers[input] { values[maker].readers.append(Reader(step: index, reach: reach)) }
      }
    }
  }

  /// The passes that make `rows` of the last output, `count` at a time, from nothing.
  func passes(_ rows: Range<Int>, by count: Int) -> [Pass] {
    var held = values.map { _ in 0..<0 }
    return stride(from: rows.lowerBound, to: rows.upperBound, by: count).map { first in
      let left = held
      var made = values.map { _ in 0..<0 }
      made[values.count - 1] = first..<min(first + count, rows.upperBound)
      held[values.count - 1] = made[values.count - 1]
      for index in values.indices.dropLast().reversed() {
        let value = values[index]
        // What readers need, now or, where they make nothing now, from their next row on.
        var (low, high) = (value.rows, 0)
        for entry in value.readers {
          let (reader, reach) = (entry.step, entry.reach)
          let next = made[reader].isEmpty ? held[reader].upperBound : made[reader].lowerBound
          guard next < values[reader].rows else { continue }
          low = min(low, reach.rows(for: next..<next + 1, of: value.rows).lowerBound)
          guard !made[reader].isEmpty else { continue }
          high = max(high, reach.rows(for: made[reader], of: value.rows).upperBound)
        }
        let begin = max(low, left[index].upperBound)
        high = max(high, begin)
        held[index] = low..<max(high, low)
        made[index] = begin..<held[index].upperBound
      }
      return Pass(made: made, held: held.dropLast(), left: left.dropLast())
    }
  }

  /// Where the memory for each value but the last begins, and after them the end of all.
  func offsets(rows count: Int) -> [Int] {
    var most = [Int](repeating: 0, count: values.count - 1)
    // A pass that begins with nothing makes more rows than one that goes on.
    let first = stride(from: 0, to: rows, by: count).map { passes($0..<min($0 + count, rows), by: count)[0] }
    for pass in passes(0..<rows, by: count) + first {
      for index in most.indices { most[index] = max(most[index], pass.held[index].count) }
    }
    return most.indices.reduce(into: [0]) { offsets, index in
      // With room behind the last row that kernels may read.
      let bytes = most[index] * values[index].rowBytes + AlignedBytes.overRead
      offsets.append((offsets.last! + bytes + AlignedBytes.alignment - 1) & ~(AlignedBytes.alignment - 1))
    }
  }

  func scratchBytes(rows count: Int) -> Int { offsets(rows: count).last! }
}
