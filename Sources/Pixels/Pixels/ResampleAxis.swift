// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import CKernels

/// Which samples, with which weights, make each output along one axis of a resize.
///
/// A triangle whose half width is one sample when enlarging (bilinear between sample centres) and one output
/// when shrinking, so that nothing aliases. Samples outside the axis do not count.
struct ResampleAxis: Sendable {
  let samples: Int
  let outputs: Int
  /// Samples per output, even; some weigh nothing.
  let taps: Int
  /// For each output, padded as kernels want it.
  let first: [Int32]
  /// `[outputs][taps]`, each output's sum is `1 << RM_WEIGHT_BITS`.
  let weights: [Int16]

  /// - Parameters:
  ///   - span: how many samples, maybe a fraction, the outputs divide among themselves.
  ///   - offset: where the first output begins, in samples from the first sample's edge.
  init(samples: Int, outputs: Int, span: Double, offset: Double) {
    let step = span / Double(outputs)
    let reach = max(1, step)
    let unit = 1 << RM_WEIGHT_BITS
    var rows: [(first: Int, weights: [Int])] = []
    for x in 0..<outputs {
      let center = (Double(x) + 0.5) * step + offset
      let low = max(0, Int((center - reach + 0.5).rounded(.down)))
      let high = min(samples, Int((center + reach + 0.5).rounded(.down)))
      let exact = (low..<max(high, low)).map { max(0, 1 - abs(Double($0) + 0.5 - center) / reach) }
      rows.append(ResampleAxis.rounded(exact, first: low, unit: unit, center: center, samples: samples))
    }
    let most = rows.map(\.weights.count).max() ?? 1
    let taps = (most + 1) / 2 * 2
    var first = [Int32](repeating: 0, count: PixelKernels.padded(outputs))
    var weights = [Int16](repeating: 0, count: outputs * taps)
    for (x, row) in rows.enumerated() {
      let begin = min(row.first, max(0, samples - taps))
      first[x] = Int32(begin)
      for (t, weight) in row.weights.enumerated() {
        weights[x * taps + row.first - begin + t] = Int16(weight)
      }
    }
    for x in outputs..<first.count { first[x] = first[outputs - 1] }
    self.samples = samples
    self.outputs = outputs
    self.taps = taps
    self.first = first
    self.weights = weights
  }

  /// Brings weights to integers that sum to `unit`; what rounding leaves goes to the heaviest.
  private static func rounded(
    _ exact: [Double], first: Int, unit: Int, center: Double, samples: Int
  ) -> (first: Int, weights: [Int]) {
    let sum = exact.reduce(0, +)
    guard sum > 0 else { return (min(samples - 1, max(0, Int(center))), [unit]) }
    var whole = exact.map { Int(($0 / sum * Double(unit)).rounded()) }
    let heaviest = whole.indices.max { whole[$0] < whole[$1] }!
    whole[heaviest] += unit - whole.reduce(0, +)
    let begin = whole.firstIndex { $0 != 0 }!
    let end = whole.lastIndex { $0 != 0 }!
    return (first + begin, Array(whole[begin...end]))
  }

  /// The most that `first` rises within four outputs that a kernel takes together.
  var spread: Int {
    stride(from: 0, to: first.count, by: 4).map { Int(first[$0 + 3] - first[$0]) }.max() ?? 0
  }

  /// The weights in the order in which a row kernel reads them: `[taps / 2][padded outputs][2]`.
  var interleavedWeights: [Int16] {
    var result = [Int16](repeating: 0, count: taps * first.count)
    for x in 0..<outputs {
      for t in 0..<taps { result[(t / 2) * 2 * first.count + 2 * x + t % 2] = weights[x * taps + t] }
    }
    return result
  }
}
