// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Frames

@Suite struct ModeChoiceTests {
  /// A webcam as it is sold: raw pictures are slow, compressed ones are fast.
  static let webcam: [CameraMode] =
    modes("yuyv422", [(640, 480, [30, 15]), (1280, 720, [10, 5]), (1920, 1080, [5])])
    + modes(
      "mjpeg", [(640, 480, [30, 15]), (1280, 720, [30, 15]), (1920, 1080, [30, 15])])
    + modes("h264", [(1280, 720, [60]), (1920, 1080, [60])])

  /// The kernel's virtual camera: raw formats only, slower the larger.
  static let vivid: [CameraMode] = ["yuyv422", "yvu9", "nv12", "yuv420p", "rgb24"].flatMap {
    modes($0, [(320, 180, [60, 30, 15]), (640, 360, [40, 20]), (1280, 720, [12.5, 5]), (1920, 1080, [5])])
  }

  static func modes(_ format: String, _ sizes: [(Int, Int, [Double])]) -> [CameraMode] {
    sizes.flatMap { width, height, rates in
      rates.map {
        CameraMode(format: format, width: width, height: height, rate: Ratio(Int32($0 * 1000), 1000))
      }
    }
  }

  static func wishes(_ width: Int = 1280, _ height: Int = 720, rate: Double = 30, format: String? = nil)
    -> CameraWishes
  {
    var wishes = CameraWishes()
    (wishes.width, wishes.height, wishes.rate, wishes.format) = (width, height, rate, format)
    return wishes
  }

  static func text(_ wishes: CameraWishes, _ modes: [CameraMode]) -> String? {
    wishes.choose(from: modes).map { "\($0)" }
  }

  @Test func compressedPicturesCountWhereTheyAreFaster() throws {
    #expect(Self.text(Self.wishes(), Self.webcam) == "1280x720 mjpeg 30 fps")
    #expect(Self.text(Self.wishes(640, 480), Self.webcam) == "640x480 yuyv422 30 fps")
    #expect(Self.text(Self.wishes(1920, 1080), Self.webcam) == "1920x1080 mjpeg 30 fps")
    // What nothing can read is never chosen.
    #expect(Self.text(Self.wishes(rate: 60), Self.webcam) == "1280x720 mjpeg 30 fps")
    let chosen = try #require(Self.wishes().choose(from: Self.webcam))
    #expect(Self.wishes().runnerUp(to: chosen, of: Self.webcam).map { "\($0)" } == "1280x720 yuyv422 10 fps")
    let small = try #require(Self.wishes(640, 480).choose(from: Self.webcam))
    #expect(Self.wishes(640, 480).runnerUp(to: small, of: Self.webcam) == nil)
  }

  @Test func theRateIsTheLowestThatSuffices() {
    #expect(Self.text(Self.wishes(rate: 10), Self.webcam) == "1280x720 yuyv422 10 fps")
    #expect(Self.text(Self.wishes(rate: 12), Self.webcam) == "1280x720 mjpeg 15 fps")
    #expect(Self.text(Self.wishes(320, 180, rate: 50), Self.vivid) == "320x180 yuv420p 60 fps")
    // None suffices: the highest there is.
    #expect(Self.text(Self.wishes(), Self.vivid) == "1280x720 yuv420p 12.5 fps")
    let broadcast = [CameraMode(format: "mjpeg", width: 1280, height: 720, rate: Ratio(30000, 1001))]
    #expect(
      Self.text(Self.wishes(), broadcast + Self.modes("mjpeg", [(1280, 720, [60])]))
        == "1280x720 mjpeg 29.97 fps")
  }

  @Test func theSizeIsTheNearest() {
    #expect(Self.text(Self.wishes(1200, 700), Self.webcam) == "1280x720 mjpeg 30 fps")
    #expect(Self.text(Self.wishes(10, 10), Self.webcam) == "640x480 yuyv422 30 fps")
    #expect(Self.text(Self.wishes(9999, 9999), Self.webcam) == "1920x1080 mjpeg 30 fps")
    // Equally far: the larger.
    let pair = Self.modes("nv12", [(500, 500, [30]), (2000, 2000, [30])])
    #expect(Self.wishes(1000, 1000).choose(from: pair)?.width == 2000)
  }

  @Test func aFormatCanBeInsistedOn() {
    #expect(Self.text(Self.wishes(format: "yuyv422"), Self.webcam) == "1280x720 yuyv422 10 fps")
    #expect(Self.text(Self.wishes(format: "nv12"), Self.webcam) == nil)
    #expect(Self.text(Self.wishes(), Self.modes("h264", [(1280, 720, [30])])) == nil)
    #expect(Self.text(Self.wishes(), []) == nil)
  }

  @Test func unknownRatesComeLast() {
    let silent = CameraMode(format: "yuyv422", width: 1280, height: 720)
    #expect(Self.text(Self.wishes(), [silent]) == "1280x720 yuyv422")
    #expect(Self.text(Self.wishes(), Self.webcam + [silent]) == "1280x720 mjpeg 30 fps")
  }

  @Test func rangesOfSizesGiveTheNearestStep() {
    let width = SteppedRange(48, 4096, 16)
    #expect(width.nearest(to: 1280) == 1280 && width.nearest(to: 1287) == 1280)
    #expect(width.nearest(to: 1289) == 1296)
    #expect(width.nearest(to: 1) == 48 && width.nearest(to: 99999) == 4096)
    #expect(SteppedRange(2, 101, 10).nearest(to: 1000) == 92)
    #expect(SteppedRange(64, 32, 0).nearest(to: 640) == 64)
  }
}
