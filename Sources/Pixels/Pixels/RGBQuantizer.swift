// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import CKernels

/// Builds the tables that take 8-bit RGB to a model's stored integers.
enum RGBQuantizer {
  /// Entry i of channel c is `(i - mean[c]) * scale[c]` quantised: divided by the scale in float32, rounded half
  /// to even, moved by the zero point, saturated.
  static func make(_ format: ModelInputFormat) -> rm_rgb_quantizer {
    let quantization = format.quantization!
    let scale = quantization.scales[0]
    let zeroPoint = Int(quantization.zeroPoints[0])
    let limits = format.dtype == .int8 ? -128...127 : 0...255
    var result = rm_rgb_quantizer()
    result.is_signed = format.dtype == .int8 ? 1 : 0
    result.is_affine = 1
    for channel in 0..<3 {
      let entries = (0..<256).map { i -> Int in
        let value = (Float(i) - format.mean[channel]) * format.scale[channel]
        let stored = (value / scale).rounded(.toNearestOrEven)
        let wide = Int(max(-100_000, min(100_000, stored))) + zeroPoint
        return min(limits.upperBound, max(limits.lowerBound, wide))
      }
      withUnsafeMutableBytes(of: &result.table) { bytes in
        for i in 0..<256 { bytes[channel * 256 + i] = UInt8(truncatingIfNeeded: entries[i]) }
      }
      let slope = Double(format.scale[channel]) / Double(scale)
      if let line = affine(entries, slope: slope, limits: limits) {
        withUnsafeMutableBytes(of: &result.slope) {
          $0.bindMemory(to: Int32.self)[channel] = Int32(line.slope)
        }
        withUnsafeMutableBytes(of: &result.offset) {
          $0.bindMemory(to: Int32.self)[channel] = Int32(line.offset)
        }
      } else {
        result.is_affine = 0
      }
    }
    return result
  }

  /// A line in fixed point that, rounded down and saturated, passes through every entry, if there is one.
  private static func affine(
    _ entries: [Int], slope: Double, limits: ClosedRange<Int>
  ) -> (slope: Int, offset: Int)? {
    let one = 1 << RM_AFFINE_BITS
    let near = slope * Double(one)
    guard near >= 0, near < Double(1 << 22) - 8 else { return nil }
    let nearest = Int(near.rounded())
    for candidate in [0, 1, -1, 2, -2, 3, -3, 4, -4].map({ nearest + $0 }) where candidate >= 0 {
      var low = -(1 << 29)
      var high = 1 << 29
      for (i, entry) in entries.enumerated() {
        if entry > limits.lowerBound { low = max(low, entry * one - candidate * i) }
        if entry < limits.upperBound { high = min(high, (entry + 1) * one - 1 - candidate * i) }
      }
      if low <= high { return (candidate, low + (high - low) / 2) }
    }
    return nil
  }
}
