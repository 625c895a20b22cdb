// SPDX-License-Identifier: Apache-2.0

import Buffers
import CPU
import Pixels
import TestSupport
import Testing

private let sizes = [(64, 36), (1, 1), (2, 3), (17, 13), (131, 9)]

@Suite struct OverlayTests {
  private func overlay(
    _ picture: Picture, _ palette: Palette, alpha: Float, ignored: Set<Int> = [],
    view: OverlayView = .overlay,
    level: CPULevel = .best
  ) -> Overlay {
    Overlay(
      of: picture.view.kind, palette: palette, alpha: alpha, ignored: ignored, view: view, level: level)
  }

  @Test(arguments: PixelFormat.allCases, sizes)
  func alphaZeroLeavesEveryByte(_ format: PixelFormat, _ size: (Int, Int)) {
    var random = SplitMix(state: 1)
    let picture = Picture(format: format, width: size.0, height: size.1)
    let out = Picture(format: format, width: size.0, height: size.1)
    picture.view.fill(&random)
    let labels = LabelMap(width: size.0, height: size.1)
    labels.fill(&random, classes: 19)
    overlay(picture, .cityscapes, alpha: 0).blend(picture.view, labels, into: out.view)
    #expect(out.view.bytes == picture.view.bytes)
  }

  @Test(arguments: PixelFormat.allCases, sizes)
  func levelsSplitsAndDrawingInPlaceAgree(_ format: PixelFormat, _ size: (Int, Int)) {
    var random = SplitMix(state: 2)
    let picture = Picture(format: format, width: size.0, height: size.1, matrix: .bt601, range: .full)
    picture.view.fill(&random)
    let labels = LabelMap(width: size.0, height: size.1)
    labels.fill(&random, classes: 19)
    for palette in [Palette.camvid, .cityscapes] {
      for view in OverlayView.allCases {
        let plain = overlay(picture, palette, alpha: 0.4, ignored: [3], view: view, level: .scalar)
        let want = Picture(format: format, width: plain.outputWidth, height: size.1)
        plain.blend(picture.view, labels, into: want.view)
        for level in CPULevel.usable {
          let fast = overlay(picture, palette, alpha: 0.4, ignored: [3], view: view, level: level)
          let got = Picture(format: format, width: fast.outputWidth, height: size.1)
          for begin in stride(from: 0, to: size.1, by: 4) {
            fast.blend(picture.view, labels, into: got.view, rows: begin..<min(size.1, begin + 4))
          }
          #expect(got.view.bytes == want.view.bytes)
          guard view != .side else { continue }
          let inPlace = Picture(format: format, width: size.0, height: size.1, matrix: .bt601, range: .full)
          var again = SplitMix(state: 2)
          inPlace.view.fill(&again)
          fast.blend(inPlace.view, labels, into: inPlace.view)
          #expect(inPlace.view.bytes == want.view.bytes)
        }
      }
    }
  }

  @Test func chromaIsTheMeanOfTheLabelsBelow() {
    let palette = Palette(names: ["a", "b"], colors: [.init(255, 0, 0), .init(0, 0, 255)])
    func chroma(_ ids: [UInt8], width: Int, height: Int) -> [UInt8] {
      let picture = Picture(format: .yuv420p, width: width, height: height, matrix: .bt601, range: .full)
      for plane in picture.view.planeList { plane.base[0] = 100 }
      let labels = LabelMap(width: width, height: height)
      for (i, id) in ids.enumerated() { labels.pixels[i / width * labels.rowBytes + i % width] = id }
      overlay(picture, palette, alpha: 1).blend(picture.view, labels, into: picture.view)
      return [picture.view.planes.1.base[0], picture.view.planes.2.base[0]]
    }
    let red: [UInt8] = [85, 255]
    let blue: [UInt8] = [255, 107]
    #expect(chroma([0, 0, 0, 0], width: 2, height: 2) == red)
    #expect(chroma([1, 1, 1, 1], width: 2, height: 2) == blue)
    #expect(chroma([0, 0, 1, 1], width: 2, height: 2) == [170, 181])
    #expect(chroma([0, 255, 255, 255], width: 2, height: 2) == [96, 139])
    #expect(chroma([0, 1], width: 1, height: 2) == [170, 181])
    #expect(chroma([0, 1], width: 2, height: 1) == [170, 181])
    #expect(chroma([1], width: 1, height: 1) == blue)
  }

  @Test func maskIsBlackWhereNothingIsDrawn() {
    let picture = Picture(format: .yuv444p, width: 3, height: 1)
    var random = SplitMix(state: 7)
    picture.view.fill(&random)
    let labels = LabelMap(width: 3, height: 1)
    labels.pixels[0] = 255
    labels.pixels[1] = 4
    labels.pixels[2] = 0
    overlay(picture, .camvid, alpha: 0, ignored: [4], view: .mask).blend(
      picture.view, labels, into: picture.view)
    #expect(picture.view.bytes == [16, 16, 126, 128, 128, 128, 128, 128, 128])
  }

  @Test func sideShowsTheSourceUntouched() {
    var random = SplitMix(state: 3)
    let picture = Picture(format: .nv12, width: 5, height: 4)
    picture.view.fill(&random)
    let labels = LabelMap(width: 5, height: 4)
    let side = overlay(picture, .camvid, alpha: 0, view: .side)
    let out = Picture(format: .nv12, width: side.outputWidth, height: 4)
    side.blend(picture.view, labels, into: out.view)
    #expect(side.outputWidth == 12)
    for (index, bytes) in [(0, 5), (1, 6)] {
      let (from, to) = (picture.view.planeList[index], out.view.planeList[index])
      for row in 0..<(index == 0 ? 4 : 2) {
        for x in 0..<bytes {
          #expect(to.base[row * to.rowBytes + x] == from.base[row * from.rowBytes + x])
          #expect(to.base[row * to.rowBytes + 6 + x] == from.base[row * from.rowBytes + x])
        }
      }
    }
  }
}
