// SPDX-License-Identifier: Apache-2.0

internal import Addresses
public import Buffers
internal import CFFmpeg
internal import Glibc

/// A class's colour, 0…255 each.
public struct RGB: Sendable, Hashable {
  public var red: UInt8
  public var green: UInt8
  public var blue: UInt8

  public init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) {
    self.red = red
    self.green = green
    self.blue = blue
  }
}

/// Writes single pictures, each beside its final name first and renamed when complete.
public final class ImageWriter {
  private let overwrite: Bool
  private var count: Int64 = 0
  private let converter = FrameConverter()
  private var encoders: [Key: UnsafeMutablePointer<AVCodecContext>] = [:]
  private let packet: UnsafeMutablePointer<AVPacket> = av_packet_alloc()
  private let picture: UnsafeMutablePointer<AVFrame> = av_frame_alloc()

  private struct Key: Hashable {
    var codec: UInt32
    var format: Int32
    var width: Int
    var height: Int
  }

  public init(overwrite: Bool = false) {
    LogCollector.shared.install()
    self.overwrite = overwrite
  }

  deinit {
    for encoder in encoders.values {
      var encoder: UnsafeMutablePointer<AVCodecContext>? = encoder
      avcodec_free_context(&encoder)
    }
    var packet: UnsafeMutablePointer<AVPacket>? = packet
    av_packet_free(&packet)
    var picture: UnsafeMutablePointer<AVFrame>? = picture
    av_frame_free(&picture)
  }

  /// Writes a frame as RGB PNG, or as JPEG (full range, BT.601) where `path` ends so.
  ///
  /// - Throws: exists, cannotCreate, permission, diskFull, io; unsupportedOutput for other endings.
  public func write(_ frame: Frame, to path: String) throws {
    switch PictureName.ending(of: path) {
    case "png":
      try prepare(
        frame.format == .gray8 ? AV_PIX_FMT_GRAY8 : AV_PIX_FMT_RGB24, frame.width, frame.height, path)
    case "jpg", "jpeg": try prepare(AV_PIX_FMT_YUVJ420P, frame.width, frame.height, path)
    default:
      throw FramesError(
        .unsupportedOutput, "create", path, "pictures are written as PNG or JPEG",
        hint: "end it in .png or .jpg")
    }
    try fill(from: frame)
    try save(to: path)
  }

  /// The frame as a JPEG picture of screen quality.
  ///
  /// - Parameter width: pixels at most; larger frames are scaled down.
  public func jpeg(_ frame: Frame, width limit: Int) throws -> [UInt8] {
    let width = min(frame.width, limit)
    let height = max(1, frame.height * width / frame.width)
    try prepare(AV_PIX_FMT_YUVJ420P, width, height, "picture")
    try fill(from: frame)
    return try encoded(quantizer: 5, "picture") { Array($0) }
  }

  private func fill(from frame: Frame) throws {
    // JFIF knows one matrix only.
    try converter.convert(
      frame.handle, (frame.color.matrix, frame.color.range), to: picture, (.bt601, .full))
  }

  /// Writes class ids as an 8-bit palette PNG, whose colours are the classes'.
  ///
  /// - Parameter palette: at most 256 colours; classes beyond it show black.
  public func write(_ labels: LabelMap, palette: [RGB], to path: String) throws {
    precondition(palette.count <= 256)
    try prepare(AV_PIX_FMT_PAL8, labels.width, labels.height, path)
    let rowBytes = Int(picture.pointee.linesize.0)
    for row in 0..<labels.height {
      (picture.pointee.data.0! + row * rowBytes)
        .update(from: labels.pixels + row * labels.rowBytes, count: labels.width)
    }
    UnsafeMutableRawPointer(picture.pointee.data.1!).withMemoryRebound(to: UInt32.self, capacity: 256) {
      entries in
      for index in 0..<256 {
        let color = index < palette.count ? palette[index] : RGB(0, 0, 0)
        entries[index] = 0xFF00_0000 | UInt32(color.red) << 16 | UInt32(color.green) << 8 | UInt32(color.blue)
      }
    }
    try save(to: path)
  }

  /// Gives `picture` memory of its own in the wanted layout.
  private func prepare(_ format: AVPixelFormat, _ width: Int, _ height: Int, _ path: String) throws {
    let current = picture.pointee
    if (current.format, Int(current.width), Int(current.height)) != (format.rawValue, width, height)
      || av_frame_is_writable(picture) == 0
    {
      av_frame_unref(picture)
      picture.pointee.format = format.rawValue
      picture.pointee.width = Int32(width)
      picture.pointee.height = Int32(height)
      let code = av_frame_get_buffer(picture, 64)
      guard code >= 0 else { throw FramesError(code: code, "create", path) }
    }
  }

  private func save(to path: String) throws {
    try encoded(quantizer: 2, path) { try PictureStore.save($0, to: path, overwrite: overwrite) }
  }

  /// - Parameter quantizer: of JPEG, from 1 (best) to 31.
  private func encoded<Result>(
    quantizer: Int32, _ subject: String, _ body: (UnsafeRawBufferPointer) throws -> Result
  ) throws -> Result {
    let format = AVPixelFormat(rawValue: picture.pointee.format)
    let isJPEG = format == AV_PIX_FMT_YUVJ420P
    let encoder = try encoder(isJPEG ? AV_CODEC_ID_MJPEG : AV_CODEC_ID_PNG, subject)
    // Encoders that keep state refuse a time that came before.
    picture.pointee.pts = count
    count += 1
    picture.pointee.quality = isJPEG ? quantizer * FF_QP2LAMBDA : 0
    var code = avcodec_send_frame(encoder, picture)
    if code >= 0 { code = avcodec_receive_packet(encoder, packet) }
    guard code >= 0 else { throw FramesError(code: code, "encode", subject) }
    defer { av_packet_unref(packet) }
    return try body(UnsafeRawBufferPointer(start: packet.pointee.data, count: Int(packet.pointee.size)))
  }

  private func encoder(_ codec: AVCodecID, _ path: String) throws -> UnsafeMutablePointer<AVCodecContext> {
    let key = Key(
      codec: codec.rawValue, format: picture.pointee.format, width: Int(picture.pointee.width),
      height: Int(picture.pointee.height))
    if let encoder = encoders[key] { return encoder }
    guard let found = avcodec_find_encoder(codec), let encoder = avcodec_alloc_context3(found) else {
      throw FramesError(
        .unsupportedEncoder, "encode", path, "this FFmpeg writes no such pictures",
        hint: "install a full FFmpeg")
    }
    encoder.pointee.pix_fmt = AVPixelFormat(rawValue: key.format)
    encoder.pointee.width = Int32(key.width)
    encoder.pointee.height = Int32(key.height)
    encoder.pointee.time_base = AVRational(num: 1, den: 25)
    // With frame threads the packet would not come out at once.
    encoder.pointee.thread_count = 1
    encoder.pointee.color_range = AVCOL_RANGE_JPEG
    if codec == AV_CODEC_ID_MJPEG {
      encoder.pointee.flags |= AV_CODEC_FLAG_QSCALE
      encoder.pointee.global_quality = 2 * FF_QP2LAMBDA
    }
    let code = avcodec_open2(encoder, found, nil)
    guard code >= 0 else {
      var encoder: UnsafeMutablePointer<AVCodecContext>? = encoder
      avcodec_free_context(&encoder)
      throw FramesError(code: code, "encode", path)
    }
    encoders[key] = encoder
    return encoder
  }
}
