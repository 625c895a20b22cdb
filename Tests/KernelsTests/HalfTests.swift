// SPDX-License-Identifier: Apache-2.0

import CPU
import Kernels
import Testing

/// Halves against Swift's own, which are IEEE's.
struct HalfTests {
  /// Makes floats of halves, or halves of floats, at one level.
  private func converted<From: BitwiseCopyable, To: BitwiseCopyable & ExpressibleByIntegerLiteral>(
    _ values: [From], to type: To.Type, toFloat: Bool, _ level: CPULevel
  ) -> [To] {
    var results = [To](repeating: 0, count: values.count)
    let kernels = FloatKernels(level: level, element: .float16)
    values.withUnsafeBytes { input in
      results.withUnsafeMutableBytes { output in
        kernels.convert(
          toFloat: toFloat, input: input.baseAddress!, output: output.baseAddress!, count: values.count
        ).run()
      }
    }
    return results
  }

  @Test(arguments: CPULevel.usable)
  func everyHalfIsWidenedExactlyAndComesBack(_ level: CPULevel) {
    let all = (0...UInt16.max).map { Float16(bitPattern: $0) }
    let floats = converted(all, to: Float.self, toFloat: true, level)
    let wrong = all.indices.first { all[$0].isNaN ? !floats[$0].isNaN : floats[$0] != Float(all[$0]) }
    #expect(wrong == nil)
    let back = converted(floats, to: Float16.self, toFloat: false, level)
    #expect(
      all.indices.allSatisfy { all[$0].isNaN ? back[$0].isNaN : back[$0].bitPattern == all[$0].bitPattern })
  }

  /// Ties, and their neighbours on either side, go to the even one; what is too large becomes infinite.
  @Test(arguments: CPULevel.usable)
  func roundingIsToNearestEven(_ level: CPULevel) {
    var floats: [Float] = [65519.99, 65520, 65536, 1e30, .infinity, 0x1p-25, 0x1.000002p-25, 0x1p-26, 1e-40]
    for bits in stride(from: UInt16(0), to: 0x7BFF, by: 7) {
      let (low, high) = (Float(Float16(bitPattern: bits)), Float(Float16(bitPattern: bits + 1)))
      let tie = (low + high) / 2
      floats += [tie, tie.nextUp, tie.nextDown, low + (high - low) * 0.3]
    }
    floats += floats.map { -$0 }
    let halves = converted(floats, to: Float16.self, toFloat: false, level)
    let wrong = floats.indices.first { halves[$0].bitPattern != Float16(floats[$0]).bitPattern }
    #expect(wrong == nil, "\(wrong.map { "\(floats[$0]) became \(halves[$0])" } ?? "")")
  }
}
