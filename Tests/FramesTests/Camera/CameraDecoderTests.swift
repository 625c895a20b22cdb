// SPDX-License-Identifier: Apache-2.0

import Buffers
import CVideo4Linux
import Foundation
import TestSupport
import Testing

@testable import Frames

/// What a camera's bytes become, without a camera.
@Suite struct CameraDecoderTests {
  static func settled(_ format: CameraFormat, _ width: Int, _ height: Int, rowBytes: Int, size: Int)
    -> v4l2_pix_format
  {
    var picture = v4l2_pix_format()
    (picture.width, picture.height) = (UInt32(width), UInt32(height))
    picture.pixelformat = format.code.rawValue
    (picture.bytesperline, picture.sizeimage) = (UInt32(rowBytes), UInt32(size))
    return picture
  }

  /// The picture that `bytes` are; `nil` where it is damaged.
  static func picture(_ name: String, _ width: Int, _ height: Int, rowBytes: Int, _ bytes: [UInt8]) throws
    -> Frame?
  {
    let format = try #require(CameraFormat(name))
    let settled = settled(format, width, height, rowBytes: rowBytes, size: max(bytes.count, 1 << 16))
    let decoder = try CameraDecoder(format, settled, subject: "test")
    guard let copy = bytes.withUnsafeBytes({ decoder.copy($0) }), let handle = decoder.picture(copy) else {
      return nil
    }
    let shaper = FrameShaper(first: handle, Orientation(), matrix: nil, range: nil, colorsGray: false)
    let shaped = try shaper.shape(handle)
    return Frame(
      taking: shaped.handle, index: 0, pts: 0, duration: 1, timeBase: TimeBase(1, 30), color: shaper.color,
      sampleAspectRatio: Ratio(1, 1), sidePackets: [], isCorrupt: false, isWritable: true)
  }

  static func row(_ frame: Frame, _ plane: Int, _ row: Int = 0) -> [UInt8] {
    frame.withView { view in
      let size = view.format.planeSize(plane, width: view.width, height: view.height)
      let place = view.plane(plane)
      return (0..<size.rowBytes).map { place.base[row * place.rowBytes + $0] }
    }
  }

  @Test func packedPicturesAreTakenApart() throws {
    // Two rows of four pixels, with two bytes of padding each.
    let row: [UInt8] = [16, 100, 32, 200, 64, 110, 128, 210, 0, 0]
    let frame = try #require(try Self.picture("yuyv422", 4, 2, rowBytes: 10, row + row))
    #expect(frame.format == .yuv420p)
    #expect(Self.row(frame, 0) == [16, 32, 64, 128] && Self.row(frame, 0, 1) == [16, 32, 64, 128])
    #expect(Self.row(frame, 1) == [100, 110] && Self.row(frame, 2) == [200, 210])
    let turned: [UInt8] = [100, 16, 200, 32, 110, 64, 210, 128]
    let other = try #require(try Self.picture("uyvy422", 4, 2, rowBytes: 8, turned + turned))
    #expect(Self.row(other, 0) == [16, 32, 64, 128] && Self.row(other, 2) == [200, 210])
  }

  @Test func planarPicturesStayAsTheyAre() throws {
    let luma: [UInt8] = [1, 2, 3, 4, 0, 0, 5, 6, 7, 8, 0, 0]
    let nv12 = try #require(try Self.picture("nv12", 4, 2, rowBytes: 6, luma + [9, 10, 11, 12, 0, 0]))
    #expect(
      nv12.format == .nv12 && Self.row(nv12, 0, 1) == [5, 6, 7, 8] && Self.row(nv12, 1) == [9, 10, 11, 12])
    let planar = try #require(
      try Self.picture("yuv420p", 4, 2, rowBytes: 6, luma + [9, 10, 0, 11, 12, 0]))
    #expect(planar.format == .yuv420p && Self.row(planar, 1) == [9, 10] && Self.row(planar, 2) == [11, 12])
  }

  @Test func shortPicturesAreDamaged() throws {
    #expect(try Self.picture("yuyv422", 4, 2, rowBytes: 8, [UInt8](repeating: 0, count: 15)) == nil)
    #expect(try Self.picture("yuyv422", 4, 2, rowBytes: 8, []) == nil)
    #expect(try Self.picture("nv12", 4, 2, rowBytes: 4, [UInt8](repeating: 0, count: 11)) == nil)
    #expect(try Self.picture("nv12", 4, 2, rowBytes: 4, [UInt8](repeating: 0, count: 12)) != nil)
  }

  /// One picture of an MJPEG film.
  private func jpeg() throws -> [UInt8] {
    let scratch = try TemporaryFolder()
    let path = scratch.path("a.mkv")
    try Made.write(path, Made.video(width: 320, height: 240), times: [0], Made.options("mjpeg"))
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    let start = try #require((0..<bytes.count - 2).first { bytes[$0...].starts(with: [0xff, 0xd8, 0xff]) })
    let end = try #require(
      (start..<bytes.count - 1).last { bytes[$0] == 0xff && bytes[$0 + 1] == 0xd9 })
    return Array(bytes[start...end + 1])
  }

  @Test func damagedJPEGsAreLeftOut() throws {
    let whole = try jpeg()
    let frame = try #require(try Self.picture("mjpeg", 320, 240, rowBytes: 0, whole))
    #expect(frame.width == 320 && frame.height == 240)
    // Cameras pad; some leave out the end marker.
    #expect(try Self.picture("mjpeg", 320, 240, rowBytes: 0, whole + [0, 0, 0, 0]) != nil)
    for share in [0.0, 0.01, 0.3, 0.6, 0.9] {
      let part = Array(whole.prefix(Int(Double(whole.count) * share)))
      #expect(try Self.picture("mjpeg", 320, 240, rowBytes: 0, part) == nil, "\(share)")
    }
    #expect(try Self.picture("mjpeg", 320, 240, rowBytes: 0, [UInt8](repeating: 0x55, count: 4000)) == nil)
  }

  @Test func oneDamagedJPEGDoesNotHarmTheNext() throws {
    let whole = try jpeg()
    let format = try #require(CameraFormat("mjpeg"))
    let decoder = try CameraDecoder(
      format, Self.settled(format, 320, 240, rowBytes: 0, size: 1 << 16), subject: "test")
    for part in [whole.count, whole.count / 2, whole.count, 3, whole.count] {
      let copy = try #require(Array(whole.prefix(part)).withUnsafeBytes { decoder.copy($0) })
      let picture = decoder.picture(copy)
      #expect((picture != nil) == (part == whole.count))
      if let picture { FrameShells.give(picture) }
    }
  }

  @Test func coloursFollowTheKernelsRules() {
    func colors(_ space: v4l2_colorspace, encoding: Int32 = 0, quantization: Int32 = 0, isRGB: Bool = false)
      -> CameraColors
    {
      var picture = v4l2_pix_format()
      picture.colorspace = space.rawValue
      picture.ycbcr_enc = UInt32(encoding)
      picture.quantization = UInt32(quantization)
      return CameraColors(picture, isRGB: isRGB)
    }
    // Code points of ITU-T H.273: 1 = BT.709, 6 = BT.601, 2 = unspecified. Ranges: 1 = limited, 2 = full.
    #expect(colors(V4L2_COLORSPACE_SRGB).matrix.rawValue == 6)
    #expect(colors(V4L2_COLORSPACE_SRGB).range.rawValue == 1)
    #expect(colors(V4L2_COLORSPACE_REC709).matrix.rawValue == 1)
    #expect(colors(V4L2_COLORSPACE_JPEG).range.rawValue == 2)
    #expect(colors(V4L2_COLORSPACE_DEFAULT).matrix.rawValue == 2)
    #expect(colors(V4L2_COLORSPACE_SRGB, encoding: 2).matrix.rawValue == 1)
    #expect(colors(V4L2_COLORSPACE_SRGB, quantization: 1).range.rawValue == 2)
    #expect(colors(V4L2_COLORSPACE_SRGB, isRGB: true).matrix.rawValue == 2)
  }

  @Test func namesOfTheKernelAreRead() {
    #expect("\(FourCC("YUYV"))" == "YUYV" && FourCC("YUYV").rawValue == 0x5659_5559)
    #expect("\(FourCC("Y16 "))" == "Y16")
    #expect("\(FourCC(rawValue: FourCC("Y16 ").rawValue | 1 << 31))" == "Y16-BE")
    for format in CameraFormat.all { #expect(CameraFormat(format.code)?.name == format.name) }
  }
}
