// SPDX-License-Identifier: Apache-2.0

internal import CFFmpeg
internal import Glibc

/// Decodes single picture files: PNG, JPEG, BMP, PPM, PGM, WebP. One decoder is kept for each kind.
final class PictureFile {
  private var decoders: [UInt32: UnsafeMutablePointer<AVCodecContext>] = [:]
  private let packet: UnsafeMutablePointer<AVPacket> = av_packet_alloc()

  deinit {
    for decoder in decoders.values {
      var decoder: UnsafeMutablePointer<AVCodecContext>? = decoder
      avcodec_free_context(&decoder)
    }
    var packet: UnsafeMutablePointer<AVPacket>? = packet
    av_packet_free(&packet)
  }

  /// Decodes `path` into `frame`, in the format it is stored in.
  ///
  /// - Throws: notFound, permission, invalidData.
  func decode(_ path: String, into frame: UnsafeMutablePointer<AVFrame>) throws {
    LogCollector.shared.install()
    try load(path)
    defer { av_packet_unref(packet) }
    let bytes = UnsafeRawBufferPointer(start: packet.pointee.data, count: Int(packet.pointee.size))
    guard let codec = PictureFile.codec(of: bytes), let decoder = decoder(for: codec) else {
      throw FramesError(
        .invalidData, "read", path, "it is not a PNG, JPEG, BMP, PPM or WebP picture",
        hint: "check how the file was made")
    }
    // Without the mark, FFmpeg's PNG decoder adds the picture to the one before.
    packet.pointee.flags |= AV_PKT_FLAG_KEY
    var code = avcodec_send_packet(decoder, packet)
    if code >= 0 { code = avcodec_receive_frame(decoder, frame) }
    guard code >= 0 else {
      avcodec_flush_buffers(decoder)
      throw FramesError(
        .invalidData, "read", path, FramesError.text(of: code),
        hint: "it is damaged, or has more than \(FrameLimits.pixels) pixels")
    }
  }

  private func load(_ path: String) throws {
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw FramesError(errno: errno, "open", path) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FramesError(errno: errno, "open", path) }
    guard status.st_mode & S_IFMT == S_IFREG, status.st_size > 0, status.st_size < 1 << 30 else {
      throw FramesError(.invalidData, "read", path, "it is no picture", hint: "check how the file was made")
    }
    guard av_new_packet(packet, Int32(status.st_size)) >= 0 else {
      throw FramesError(code: rm_averror(ENOMEM), "read", path)
    }
    var done = 0
    while done < Int(status.st_size) {
      let got = Glibc.read(descriptor, packet.pointee.data + done, Int(status.st_size) - done)
      if got < 0 && errno == EINTR { continue }
      guard got > 0 else {
        av_packet_unref(packet)
        throw FramesError(errno: got < 0 ? errno : EIO, "read", path)
      }
      done += got
    }
  }

  private func decoder(for id: AVCodecID) -> UnsafeMutablePointer<AVCodecContext>? {
    if let decoder = decoders[id.rawValue] { return decoder }
    guard let codec = avcodec_find_decoder(id), let decoder = avcodec_alloc_context3(codec) else {
      return nil
    }
    // With frame threads the picture would not come out at once.
    decoder.pointee.thread_count = 1
    decoder.pointee.max_pixels = Int64(FrameLimits.pixels)
    guard avcodec_open2(decoder, codec, nil) >= 0 else { return nil }
    decoders[id.rawValue] = decoder
    return decoder
  }

  private static func codec(of bytes: UnsafeRawBufferPointer) -> AVCodecID? {
    func starts(_ text: [UInt8], at offset: Int = 0) -> Bool {
      bytes.count >= offset + text.count && bytes[offset..<offset + text.count].elementsEqual(text)
    }
    if starts([0x89, 0x50, 0x4E, 0x47]) { return AV_CODEC_ID_PNG }
    if starts([0xFF, 0xD8, 0xFF]) { return AV_CODEC_ID_MJPEG }
    if starts(Array("BM".utf8)) { return AV_CODEC_ID_BMP }
    if starts(Array("RIFF".utf8)) && starts(Array("WEBP".utf8), at: 8) { return AV_CODEC_ID_WEBP }
    if starts(Array("P6".utf8)) || starts(Array("P3".utf8)) { return AV_CODEC_ID_PPM }
    if starts(Array("P5".utf8)) || starts(Array("P2".utf8)) { return AV_CODEC_ID_PGM }
    return nil
  }
}
