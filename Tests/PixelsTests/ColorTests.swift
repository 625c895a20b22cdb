// SPDX-License-Identifier: Apache-2.0

import Buffers
import Pixels
import TestSupport
import Testing

/// YUV to RGB as the recommendations write it, in floating point.
func referenceRGB(
  _ y: Double, _ u: Double, _ v: Double, _ matrix: ColorMatrix, _ range: ColorRange
) -> [Double] {
  let (kr, kb) = matrix == .bt601 ? (0.299, 0.114) : (0.2126, 0.0722)
  let luma = range == .limited ? (y - 16) / 219 : y / 255
  let scale: Double = range == .limited ? 224 : 255
  let (cb, cr) = ((u - 128) / scale, (v - 128) / scale)
  let red = luma + 2 * (1 - kr) * cr
  let blue = luma + 2 * (1 - kb) * cb
  let green = (luma - kr * red - kb * blue) / (1 - kr - kb)
  return [red, green, blue].map { min(255, max(0, $0 * 255)) }
}

@Suite struct ColorTests {
  @Test(arguments: ColorMatrix.allCases, ColorRange.allCases)
  func everyTagCombinationComesWithinOneLevel(_ matrix: ColorMatrix, _ range: ColorRange) {
    let picture = Picture(format: .yuv444p, width: 64, height: 1, matrix: matrix, range: range)
    let resizer = PictureResizer(
      source: picture.view.kind, target: ModelInputFormat(rows: 1, columns: 64), level: .scalar)
    let scratch = resizer.makeScratch()
    var random = SplitMix(state: 3)
    var worst = 0.0
    for _ in 0..<200 {
      for x in 0..<64 {
        picture.view.planes.0.base[x] = random.byte()
        picture.view.planes.1.base[x] = random.byte()
        picture.view.planes.2.base[x] = random.byte()
      }
      var out = [Float](repeating: -1, count: 64 * 3)
      out.withUnsafeMutableBytes { resizer.run(picture.view, into: $0.baseAddress!, scratch: scratch) }
      for x in 0..<64 {
        let planes = picture.view.planes
        let want = referenceRGB(
          Double(planes.0.base[x]), Double(planes.1.base[x]), Double(planes.2.base[x]), matrix, range)
        for c in 0..<3 { worst = max(worst, abs(want[c] - Double(out[3 * x + c]))) }
      }
    }
    #expect(worst < 0.52)
  }

  @Test(arguments: ColorMatrix.allCases, ColorRange.allCases)
  func paletteColoursComeBack(_ matrix: ColorMatrix, _ range: ColorRange) {
    let picture = Picture(format: .yuv420p, width: 38, height: 2, matrix: matrix, range: range)
    let labels = LabelMap(width: 38, height: 2)
    for row in 0..<2 { for x in 0..<38 { labels.pixels[row * labels.rowBytes + x] = UInt8(x / 2) } }
    let overlay = Overlay(
      of: picture.view.kind, palette: .cityscapes, alpha: 1)
    overlay.blend(picture.view, labels, into: picture.view)
    for label in 0..<19 {
      let planes = picture.view.planes
      let rgb = referenceRGB(
        Double(planes.0.base[2 * label]), Double(planes.1.base[label]), Double(planes.2.base[label]), matrix,
        range)
      let color = Palette.cityscapes.colors[label]
      #expect(abs(rgb[0] - Double(color.red)) < 2.5)
      #expect(abs(rgb[1] - Double(color.green)) < 2.5)
      #expect(abs(rgb[2] - Double(color.blue)) < 2.5)
    }
  }
}
