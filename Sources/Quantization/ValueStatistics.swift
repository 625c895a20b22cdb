// SPDX-License-Identifier: Apache-2.0

/// How the range of a value is chosen from what was seen of it.
public enum RangeMethod: Sendable, Hashable {
  /// All that was seen.
  case minMax
  /// All but a share (0…1) of the elements at each end.
  case percentile(Double)
  /// The range whose steps and cuts together have the least squared error.
  case leastError
}

/// What was seen of one value: its ends, then how its elements are spread between them.
struct ValueStatistics: Sendable {
  static let bins = 2048

  private(set) var low: Float = 0
  private(set) var high: Float = 0
  private var counts: [Double] = []
  private var sums: [Double] = []
  private var pixels = 0.0

  /// The mean of each channel.
  var means: [Float] { sums.map { Float($0 / max(pixels, 1)) } }

  /// First round. Zero is always inside, for padding is zero.
  mutating func see(_ values: UnsafeBufferPointer<Float>, channels: Int) {
    if sums.isEmpty { sums = [Double](repeating: 0, count: channels) }
    for pixel in 0..<values.count / channels {
      for channel in 0..<channels {
        let value = values[pixel * channels + channel]
        guard value.isFinite else { continue }
        low = min(low, value)
        high = max(high, value)
        sums[channel] += Double(value)
      }
    }
    pixels += Double(values.count / channels)
  }

  /// Second round, over the same values.
  mutating func count(_ values: UnsafeBufferPointer<Float>) {
    if counts.isEmpty { counts = [Double](repeating: 0, count: ValueStatistics.bins) }
    guard high > low else { return }
    let factor = Float(ValueStatistics.bins) / (high - low)
    for value in values where value.isFinite {
      counts[min(max(Int((value - low) * factor), 0), ValueStatistics.bins - 1)] += 1
    }
  }

  /// - Returns: a range with zero in it.
  func range(_ method: RangeMethod) -> ClosedRange<Float> {
    guard high > low, !counts.isEmpty else { return low...max(high, low) }
    switch method {
    case .minMax: return low...high
    case .percentile(let share):
      let most = counts.reduce(0, +) * share
      var (first, last) = (0, ValueStatistics.bins)
      var sum = 0.0
      while first < last, sum + counts[first] <= most { (sum, first) = (sum + counts[first], first + 1) }
      sum = 0
      while last > first + 1, sum + counts[last - 1] <= most {
        (sum, last) = (sum + counts[last - 1], last - 1)
      }
      return min(edge(first), 0)...max(edge(last), 0)
    case .leastError:
      var best = (error: Double.infinity, range: low...high)
      // Both ends are drawn in alike; a value that is never negative keeps zero as its lower end.
      for step in 0..<40 {
        let keep = 1 - Float(step) * 0.02
        let candidate = low * keep...high * keep
        let error = error(candidate)
        if error < best.error { best = (error, candidate) }
      }
      return best.range
    }
  }

  private func edge(_ bin: Int) -> Float { low + (high - low) * Float(bin) / Float(ValueStatistics.bins) }

  private func error(_ range: ClosedRange<Float>) -> Double {
    let step = Double(range.upperBound - range.lowerBound) / 255
    return counts.indices.reduce(0) { sum, bin in
      let value = Double(edge(bin) + edge(bin + 1)) / 2
      let cut = max(Double(range.lowerBound) - value, value - Double(range.upperBound), 0)
      return sum + counts[bin] * (cut > 0 ? cut * cut : step * step / 12)
    }
  }
}
