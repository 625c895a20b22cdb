// SPDX-License-Identifier: Apache-2.0

import Buffers
import TestSupport
import Testing

@testable import Frames

@Suite struct ColorTests {
  let scratch: TemporaryFolder

  init() throws { scratch = try TemporaryFolder() }

  @Test(arguments: [ColorMatrix.bt601, .bt709], [ColorRange.limited, .full])
  func tagsAreKept(matrix: ColorMatrix, range: ColorRange) throws {
    for (ending, encoder) in [("mp4", "libx264"), ("mkv", "libx264"), ("mkv", "ffv1"), ("ts", "libx264")] {
      let path = scratch.path("\(encoder).\(ending)")
      let color = ColorTags(
        matrix: matrix, range: range, primariesCode: matrix == .bt709 ? 1 : 6,
        transferCode: matrix == .bt709 ? 1 : 6)
      try Made.write(path, Made.video(color: color), times: [0, 1, 2], Made.options(encoder))
      let read = try Made.read(path)
      #expect(read.info.color == color, "\(encoder) in \(ending)")
    }
  }

  @Test(arguments: [(719, ColorMatrix.bt601), (720, .bt709)])
  func untaggedIsGuessedByHeight(height: Int, matrix: ColorMatrix) throws {
    let path = scratch.path("a.mkv")
    let color = ColorTags(matrix: matrix, range: .limited, matrixCode: 2)
    try Made.write(
      path, Made.video(width: 64, height: height, color: color), times: [0], Made.options("ffv1"))
    let read = try Made.read(path)
    #expect(
      read.info.color.matrix == matrix && read.info.color.range == .limited && read.info.color.isGuessed)
    let forced = try Made.read(path) {
      $0.matrix = .bt601
      $0.range = .full
    }
    #expect(
      forced.info.color.matrix == .bt601 && forced.info.color.range == .full && !forced.info.color.isGuessed)
  }

  @Test func motionJPEGIsFullRange() throws {
    let path = scratch.path("a.mkv")
    try Made.write(path, Made.video(), times: [0, 1], Made.options("mjpeg"))
    let read = try Made.read(path)
    #expect(read.info.storedFormat == "yuvj420p")
    #expect(read.info.video.format == .yuv420p && read.info.color.range == .full)
  }

  /// Gray steps go through a change of range and back within one level.
  @Test func rangeConversionIsRight() throws {
    let converter = FrameConverter()
    let allocator = FrameAllocator()
    let source = allocator.picture(.yuv420p, width: 256, height: 16)
    let target = allocator.picture(.yuv420p, width: 256, height: 16)
    let from = PictureView(of: source, matrix: .bt709, range: .limited)
    for row in 0..<16 {
      for column in 0..<256 {
        from.planes.0.base[row * from.planes.0.rowBytes + column] = UInt8(16 + column * 219 / 255)
      }
    }
    for plane in [from.planes.1, from.planes.2] {
      for row in 0..<8 { (plane.base + row * plane.rowBytes).update(repeating: 128, count: 128) }
    }
    try converter.convert(source, (.bt709, .limited), to: target, (.bt709, .full))
    let view = PictureView(of: target, matrix: .bt709, range: .full)
    for column in 0..<256 { #expect(abs(Int(view.pixel(0, 8, column)) - column) <= 2) }
    #expect(view.pixel(1, 4, 4) == 128)
    FrameShells.give(source)
    FrameShells.give(target)
  }
}
