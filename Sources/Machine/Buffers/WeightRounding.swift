// SPDX-License-Identifier: Apache-2.0

/// Rounds the weights of a convolution to numbers of fewer bits so that the sum of each output channel stays, and
/// with it the mean of the output, which rounding one by one would shift: from the largest to the least, and what
/// one is off by is added to the next.
public struct WeightRounding: Sendable {
  /// `[channels][taps][depth]` where channels are last, else `[channels][depth][taps]`.
  public var channels: Int
  public var taps: Int
  public var depth: Int
  public var isChannelsLast: Bool

  public init(channels: Int, taps: Int, depth: Int, isChannelsLast: Bool) {
    self.channels = channels
    self.taps = taps
    self.depth = depth
    self.isChannelsLast = isChannelsLast
  }

  /// - Parameter round: gives the nearest of the numbers that there are.
  /// - Returns: the rounded weights in the order of `weights`; the same numbers for either order of axes.
  public func rounded(_ weights: UnsafeBufferPointer<Float>, _ round: (Float) -> Float) -> [Float] {
    let count = taps * depth
    precondition(weights.count == channels * count, "weights do not fit the convolution")
    /// Equal weights are taken in the order of files.
    func place(_ index: Int) -> Int { isChannelsLast ? index % depth * taps + index / depth : index }
    var result = Array(weights)
    // Sorting takes time, which weights that were rounded before need not.
    guard weights.contains(where: { round($0) != $0 }) else { return result }
    for first in stride(from: 0, to: weights.count, by: max(count, 1)) {
      let order = (first..<first + count).sorted {
        let (a, b) = (abs(weights[$0]), abs(weights[$1]))
        return a == b ? place($0 - first) < place($1 - first) : a > b
      }
      var rest: Float = 0
      for index in order {
        let wanted = weights[index] + rest
        result[index] = round(wanted)
        rest = wanted - result[index]
      }
    }
    return result
  }
}
