// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Quantization

/// How the methods choose a range.
struct RangeTests {
  /// What a Relu leaves of a bell around 1, and one element far out.
  static func statistics(outlier: Float) -> ValueStatistics {
    var statistics = ValueStatistics()
    // Sums of twelve numbers spread evenly are near enough to a bell.
    let values = (0..<20_000).map { index in
      let number = (0..<12).reduce(Float(-5)) { sum, part in
        sum + Float((index * 12 + part) &* 2_654_435_761 >> 8 & 0xffff) / 65536
      }
      return max(number, 0)
    }
    (values + [outlier]).withUnsafeBufferPointer {
      statistics.see($0, channels: 1)
      statistics.count($0)
    }
    return statistics
  }

  @Test func allButMinMaxCutALoneOutlier() {
    let statistics = Self.statistics(outlier: 40)
    #expect(statistics.range(.minMax).upperBound == 40)
    for method in [RangeMethod.percentile(0.0001), .leastError, .entropy] {
      let range = statistics.range(method)
      #expect((3...20).contains(range.upperBound), "\(method): \(range)")
      #expect(range.lowerBound == 0)
    }
  }

  /// Numbers spread evenly leave nothing to cut.
  @Test func evenNumbersKeepTheirRange() {
    var statistics = ValueStatistics()
    (0...65535).map { Float($0) / 65535 }.withUnsafeBufferPointer {
      statistics.see($0, channels: 1)
      statistics.count($0)
    }
    for method in RangeMethod.common {
      let range = statistics.range(method)
      #expect(range.lowerBound == 0 && range.upperBound > 0.97, "\(method): \(range)")
    }
  }

  @Test func nothingSeenIsARangeToo() {
    for method in RangeMethod.common { #expect(ValueStatistics().range(method) == 0...0) }
  }
}
