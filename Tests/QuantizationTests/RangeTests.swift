// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Quantization

/// How the methods choose a range.
struct RangeTests {
  static func statistics(_ values: [Float]) -> ValueStatistics {
    var statistics = ValueStatistics()
    values.withUnsafeBufferPointer {
      statistics.see($0, channels: 1)
      statistics.count($0)
    }
    return statistics
  }

  /// What a Relu leaves of a bell around 1, and one element far out: squared errors keep it, the others do not.
  @Test func aLoneOutlierIsCut() {
    var state: UInt32 = 1
    /// 0…1, from Numerical Recipes' generator.
    func next() -> Float {
      state = state &* 1_664_525 &+ 1_013_904_223
      return Float(state >> 8) / Float(1 << 24)
    }
    let bell = (0..<20_000).map { _ in max((0..<12).reduce(Float(-5)) { sum, _ in sum + next() }, 0) }
    let statistics = Self.statistics(bell + [40])
    #expect(statistics.range(.minMax).upperBound == 40 && statistics.range(.leastError).upperBound > 35)
    for method in [RangeMethod.percentile(0.0001), .entropy] {
      let range = statistics.range(method)
      #expect(range.lowerBound == 0 && (3...20).contains(range.upperBound), "\(method): \(range)")
    }
  }

  /// Cutting one element of many by little costs less than wider steps for all.
  @Test func leastErrorWeighsCutsAgainstSteps() {
    let even = (0..<400_000).map { Float($0) / 400_000 }
    let range = Self.statistics(even + [1.2]).range(.leastError)
    #expect((0.99...1.1).contains(range.upperBound), "\(range)")
  }

  /// Numbers spread evenly leave nothing to cut.
  @Test func evenNumbersKeepTheirRange() {
    let statistics = Self.statistics((0...65535).map { Float($0) / 65535 })
    for method in RangeMethod.common {
      let range = statistics.range(method)
      #expect(range.lowerBound == 0 && range.upperBound > 0.97, "\(method): \(range)")
    }
  }

  @Test func nothingSeenIsARangeToo() {
    for method in RangeMethod.common { #expect(ValueStatistics().range(method) == 0...0) }
  }
}
