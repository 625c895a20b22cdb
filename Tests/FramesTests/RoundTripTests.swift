// SPDX-License-Identifier: Apache-2.0

import Buffers
import Foundation
import TestSupport
import Testing

@testable import Frames

@Suite struct RoundTripTests {
  let scratch: TemporaryFolder

  init() throws { scratch = try TemporaryFolder() }

  @Test(
    arguments: [PixelFormat.yuv420p, .yuv422p, .yuv444p, .gray8], [(64, 48), (63, 47), (33, 31), (1280, 720)])
  func losslessBytes(format: PixelFormat, size: (Int, Int)) throws {
    let path = scratch.path("a.mkv")
    let range: ColorRange = format == .gray8 ? .full : .limited
    let video = Made.video(
      format, width: size.0, height: size.1, timeBase: TimeBase(1, 1000),
      color: ColorTags(matrix: .bt709, range: range))
    let written = try Made.write(path, video, times: [0, 40, 80], Made.options("ffv1"))
    let read = try Made.read(path)
    #expect(read.frames.map(\.checksums) == written.map(\.checksums))
    #expect(read.frames.map(\.pts) == [0, 40, 80])
    #expect(read.info.video.format == format)
    #expect(read.info.color.range == range)
    #expect((read.info.width, read.info.height) == size)
  }

  @Test(arguments: ["libx264", "libx265", "mpeg4", "ffv1", "mjpeg"], ["mp4", "mkv", "ts"])
  func countAndTimesOfEveryEncoder(encoder: String, ending: String) throws {
    for fragment in [Fragmentation.every(1), .none] {
      try check(encoder, ending, fragment)
    }
  }

  private func check(_ encoder: String, _ ending: String, _ fragment: Fragmentation) throws {
    guard EncoderOptions.available.contains(encoder) else { return }
    let path = scratch.path("a." + ending)
    let video = Made.video(timeBase: TimeBase(1, 1000), rate: Ratio(30, 1))
    let times = (0..<70).map { Int64($0) * 33 }
    let options = Made.options(encoder) {
      $0.fragment = fragment
      $0.overwrite = true
    }
    if encoder == "ffv1" && ending != "mkv" || encoder == "mjpeg" && ending == "ts" {
      #expect(kind { try Made.write(path, video, times: times, options) } == .unsupportedOutput)
      return
    }
    try Made.write(path, video, times: times, options)
    let read = try Made.read(path)
    let ticks = read.frames.map { read.info.timeBase.convert($0.pts, to: video.timeBase) }
    #expect(ticks == times)
    if ending == "mp4" { #expect(read.info.timeBase == video.timeBase) }
  }

  @Test func nv12GoesInAndYUVComesOut() throws {
    let path = scratch.path("a.mp4")
    let options = Made.options("libx264") { $0.encoder.crf = 0 }
    let video = Made.video(.nv12)
    try Made.write(path, video, times: [0, 1, 2], options)
    let reader = try VideoReader(path)
    var index = 0
    while let frame = try reader.next() {
      let picture = Made.picture(index, .nv12)
      defer { withExtendedLifetime(picture) {} }
      let original = picture.view
      #expect(frame.view.checksums[0] == original.checksums[0])
      var differing = 0
      for row in 0..<24 {
        for column in 0..<32 {
          let pixels = (0..<2).map {
            reader.info.video.format == .nv12
              ? frame.view.pixel(1, row, 2 * column + $0) : frame.view.pixel(1 + $0, row, column)
          }
          if pixels != [original.pixel(1, row, 2 * column), original.pixel(1, row, 2 * column + 1)] {
            differing += 1
          }
        }
      }
      #expect(differing == 0)
      index += 1
    }
    #expect(index == 3)
  }

  @Test func readsNV12Directly() throws {
    let path = scratch.path("a.nut")
    guard
      run(
        "ffmpeg",
        [
          "-v", "error", "-f", "lavfi", "-i", "testsrc=s=66x50:d=0.2", "-pix_fmt", "nv12", "-c:v", "rawvideo",
          path,
        ])
        != nil
    else { return }
    let read = try Made.read(path)
    #expect(read.info.video.format == .nv12)
    #expect(read.info.storedFormat == "nv12")
    #expect(read.frames.count == 5)
  }

  @Test func tenBitsAndRGBAreConverted() throws {
    guard Tools.hasFFmpeg else { return }
    for format in ["yuv420p10le", "rgb24", "yuv411p", "gray16le", "pal8"] {
      let path = scratch.path(format + ".nut")
      #expect(
        run(
          "ffmpeg",
          [
            "-v", "error", "-f", "lavfi", "-i", "testsrc=s=66x50:d=0.2", "-pix_fmt", format, "-c:v",
            "rawvideo", path,
          ])
          != nil)
      let read = try Made.read(path)
      #expect(read.info.video.format == (format == "gray16le" ? .gray8 : .yuv420p))
      #expect(read.frames.count == 5)
    }
  }

  @Test func labelVideoKeepsEveryPixelAndItsMetadata() throws {
    let path = scratch.path("labels.mkv")
    let writer = try LabelVideoWriter(
      path, width: 61, height: 37, timeBase: TimeBase(1, 1000), rate: Ratio(30, 1),
      metadata: ["ROADMASK_CLASSES": "{\"0\": \"sky; \u{e4}\"}"])
    var sums: [[String]] = []
    for index in 0..<12 {
      let map = LabelMap(width: 61, height: 37)
      for place in 0..<map.rowBytes * 37 { map.pixels[place] = UInt8((place * 31 + index * 11) % 256) }
      try writer.write(map, pts: Int64(index * 33), duration: 33)
      var sum = Checksum()
      sum.add(PlaneView(base: map.pixels, rowBytes: map.rowBytes), rowBytes: 61, rows: 37)
      sums.append(["\(sum)"])
    }
    try writer.finish()
    try writer.finish()
    let read = try Made.read(path)
    #expect(read.frames.map(\.checksums) == sums)
    #expect(read.frames.map(\.pts) == (0..<12).map { Int64($0 * 33) })
    #expect(read.info.video.format == .gray8 && read.info.color.range == .full)
    #expect(read.info.metadata["ROADMASK_CLASSES"] == "{\"0\": \"sky; \u{e4}\"}")
  }

  // Not libx264: its assembly depends on what memory held before, in plain C programs too.
  @Test(arguments: ["ffv1", "mpeg4", "mjpeg"])
  func sameInputGivesSameFile(encoder: String) throws {
    let paths = ["a.mkv", "b.mkv"].map { scratch.path($0) }
    for path in paths { try Made.write(path, Made.video(), times: Array(0..<30), Made.options(encoder)) }
    let files = try paths.map { try Data(contentsOf: URL(fileURLWithPath: $0)) }
    #expect(files[0] == files[1])
  }
}
