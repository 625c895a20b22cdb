// SPDX-License-Identifier: Apache-2.0

internal import Histogram

/// Durations in a histogram: percentiles within 1 %, or 1 µs where that is more; sum and maximum exact.
struct Distribution: Sendable {
  /// Longer durations count as this long.
  static let longest: UInt64 = 3_600_000_000_000

  private var histogram = Histogram<UInt32>(
    highestTrackableValue: longest / 1000, numberOfSignificantValueDigits: .two)
  private(set) var count = 0
  /// Nanoseconds.
  private(set) var sum: UInt64 = 0
  private(set) var max: UInt64 = 0

  mutating func record(_ nanoseconds: UInt64) {
    let value = min(nanoseconds, Distribution.longest)
    histogram.record((value + 500) / 1000)
    count += 1
    sum &+= value
    max = Swift.max(max, value)
  }

  mutating func reset() {
    histogram.reset()
    count = 0
    sum = 0
    max = 0
  }

  /// Nanoseconds; 0 of nothing.
  var mean: Double { count > 0 ? Double(sum) / Double(count) : 0 }

  /// The figures of everything recorded here and in `other`.
  func summary(with other: Distribution? = nil) -> DurationFigures? {
    var all = self
    if let other {
      all.histogram.add(other.histogram)
      all.count += other.count
      all.sum &+= other.sum
      all.max = Swift.max(max, other.max)
    }
    guard all.count > 0 else { return nil }
    // A percentile comes as the upper edge of its bucket, which may lie above the true maximum.
    func percentile(_ p: Double) -> Double {
      min(Double(all.histogram.valueAtPercentile(p)) / 1e3, all.max.milliseconds)
    }
    return DurationFigures(
      p50: percentile(50), p95: percentile(95), p99: percentile(99), max: all.max.milliseconds,
      mean: all.mean / 1e6)
  }
}

/// What is reported of many durations, in milliseconds.
public struct DurationFigures: Sendable, Equatable {
  public var p50: Double
  public var p95: Double
  public var p99: Double
  public var max: Double
  public var mean: Double

  public init(p50: Double, p95: Double, p99: Double, max: Double, mean: Double) {
    self.p50 = p50
    self.p95 = p95
    self.p99 = p99
    self.max = max
    self.mean = mean
  }
}

/// A distribution that keeps the start-up frames of a run apart.
struct SteadyDistribution: Sendable {
  private let warmup: Int
  private var early = Distribution()
  private var steady = Distribution()

  init(warmup: Int) { self.warmup = warmup }

  mutating func record(_ nanoseconds: UInt64) {
    if early.count < warmup { early.record(nanoseconds) } else { steady.record(nanoseconds) }
  }

  var count: Int { early.count + steady.count }
  /// Nanoseconds of all frames, the early ones too.
  var sum: UInt64 { early.sum &+ steady.sum }

  /// Without the early frames, unless there were no others.
  var summary: DurationFigures? { steady.count > 0 ? steady.summary() : early.summary() }
}

/// A distribution of the last five to ten seconds.
struct RecentDistribution: Sendable {
  static let span: UInt64 = 5_000_000_000

  private var current = Distribution()
  private var previous = Distribution()
  private var since: UInt64

  init(start: UInt64) { since = start }

  mutating func record(_ nanoseconds: UInt64, now: UInt64) {
    if now &- since >= RecentDistribution.span {
      swap(&current, &previous)
      current.reset()
      since = now
    }
    current.record(nanoseconds)
  }

  var summary: DurationFigures? { current.summary(with: previous) }
}
