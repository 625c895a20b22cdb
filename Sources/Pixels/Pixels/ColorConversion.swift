// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import CKernels

/// The numbers behind a colour matrix and range, for 8-bit pictures (ITU-R BT.601 and BT.709).
struct ColorConversion: Sendable {
  let kr: Double
  let kb: Double
  /// Codes from black to white, from one chroma extreme to the other, and black's own.
  let lumaSpan: Double
  let chromaSpan: Double
  let black: Double

  init(matrix: ColorMatrix, range: ColorRange) {
    (kr, kb) = matrix == .bt601 ? (0.299, 0.114) : (0.2126, 0.0722)
    (lumaSpan, chromaSpan, black) = range == .limited ? (219, 224, 16) : (255, 255, 0)
  }

  /// The nearest YUV codes of an RGB colour.
  func yuv(red: UInt8, green: UInt8, blue: UInt8) -> (UInt8, UInt8, UInt8) {
    let (r, g, b) = (Double(red) / 255, Double(green) / 255, Double(blue) / 255)
    let y = kr * r + (1 - kr - kb) * g + kb * b
    func code(_ value: Double) -> UInt8 { UInt8(min(255, max(0, value.rounded()))) }
    return (
      code(black + lumaSpan * y),
      code(128 + chromaSpan * (b - y) / (2 * (1 - kb))),
      code(128 + chromaSpan * (r - y) / (2 * (1 - kr)))
    )
  }

  /// The matrix in the fixed point of `yuv_to_rgb`.
  var fixedPoint: rm_yuv_matrix {
    let one = Double(1 << RM_MATRIX_BITS)
    func fixed(_ value: Double) -> Int16 { Int16((value * one).rounded()) }
    let kg = 1 - kr - kb
    let luma = fixed(255 / lumaSpan)
    let redV = fixed(2 * (1 - kr) * 255 / chromaSpan)
    let blueU = fixed(2 * (1 - kb) * 255 / chromaSpan)
    let greenU = fixed(-2 * (1 - kb) * kb / kg * 255 / chromaSpan)
    let greenV = fixed(-2 * (1 - kr) * kr / kg * 255 / chromaSpan)
    let sample: Int32 = 1 << Int32(RM_SAMPLE_BITS)
    let half: Int32 = 1 << Int32(RM_SAMPLE_BITS + RM_MATRIX_BITS - 1)
    let base = half - Int32(luma) * Int32(black) * sample
    let neutral = 128 * sample
    return rm_yuv_matrix(
      luma: luma, red_v: redV, green_u: greenU, green_v: greenV, blue_u: blueU,
      red_bias: base - Int32(redV) * neutral,
      green_bias: base - (Int32(greenU) + Int32(greenV)) * neutral,
      blue_bias: base - Int32(blueU) * neutral)
  }
}
