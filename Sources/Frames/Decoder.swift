// SPDX-License-Identifier: Apache-2.0

internal import CFFmpeg

/// An open decoder of one picture stream.
final class Decoder {
  let context: UnsafeMutablePointer<AVCodecContext>

  /// - Parameter threads: FFmpeg's threads for this decoder, 1 or more.
  init(_ stream: UnsafePointer<AVStream>, threads: Int, keepsCorrupt: Bool, subject: String) throws {
    guard let codec = avcodec_find_decoder(stream.pointee.codecpar.pointee.codec_id),
      let context = avcodec_alloc_context3(codec)
    else {
      throw FramesError(
        .noVideoStream, "decode", subject, "this FFmpeg has no decoder for it",
        hint: "convert the file to H.264 first")
    }
    self.context = context
    context.pointee.max_pixels = Int64(FrameLimits.pixels)
    var code = avcodec_parameters_to_context(context, stream.pointee.codecpar)
    context.pointee.pkt_timebase = stream.pointee.time_base
    context.pointee.framerate = stream.pointee.avg_frame_rate
    context.pointee.thread_count = Int32(max(1, threads))
    context.pointee.thread_type = FF_THREAD_FRAME | FF_THREAD_SLICE
    if keepsCorrupt { context.pointee.flags |= AV_CODEC_FLAG_OUTPUT_CORRUPT }
    if code >= 0 { code = avcodec_open2(context, codec, nil) }
    guard code >= 0 else { throw FramesError(code: code, "decode", subject) }
  }

  deinit {
    var context: UnsafeMutablePointer<AVCodecContext>? = context
    avcodec_free_context(&context)
  }

  /// 0, or FFmpeg's negative code; `nil` starts draining.
  func send(_ packet: UnsafePointer<AVPacket>?) -> Int32 { avcodec_send_packet(context, packet) }
  func receive(into frame: UnsafeMutablePointer<AVFrame>) -> Int32 { avcodec_receive_frame(context, frame) }
}
