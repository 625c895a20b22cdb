// SPDX-License-Identifier: Apache-2.0

import Addresses
import Buffers
import Foundation
import TestSupport
import Testing

@testable import Frames

@Suite struct PictureTests {
  let scratch: TemporaryFolder

  init() throws { scratch = try TemporaryFolder() }

  @Test func palettePNGKeepsIndices() throws {
    let map = LabelMap(width: 37, height: 21)
    for row in 0..<21 {
      for column in 0..<37 { map.pixels[row * map.rowBytes + column] = UInt8((row * 37 + column) % 256) }
    }
    let path = scratch.path("labels.png")
    let palette = (0..<19).map { RGB(UInt8($0 * 10), UInt8(255 - $0), UInt8($0)) }
    let writer = ImageWriter()
    try writer.write(map, palette: palette, to: path)
    let image = try LabelImageReader.read(path)
    #expect((image.width, image.height) == (37, 21))
    #expect(image.labels == (0..<37 * 21).map { UInt8($0 % 256) })
    #expect(kind { try writer.write(map, palette: palette, to: path) } == .exists)
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path) == ["labels.png"])
    if let format = run(
      "ffprobe", ["-v", "error", "-show_entries", "stream=pix_fmt", "-of", "csv=p=0", path])
    {
      #expect(format.hasPrefix("pal8"))
    }
  }

  @Test func grayPNGKeepsValues() throws {
    let path = scratch.path("gray.png")
    let picture = Made.picture(3, .gray8, width: 31, height: 17, range: .full)
    try ImageWriter().write(
      Frame(picture, index: 0, pts: 0, duration: 1, timeBase: TimeBase(1, 25)), to: path)
    let image = try LabelImageReader.read(path)
    #expect(image.labels == (0..<17).flatMap { row in (0..<31).map { picture.view.pixel(0, row, $0) } })
  }

  @Test func colourPNGIsNoLabelPicture() throws {
    let path = scratch.path("a.png")
    try ImageWriter().write(
      Frame(Made.picture(0), index: 0, pts: 0, duration: 1, timeBase: TimeBase(1, 25)), to: path)
    #expect(kind { _ = try LabelImageReader.read(path) } == .invalidData)
  }

  @Test(arguments: ["png", "jpg"])
  func sequenceComesBackInNaturalOrder(ending: String) throws {
    let pattern = try #require(PicturePattern(scratch.path("p%d.\(ending)")))
    let writer = ImageSequenceWriter(pattern)
    for index in 0..<12 {
      let picture = Picture(format: .yuv420p, width: 64, height: 48, matrix: .bt601, range: .limited)
      let view = picture.view
      for row in 0..<48 {
        (view.planes.0.base + row * view.planes.0.rowBytes).update(
          repeating: UInt8(40 + index * 10), count: 64)
      }
      for plane in [view.planes.1, view.planes.2] {
        for row in 0..<24 { (plane.base + row * plane.rowBytes).update(repeating: 128, count: 32) }
      }
      try writer.write(
        Frame(picture, index: index, pts: Int64(index), duration: 1, timeBase: TimeBase(1, 25)))
    }
    for source in [scratch.path, scratch.path("p*.\(ending)")] {
      #expect(SourceAddress(source) == .pictures(path: source))
      let reader = try ImageSequenceReader(source)
      #expect(reader.info.frameCountEstimate == 12)
      var index = 0
      while let frame = try reader.next() {
        let luma = Double(frame.view.pixel(0, 20, 20))
        let level = frame.color.range == .full ? luma * 219 / 255 + 16 : luma
        #expect(abs(level - Double(40 + index * 10)) <= 1.5, "\(reader.paths[index]) \(luma) \(frame.color)")
        #expect(frame.pts == Int64(index) && frame.timeBase == TimeBase(1, 25))
        index += 1
      }
      #expect(index == 12)
    }
  }

  @Test func otherSizeNamesTheFile() throws {
    let writer = ImageWriter()
    for (index, width) in [64, 64, 66].enumerated() {
      let frame = Frame(
        Made.picture(index, width: width), index: index, pts: 0, duration: 1, timeBase: TimeBase(1, 25))
      try writer.write(frame, to: scratch.path("\(index).png"))
    }
    let reader = try ImageSequenceReader(scratch.path)
    #expect(try reader.next() != nil && reader.next() != nil)
    do {
      _ = try reader.next()
      Issue.record("no error")
    } catch let error as FramesError {
      #expect(error.kind == .sizeMismatch && error.subject.hasSuffix("2.png"))
    }
    #expect(try reader.next() == nil)
  }

  @Test func naturalOrder() {
    let sorted = ["a10", "a9", "b", "a09", "a", "a9b"].sorted(by: PictureList.naturallyPrecedes)
    #expect(sorted == ["a", "a09", "a9", "a9b", "a10", "b"])
  }

  @Test func patternNumbers() throws {
    #expect(PicturePattern("x/%06d.png")?.path(42) == "x/000042.png")
    #expect(PicturePattern("x/%d.png")?.path(42) == "x/42.png")
    #expect(PicturePattern("x.png") == nil && PicturePattern("%d-%m-%Y.mp4") == nil)
  }

  @Test(
    arguments: [Rotation.none, .quarter, .half, .threeQuarters],
    [PixelFormat.yuv420p, .nv12, .yuv444p, .gray8])
  func rotationMovesEveryPixel(rotation: Rotation, format: PixelFormat) {
    let (width, height) = (67, 45)
    let source = Made.picture(1, format, width: width, height: height)
    let target = Picture(
      format: format, width: rotation.swapsSides ? height : width,
      height: rotation.swapsSides ? width : height)
    source.view.copy(turned: Orientation(rotation), into: target.view)
    for plane in 0..<format.planeCount {
      let size = format.planeSize(plane, width: width, height: height)
      let cell = format == .nv12 && plane == 1 ? 2 : 1
      let columns = size.rowBytes / cell
      var wrong = 0
      for row in 0..<size.rows {
        for column in 0..<columns {
          let (y, x) =
            switch rotation {
            case .none: (row, column)
            case .quarter: (column, size.rows - 1 - row)
            case .half: (size.rows - 1 - row, columns - 1 - column)
            case .threeQuarters: (columns - 1 - column, row)
            }
          for byte in 0..<cell
          where source.view.pixel(plane, row, column * cell + byte)
            != target.view.pixel(plane, y, x * cell + byte)
          {
            wrong += 1
          }
        }
      }
      #expect(wrong == 0)
    }
  }

  @Test func rotationTagIsHonoured() throws {
    let stored = scratch.path("a.mp4")
    let tagged = scratch.path("b.mp4")
    try Made.write(
      stored, Made.video(), times: [0, 1, 2],
      Made.options("libx264") {
        $0.encoder.crf = 0; $0.fragment = .none
      })
    guard
      run("ffmpeg", ["-v", "error", "-i", stored, "-c", "copy", "-metadata:s:v:0", "rotate=90", tagged])
        != nil
    else { return }
    let turned = try VideoReader(tagged)
    #expect((turned.info.width, turned.info.height) == (48, 64))
    let expected = try #require(
      run("ffmpeg", ["-v", "error", "-i", tagged, "-f", "framehash", "-hash", "adler32", "-"]))
    #expect(expected.contains("48x64"))
    let reference = scratch.path("c.mkv")
    #expect(run("ffmpeg", ["-v", "error", "-i", tagged, "-c:v", "ffv1", reference]) != nil)
    #expect(try Made.read(reference).frames.map(\.checksums) == Made.read(tagged).frames.map(\.checksums))
    let lying = try Made.read(tagged) { $0.rotation = Rotation.none }.frames.map(\.checksums)
    let plain = try Made.read(stored).frames.map(\.checksums)
    #expect(lying == plain)
  }

  @Test func allocatorReusesMemoryAndKeepsProperties() throws {
    let allocator = FrameAllocator()
    let original = Frame(
      Made.picture(0, width: 63, height: 47), index: 5, pts: 77, duration: 3, timeBase: TimeBase(1, 90),
      color: ColorTags(matrix: .bt601, range: .full), sampleAspectRatio: Ratio(4, 3))
    var places: Set<UInt> = []
    for _ in 0..<50 {
      let copy = allocator.frame(like: original)
      places.insert(UInt(bitPattern: copy.view.planes.0.base))
      #expect(UInt(bitPattern: copy.view.planes.0.base) % 64 == 0 && copy.view.planes.1.rowBytes % 64 == 0)
      #expect((copy.index, copy.pts, copy.duration) == (5, 77, 3))
      #expect(copy.color == original.color && copy.sampleAspectRatio == original.sampleAspectRatio)
      #expect(copy.width == 63 && copy.height == 47 && copy.isWritable)
    }
    #expect(places.count == 1)
  }

  @Test func checksumsAreStable() throws {
    var sum = Checksum()
    Array("foobar".utf8).withUnsafeBufferPointer { sum.add($0) }
    #expect("\(sum)" == "85944171f73967e8")
    let path = scratch.path("sums.txt")
    let writer = try ChecksumWriter(path)
    let picture = Made.picture(2, width: 63, height: 47)
    let padding = picture.view.planes.0
    for row in 0..<47 { padding.base[row * padding.rowBytes + 63] = UInt8(row) }
    try writer.write(Frame(picture, index: 2, pts: 80, duration: 40, timeBase: TimeBase(1, 1000)))
    try writer.finish()
    let text = try String(contentsOfFile: path, encoding: .utf8)
    let unpadded = Made.picture(2, width: 63, height: 47)
    withExtendedLifetime(unpadded) {
      #expect(text == "2 80 \(unpadded.view.checksums.joined(separator: " "))\n")
    }
  }
}
