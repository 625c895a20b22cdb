// SPDX-License-Identifier: Apache-2.0

import Foundation

/// How the range of a value is chosen from what was seen of it.
public enum RangeMethod: Sendable, Hashable, CustomStringConvertible {
  /// All that was seen.
  case minMax
  /// All but a share (0…1) of the elements at each end.
  case percentile(Double)
  /// The range whose steps and cuts together have the least squared error.
  case leastError
  /// The range whose 256 steps tell least from the spread as it was seen (Kullback-Leibler divergence).
  case entropy

  /// One of each.
  public static let common: [RangeMethod] = [.minMax, .percentile(0.0001), .leastError, .entropy]

  /// With percents: "percentile:0.01".
  public var description: String {
    switch self {
    case .minMax: "minmax"
    case .percentile(let share): "percentile:\(share * 100)"
    case .leastError: "least-error"
    case .entropy: "entropy"
    }
  }
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
    case .leastError: return drawnIn(least: squaredError)
    case .entropy: return drawnIn(least: divergence)
    }
  }

  /// Both ends are drawn in alike; a value that is never negative keeps zero as its lower end.
  private func drawnIn(least error: (ClosedRange<Float>) -> Double) -> ClosedRange<Float> {
    var best = (error: Double.infinity, range: low...high)
    for step in 0..<40 {
      let keep = 1 - Float(step) * 0.02
      let candidate = low * keep...high * keep
      let error = error(candidate)
      if error < best.error { best = (error, candidate) }
    }
    return best.range
  }

  private func edge(_ bin: Int) -> Float { low + (high - low) * Float(bin) / Float(ValueStatistics.bins) }

  private func squaredError(_ range: ClosedRange<Float>) -> Double {
    let step = Double(range.upperBound - range.lowerBound) / 255
    return counts.indices.reduce(0) { sum, bin in
      let value = Double(edge(bin) + edge(bin + 1)) / 2
      let cut = max(Double(range.lowerBound) - value, value - Double(range.upperBound), 0)
      return sum + counts[bin] * (cut > 0 ? cut * cut : step * step / 12)
    }
  }

  /// How much the spread over `range`, with what lies beyond it counted at its ends, differs from the same in 256
  /// steps, each spread evenly over those of its bins that hold anything. Zero is left out, for it is stored as it
  /// is however wide a step.
  private func divergence(_ range: ClosedRange<Float>) -> Double {
    let width = (high - low) / Float(ValueStatistics.bins)
    func bin(_ value: Float) -> Int { min(max(Int((value - low) / width), 0), ValueStatistics.bins - 1) }
    let first = bin(range.lowerBound)
    let last = max(bin(range.upperBound - width / 2), first)
    var inside = counts
    inside[bin(0)] = 0
    var seen = inside
    seen[first] = inside[...first].reduce(0, +)
    seen[last] = inside[last...].reduce(0, +)
    let total = seen[first...last].reduce(0, +)
    let sum = inside[first...last].reduce(0, +)
    guard sum > 0 else { return .infinity }
    var result = 0.0
    for step in 0..<256 {
      let bins = first + (last - first + 1) * step / 256..<first + (last - first + 1) * (step + 1) / 256
      let used = bins.filter { seen[$0] > 0 }
      // What was only seen beyond the range is as good as never given.
      let share = max(inside[bins].reduce(0, +) / Double(max(used.count, 1)) / sum, 1e-9)
      for bin in used { result += seen[bin] / total * log(seen[bin] / total / share) }
    }
    return result
  }
}
