// SPDX-License-Identifier: Apache-2.0

/// Where each output lies between two logits along one axis, as an exact fraction.
///
/// Output x of n has its centre in the model input at `origin + (x + 1/2) * content / n`; logits have theirs at
/// `(i + 1/2) * input / logits`. Before the first centre and behind the last one the outermost logit counts alone.
struct UpsampleAxis: Sendable {
  struct Position: Sendable, Equatable {
    /// The logit at or before the output's centre.
    var first: Int
    /// How far the centre is on the way to the next logit: `numerator / denominator`, below 1.
    var numerator: Int
    /// The logit whose cell holds the output's centre.
    var nearest: Int
  }

  let positions: [Position]
  let denominator: Int

  init(outputs: Int, origin: Int, content: Int, input: Int, logits: Int) {
    let unit = 2 * outputs * input
    var positions: [Position] = []
    var divisor = unit
    for x in 0..<outputs {
      let edge = ((2 * x + 1) * content + 2 * origin * outputs) * logits
      let center = edge - outputs * input
      let nearest = min(logits - 1, edge / unit)
      if center < 0 {
        positions.append(Position(first: 0, numerator: 0, nearest: nearest))
      } else if center / unit >= logits - 1 {
        positions.append(Position(first: logits - 1, numerator: 0, nearest: nearest))
      } else {
        positions.append(Position(first: center / unit, numerator: center % unit, nearest: nearest))
        divisor = UpsampleAxis.commonDivisor(divisor, center % unit)
      }
    }
    self.positions = positions.map {
      Position(first: $0.first, numerator: $0.numerator / divisor, nearest: $0.nearest)
    }
    denominator = unit / divisor
  }

  private static func commonDivisor(_ a: Int, _ b: Int) -> Int {
    var (a, b) = (a, b)
    while b != 0 { (a, b) = (b, a % b) }
    return a
  }

  /// The fraction of `index` in units of 1/`unit`, rounded half up.
  func fraction(_ index: Int, unit: Int) -> Int {
    (2 * positions[index].numerator * unit + denominator) / (2 * denominator)
  }
}
