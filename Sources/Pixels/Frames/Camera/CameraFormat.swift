// SPDX-License-Identifier: Apache-2.0

internal import CFFmpeg
internal import CVideo4Linux

/// A format of the kernel's that we read.
struct CameraFormat: Sendable {
  /// As FFmpeg calls it.
  let name: String
  /// As the kernel calls it.
  let code: FourCC
  /// What one picture of it costs, beside others.
  let cost: Int
  let av: AVPixelFormat

  var isCompressed: Bool { av == AV_PIX_FMT_NONE }

  /// In the order of preference among names of one code, and codes of one name.
  static let all: [CameraFormat] = [
    CameraFormat(name: "yuv420p", code: "YU12", cost: 0, av: AV_PIX_FMT_YUV420P),
    CameraFormat(name: "nv12", code: "NV12", cost: 1, av: AV_PIX_FMT_NV12),
    CameraFormat(name: "yuv422p", code: "422P", cost: 1, av: AV_PIX_FMT_YUV422P),
    CameraFormat(name: "yuyv422", code: "YUYV", cost: 2, av: AV_PIX_FMT_YUYV422),
    CameraFormat(name: "uyvy422", code: "UYVY", cost: 2, av: AV_PIX_FMT_UYVY422),
    CameraFormat(name: "yvyu422", code: "YVYU", cost: 2, av: AV_PIX_FMT_YVYU422),
    CameraFormat(name: "nv21", code: "NV21", cost: 2, av: AV_PIX_FMT_NV21),
    CameraFormat(name: "nv16", code: "NV16", cost: 2, av: AV_PIX_FMT_NV16),
    CameraFormat(name: "mjpeg", code: "MJPG", cost: 3, av: AV_PIX_FMT_NONE),
    CameraFormat(name: "mjpeg", code: "JPEG", cost: 3, av: AV_PIX_FMT_NONE),
    CameraFormat(name: "rgb24", code: "RGB3", cost: 4, av: AV_PIX_FMT_RGB24),
    CameraFormat(name: "bgr24", code: "BGR3", cost: 4, av: AV_PIX_FMT_BGR24),
    CameraFormat(name: "bgr0", code: "XR24", cost: 5, av: AV_PIX_FMT_BGR0),
    CameraFormat(name: "gray", code: "GREY", cost: 50, av: AV_PIX_FMT_GRAY8),
  ]

  init?(_ name: String) {
    guard let found = CameraFormat.all.first(where: { $0.name == name }) else { return nil }
    self = found
  }

  init?(_ code: FourCC) {
    guard let found = CameraFormat.all.first(where: { $0.code == code }) else { return nil }
    self = found
  }

  private init(name: String, code: FourCC, cost: Int, av: AVPixelFormat) {
    (self.name, self.code, self.cost, self.av) = (name, code, cost, av)
  }

  /// Where the planes of a raw picture stand in a buffer.
  ///
  /// - Parameter rowBytes: from a row of the first plane to the next.
  func layout(rowBytes: Int, height: Int) -> (planes: [(offset: Int, rowBytes: Int)], byteCount: Int) {
    let half = (rowBytes + 1) / 2
    let shapes: [(rowBytes: Int, rows: Int)] =
      switch av {
      case AV_PIX_FMT_YUV420P: [(rowBytes, height), (half, (height + 1) / 2), (half, (height + 1) / 2)]
      case AV_PIX_FMT_YUV422P: [(rowBytes, height), (half, height), (half, height)]
      case AV_PIX_FMT_NV12, AV_PIX_FMT_NV21: [(rowBytes, height), (rowBytes, (height + 1) / 2)]
      case AV_PIX_FMT_NV16: [(rowBytes, height), (rowBytes, height)]
      default: [(rowBytes, height)]
      }
    var offset = 0
    var planes: [(offset: Int, rowBytes: Int)] = []
    for shape in shapes {
      planes.append((offset, shape.rowBytes))
      offset += shape.rowBytes * shape.rows
    }
    return (planes, offset)
  }
}

/// Four letters that name a format in the kernel.
struct FourCC: Sendable, Hashable, ExpressibleByStringLiteral, CustomStringConvertible {
  let rawValue: UInt32

  init(rawValue: UInt32) { self.rawValue = rawValue }

  init(stringLiteral text: String) {
    rawValue = text.utf8.reversed().reduce(0) { $0 << 8 | UInt32($1) }
  }

  /// `YUYV`; letters that cannot be shown as `?`, the big-endian mark as `-BE`.
  var description: String {
    let letters = (0..<4).map { index -> Character in
      let byte = UInt8(truncatingIfNeeded: rawValue >> (8 * index)) & 0x7f
      return byte >= 0x20 && byte < 0x7f ? Character(UnicodeScalar(byte)) : "?"
    }
    let text = String(letters).replacing(" ", with: "")
    return rawValue >> 31 == 1 ? text + "-BE" : text
  }
}
