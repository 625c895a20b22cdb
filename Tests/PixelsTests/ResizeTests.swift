// SPDX-License-Identifier: Apache-2.0

import Buffers
import CPU
import Pixels
import TestSupport
import Testing

/// One plane scaled in floating point: a triangle over the samples inside, weights normalised.
private func scaled(
  _ plane: PlaneView, column: Int, step: Int, samples: (Int, Int), x: Double, y: Double,
  ratio: (Double, Double)
) -> Double {
  func weights(_ center: Double, _ ratio: Double, _ count: Int) -> [(Int, Double)] {
    let reach = max(1, ratio)
    let all = (0..<count).map { ($0, max(0, 1 - abs(Double($0) + 0.5 - center) / reach)) }
    let sum = all.reduce(0) { $0 + $1.1 }
    return all.filter { $0.1 > 0 }.map { ($0.0, $0.1 / sum) }
  }
  var sum = 0.0
  for (row, down) in weights(y, ratio.1, samples.1) {
    for (sample, across) in weights(x, ratio.0, samples.0) {
      sum += down * across * Double(plane.base[row * plane.rowBytes + sample * step + column])
    }
  }
  return sum
}

private func reference(_ picture: PictureView, rows: Int, columns: Int) -> [Double] {
  let format = picture.format
  let ratio = (Double(picture.width) / Double(columns), Double(picture.height) / Double(rows))
  let (sx, sy) = (Double(1 << format.chromaShiftX), Double(1 << format.chromaShiftY))
  let chroma = format.planeSize(1, width: picture.width, height: picture.height)
  let isPairs = format == .nv12
  let chromaSize = (isPairs ? chroma.rowBytes / 2 : chroma.rowBytes, chroma.rows)
  var result: [Double] = []
  for row in 0..<rows {
    for column in 0..<columns {
      let x = (Double(column) + 0.5) * ratio.0
      let y = (Double(row) + 0.5) * ratio.1
      let luma = scaled(
        picture.planes.0, column: 0, step: 1, samples: (picture.width, picture.height), x: x, y: y,
        ratio: ratio)
      var (u, v) = (128.0, 128.0)
      if format != .gray8 {
        let at = (x / sx + (format.chromaShiftX == 1 ? 0.25 : 0), y / sy)
        let chromaRatio = (ratio.0 / sx, ratio.1 / sy)
        let planeU = picture.planes.1
        let planeV = isPairs ? picture.planes.1 : picture.planes.2
        u = scaled(
          planeU, column: 0, step: isPairs ? 2 : 1, samples: chromaSize, x: at.0, y: at.1, ratio: chromaRatio)
        v = scaled(
          planeV, column: isPairs ? 1 : 0, step: isPairs ? 2 : 1, samples: chromaSize, x: at.0, y: at.1,
          ratio: chromaRatio)
      }
      result += referenceRGB(luma, u, v, picture.matrix, picture.range)
    }
  }
  return result
}

private func resized(
  _ picture: PictureView, _ target: ModelInputFormat, level: CPULevel, split: Int? = nil
) -> [UInt8] {
  let resizer = PictureResizer(source: picture.kind, target: target, level: level)
  var out = [UInt8](repeating: 0xaa, count: target.byteCount)
  out.withUnsafeMutableBytes { bytes in
    for begin in stride(from: 0, to: target.rows, by: split ?? target.rows) {
      let rows = begin..<min(target.rows, begin + (split ?? target.rows))
      resizer.run(picture, into: bytes.baseAddress!, rows: rows, scratch: resizer.makeScratch())
    }
  }
  return out
}

@Suite struct ResizeTests {
  static let sizes = [
    (64, 36, 51, 29), (48, 40, 48, 40), (17, 13, 40, 31), (1, 1, 5, 3), (2, 3, 1, 1), (90, 50, 22, 9),
    (33, 7, 33, 14), (63, 21, 32, 21),
  ]

  @Test(arguments: PixelFormat.allCases, sizes)
  func comesWithinOneLevelOfFloatingPoint(_ format: PixelFormat, _ size: (Int, Int, Int, Int)) {
    let picture = Picture(format: format, width: size.0, height: size.1)
    var random = SplitMix(state: 1)
    picture.view.fill(&random)
    let target = ModelInputFormat(rows: size.3, columns: size.2)
    let want = reference(picture.view, rows: size.3, columns: size.2)
    let got = resized(picture.view, target, level: .best).withUnsafeBytes {
      Array($0.bindMemory(to: Float.self))
    }
    let worst = zip(want, got).map { abs($0 - Double($1)) }.max()!
    #expect(worst < 0.56, "\(format) \(size): \(worst)")
  }

  @Test(arguments: PixelFormat.allCases, sizes)
  func levelsAndSplitsAgree(_ format: PixelFormat, _ size: (Int, Int, Int, Int)) {
    let picture = Picture(format: format, width: size.0, height: size.1, matrix: .bt601, range: .full)
    var random = SplitMix(state: 2)
    picture.view.fill(&random)
    for dtype in [DType.float32, .uint8, .int8] {
      let target = ModelInputFormat(
        rows: size.3 + 3, columns: size.2 + 2, contentRow: 1, contentColumn: 1, contentRows: size.3,
        contentColumns: size.2, dtype: dtype, mean: [123.675, 116.28, 103.53],
        scale: [1 / 58.395, 1 / 57.12, 1 / 57.375],
        quantization: dtype == .float32
          ? nil : Quantization(scale: 0.0187, zeroPoint: dtype == .int8 ? -14 : 114))
      let want = resized(picture.view, target, level: .scalar)
      for level in CPULevel.usable {
        #expect(resized(picture.view, target, level: level) == want)
        #expect(resized(picture.view, target, level: level, split: 2) == want)
      }
    }
  }

  @Test func paddingStandsForZero() {
    let picture = Picture(format: .yuv420p, width: 8, height: 6)
    let target = ModelInputFormat(
      rows: 5, columns: 7, contentRow: 1, contentColumn: 2, contentRows: 3, contentColumns: 4, dtype: .int8,
      quantization: Quantization(scale: 2, zeroPoint: -100))
    let cells = resized(picture.view, target, level: .best).map { Int8(bitPattern: $0) }
    for row in 0..<5 {
      for column in 0..<7 where !(1..<4).contains(row) || !(2..<6).contains(column) {
        #expect(cells[(row * 7 + column) * 3..<(row * 7 + column) * 3 + 3] == [-100, -100, -100])
      }
    }
  }

  @Test func lumaOfTheSameSizeIsCopied() {
    let picture = Picture(format: .yuv420p, width: 30, height: 20, matrix: .bt709, range: .full)
    var random = SplitMix(state: 5)
    for row in 0..<20 {
      for x in 0..<30 { picture.view.planes.0.base[row * picture.view.planes.0.rowBytes + x] = random.byte() }
    }
    for plane in [picture.view.planes.1, picture.view.planes.2] {
      for row in 0..<10 { for x in 0..<15 { plane.base[row * plane.rowBytes + x] = 128 } }
    }
    let target = ModelInputFormat(
      rows: 20, columns: 30, dtype: .uint8, quantization: Quantization(scale: 1, zeroPoint: 0))
    let rgb = resized(picture.view, target, level: .best)
    for row in 0..<20 {
      for x in 0..<30 {
        let y = picture.view.planes.0.base[row * picture.view.planes.0.rowBytes + x]
        #expect(rgb[(row * 30 + x) * 3..<(row * 30 + x) * 3 + 3] == [y, y, y])
      }
    }
  }

  @Test func rowsMayRunUpwards() {
    let picture = Picture(format: .yuv422p, width: 21, height: 11)
    var random = SplitMix(state: 9)
    picture.view.fill(&random)
    let flipped = Picture(format: .yuv422p, width: 21, height: 11)
    var view = flipped.view
    func turn(_ index: Int, _ from: PlaneView, _ to: PlaneView) -> PlaneView {
      let size = picture.view.format.planeSize(index, width: 21, height: 11)
      for row in 0..<size.rows {
        (to.base + (size.rows - 1 - row) * to.rowBytes).update(
          from: from.base + row * from.rowBytes, count: size.rowBytes)
      }
      return PlaneView(base: to.base + (size.rows - 1) * to.rowBytes, rowBytes: -to.rowBytes)
    }
    view.planes.0 = turn(0, picture.view.planes.0, flipped.view.planes.0)
    view.planes.1 = turn(1, picture.view.planes.1, flipped.view.planes.1)
    view.planes.2 = turn(2, picture.view.planes.2, flipped.view.planes.2)
    let target = ModelInputFormat(rows: 7, columns: 30)
    #expect(resized(view, target, level: .best) == resized(picture.view, target, level: .best))
  }
}
