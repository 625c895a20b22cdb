// SPDX-License-Identifier: Apache-2.0

internal import CFFmpeg

/// An open decoder of one picture stream.
final class Decoder {
  let context: UnsafeMutablePointer<AVCodecContext>

  /// - Parameters:
  ///   - threads: FFmpeg's threads for this decoder, 1 or more.
  ///   - isLive: threads share one picture, since each picture of its own would come out later.
  init(
    _ stream: UnsafePointer<AVStream>, threads: Int, keepsCorrupt: Bool, isLive: Bool, subject: String
  ) throws {
    guard let codec = avcodec_find_decoder(stream.pointee.codecpar.pointee.codec_id),
      let context = avcodec_alloc_context3(codec)
    else {
      throw FramesError(
        .noVideoStream, "decode", subject, "this FFmpeg has no decoder for it",
        hint: "convert the file to H.264 first")
    }
    self.context = context
    var code = avcodec_parameters_to_context(context, stream.pointee.codecpar)
    context.pointee.pkt_timebase = stream.pointee.time_base
    context.pointee.framerate = stream.pointee.avg_frame_rate
    context.pointee.thread_count = Int32(max(1, threads))
    context.pointee.thread_type = isLive ? FF_THREAD_SLICE : FF_THREAD_FRAME | FF_THREAD_SLICE
    rm_mark_packets(context)
    if keepsCorrupt { context.pointee.flags |= AV_CODEC_FLAG_OUTPUT_CORRUPT }
    if code >= 0 { code = avcodec_open2(context, codec, nil) }
    guard code >= 0 else { throw FramesError(code: code, "decode", subject) }
  }

  deinit {
    var context: UnsafeMutablePointer<AVCodecContext>? = context
    avcodec_free_context(&context)
  }

  /// 0, or FFmpeg's negative code; `nil` starts draining.
  ///
  /// - Parameter time: when the packet came; `arrival` gives it back for the picture.
  func send(_ packet: UnsafeMutablePointer<AVPacket>?, at time: UInt64 = 0) -> Int32 {
    if let packet { rm_mark(context, packet, Int64(bitPattern: time)) }
    return avcodec_send_packet(context, packet)
  }

  /// When the packet of `frame` came.
  static func arrival(of frame: UnsafePointer<AVFrame>) -> UInt64 { UInt64(bitPattern: rm_mark_of(frame)) }

  func receive(into frame: UnsafeMutablePointer<AVFrame>) -> Int32 { avcodec_receive_frame(context, frame) }
}
