// SPDX-License-Identifier: Apache-2.0

/// Red, green and blue of 0…255, packed as 0x00RRGGBB.
typealias RGB = UInt32

@inline(__always) func rgb(_ red: Int, _ green: Int, _ blue: Int) -> RGB {
  func limit(_ value: Int) -> UInt32 { UInt32(truncatingIfNeeded: min(max(value, 0), 255)) }
  return limit(red) << 16 | limit(green) << 8 | limit(blue)
}

/// `colour` × `factor` / 256; factor is 0…256.
@inline(__always) func dim(_ colour: RGB, _ factor: UInt32) -> RGB {
  let redBlue = ((colour & 0xFF00FF) &* factor) >> 8 & 0xFF00FF
  let green = ((colour & 0x00FF00) &* factor) >> 8 & 0x00FF00
  return redBlue | green
}

/// `a` where `weight` is 0, `b` where it is 256.
@inline(__always) func blend(_ a: RGB, _ b: RGB, _ weight: UInt32) -> RGB {
  dim(a, 256 &- weight) &+ dim(b, weight)
}

/// Every channel of `colour` moved by `step`, and kept within 0…255.
func shift(_ colour: RGB, _ step: Int) -> RGB {
  rgb(Int(colour >> 16 & 255) + step, Int(colour >> 8 & 255) + step, Int(colour & 255) + step)
}
