// SPDX-License-Identifier: Apache-2.0

internal import CFFmpeg

/// An open decoder of one picture stream.
final class Decoder {
  let context: UnsafeMutablePointer<AVCodecContext>
  /// Pictures that were not decoded to catch up.
  private(set) var skipped = 0
  /// `nil` decodes everything, however late.
  private var lag: DecodeLag?
  private var awaitsKey = false
  /// Pictures before the first key frame cannot be decoded; false once one has come.
  private(set) var isBeforeKey = true
  private let keepsCorrupt: Bool
  /// Packets inside the decoder, less what it was told to skip.
  private var held = 0
  private var usuallyHeld = 0

  /// - Parameters:
  ///   - threads: FFmpeg's threads for this decoder, 1 or more.
  ///   - isLive: threads share one picture, since each picture of its own would come out later.
  ///   - catchesUp: pictures are left out where decoding falls behind the clock.
  init(
    _ stream: UnsafePointer<AVStream>, threads: Int, keepsCorrupt: Bool, isLive: Bool, catchesUp: Bool,
    subject: String
  ) throws {
    lag = catchesUp ? DecodeLag() : nil
    self.keepsCorrupt = keepsCorrupt
    guard let codec = avcodec_find_decoder(stream.pointee.codecpar.pointee.codec_id),
      let context = avcodec_alloc_context3(codec)
    else {
      throw FramesError(
        .noVideoStream, "decode", subject, "this FFmpeg has no decoder for it",
        hint: "convert the file to H.264 first")
    }
    self.context = context
    let parameters = stream.pointee.codecpar.pointee
    try FrameLimits.check(width: parameters.width, height: parameters.height, of: subject)
    context.pointee.max_pixels = Int64(FrameLimits.pixels)
    var code = avcodec_parameters_to_context(context, stream.pointee.codecpar)
    context.pointee.pkt_timebase = stream.pointee.time_base
    context.pointee.framerate = stream.pointee.avg_frame_rate
    context.pointee.thread_count = Int32(max(1, threads))
    context.pointee.thread_type = isLive ? FF_THREAD_SLICE : FF_THREAD_FRAME | FF_THREAD_SLICE
    rm_mark_packets(context)
    if code >= 0 { code = avcodec_open2(context, codec, nil) }
    guard code >= 0 else { throw FramesError(code: code, "decode", subject) }
  }

  deinit {
    var context: UnsafeMutablePointer<AVCodecContext>? = context
    avcodec_free_context(&context)
  }

  /// 0, or FFmpeg's negative code; `nil` starts draining.
  ///
  /// - Parameters:
  ///   - time: when the packet came; `arrival` gives it back for the picture.
  ///   - waited: nanoseconds that it was waited for.
  func send(_ packet: UnsafeMutablePointer<AVPacket>?, at time: UInt64 = 0, waited: UInt64 = 0) -> Int32 {
    guard let packet else { return avcodec_send_packet(context, nil) }
    if isLeftOut(packet, time, waited) {
      skipped += 1
      return 0
    }
    if packet.pointee.flags & AV_PKT_FLAG_KEY != 0 { isBeforeKey = false }
    rm_mark(context, packet, Int64(bitPattern: time))
    held += 1
    return avcodec_send_packet(context, packet)
  }

  private func isLeftOut(
    _ packet: UnsafeMutablePointer<AVPacket>, _ time: UInt64, _ waited: UInt64
  ) -> Bool {
    let dts = packet.pointee.dts
    guard lag != nil, dts != rm_nopts() else { return false }
    let media = TimeBase(context.pointee.pkt_timebase).seconds(dts)
    lag?.note(now: Double(time) / 1e9, media: media, waited: Double(waited) / 1e9)
    let measure = lag?.measure ?? .everything
    context.pointee.skip_frame = measure == .everything ? AVDISCARD_DEFAULT : AVDISCARD_NONREF
    if measure == .keyFrames {
      awaitsKey = true
    } else if packet.pointee.flags & AV_PKT_FLAG_KEY != 0 {
      // What follows a key frame needs nothing from before it.
      awaitsKey = false
    }
    return awaitsKey && packet.pointee.flags & AV_PKT_FLAG_KEY == 0
  }

  /// When the packet of `frame` came.
  static func arrival(of frame: UnsafePointer<AVFrame>) -> UInt64 { UInt64(bitPattern: rm_mark_of(frame)) }

  func receive(into frame: UnsafeMutablePointer<AVFrame>) -> Int32 {
    let code = avcodec_receive_frame(context, frame)
    guard code >= 0 else { return code }
    // From the first whole picture on, damaged ones come out too.
    if keepsCorrupt { context.pointee.flags |= AV_CODEC_FLAG_OUTPUT_CORRUPT }
    held -= 1
    if context.pointee.skip_frame == AVDISCARD_NONREF, held > usuallyHeld {
      skipped += held - usuallyHeld
      held = usuallyHeld
    }
    usuallyHeld = held
    return code
  }
}
