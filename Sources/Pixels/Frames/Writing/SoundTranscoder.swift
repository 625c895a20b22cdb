// SPDX-License-Identifier: Apache-2.0

internal import CFFmpeg

/// Decodes the sound of one track and encodes it anew, with the times that it came with.
///
/// Damaged packets are passed over; a hole in the sound becomes silence up to the end of a packet, and the next
/// packet begins where the sound goes on. What overlaps is cut off.
final class SoundTranscoder {
  /// Of the encoder.
  let context: UnsafeMutablePointer<AVCodecContext>
  /// One sample.
  let timeBase: TimeBase
  private let source: AudioStream
  private let decoder: UnsafeMutablePointer<AVCodecContext>
  private let frame: UnsafeMutablePointer<AVFrame> = av_frame_alloc()
  private let packet: UnsafeMutablePointer<AVPacket> = av_packet_alloc()
  private var resampler: OpaquePointer?
  /// What comes from the decoder now: rate, format, channels.
  private var form: (rate: Int32, format: Int32, channels: Int32)?
  private let queue: OpaquePointer
  /// Time of the first sample in `queue`.
  private var start: Int64?
  private var isFinished = false

  /// Times may waver by so much of a second before sound is cut or silence put in.
  private static let tolerance = 0.1

  /// - Throws: unsupportedEncoder, invalidData.
  init(_ source: AudioStream, encoder name: String, subject: String) throws {
    self.source = source
    guard let codec = avcodec_find_encoder_by_name(name),
      let input = avcodec_find_decoder(
        source.parameters.pointee.codec_id), let encoder = avcodec_alloc_context3(codec),
      let decoder = avcodec_alloc_context3(input)
    else {
      throw FramesError(
        .unsupportedEncoder, "encode the sound of", subject, "this FFmpeg lacks \(name) or a decoder",
        hint: "--audio copy with .mkv, or --audio none")
    }
    context = encoder
    self.decoder = decoder
    avcodec_parameters_to_context(decoder, source.parameters)
    decoder.pointee.pkt_timebase = source.timeBase.rational
    decoder.pointee.thread_count = 1
    var code = avcodec_open2(decoder, input, nil)
    let rate = SoundTranscoder.rate(nearest: source.parameters.pointee.sample_rate, of: codec)
    timeBase = TimeBase(1, rate)
    encoder.pointee.sample_rate = rate
    encoder.pointee.time_base = timeBase.rational
    encoder.pointee.sample_fmt = codec.pointee.sample_fmts?.pointee ?? AV_SAMPLE_FMT_FLTP
    av_channel_layout_default(
      &encoder.pointee.ch_layout, min(source.parameters.pointee.ch_layout.nb_channels, 6))
    // 96 kbit/s a channel at 48 kHz; less where there is less to say.
    encoder.pointee.bit_rate = Int64(encoder.pointee.ch_layout.nb_channels) * Int64(min(96_000, rate * 2))
    encoder.pointee.flags |= AV_CODEC_FLAG_GLOBAL_HEADER
    if code >= 0 { code = avcodec_open2(encoder, codec, nil) }
    queue = av_audio_fifo_alloc(encoder.pointee.sample_fmt, encoder.pointee.ch_layout.nb_channels, 1)
    guard code >= 0 else {
      throw FramesError(
        .unsupportedEncoder, "encode the sound of", subject,
        "\(name) refuses \(source.codec), \(source.sampleRate) Hz, \(source.channels) channels: "
          + FramesError.text(of: code), hint: "--audio copy with .mkv, or --audio none")
    }
  }

  deinit {
    var context: UnsafeMutablePointer<AVCodecContext>? = context
    avcodec_free_context(&context)
    context = decoder
    avcodec_free_context(&context)
    var frame: UnsafeMutablePointer<AVFrame>? = frame
    av_frame_free(&frame)
    var packet: UnsafeMutablePointer<AVPacket>? = packet
    av_packet_free(&packet)
    swr_free(&resampler)
    av_audio_fifo_free(queue)
  }

  func take(_ packet: Packet) -> [Packet] {
    guard !isFinished, avcodec_send_packet(decoder, packet.handle) >= 0 else { return [] }
    return decoded()
  }

  func finish() -> [Packet] {
    guard !isFinished else { return [] }
    isFinished = true
    _ = avcodec_send_packet(decoder, nil)
    var result = decoded() + flushed()
    guard avcodec_send_frame(context, nil) >= 0 else { return result }
    result += encoded()
    return result
  }

  private var frameSize: Int32 { context.pointee.frame_size > 0 ? context.pointee.frame_size : 1024 }

  private func decoded() -> [Packet] {
    var result: [Packet] = []
    while avcodec_receive_frame(decoder, frame) >= 0 {
      result += place(frame)
      av_frame_unref(frame)
    }
    return result
  }

  /// Puts a decoded piece where its time says, behind what is there.
  private func place(_ frame: UnsafeMutablePointer<AVFrame>) -> [Packet] {
    guard let converted = converted(frame) else { return [] }
    var samples: UnsafeMutablePointer<AVFrame>? = converted
    defer { av_frame_free(&samples) }
    var result: [Packet] = []
    var skipped: Int32 = 0
    let time = frame.pointee.best_effort_timestamp
    if time != rm_nopts() {
      let begin = source.timeBase.convert(time, to: timeBase)
      if let start {
        let drift = begin - (start + Int64(av_audio_fifo_size(queue)))
        let tolerance = timeBase.ticks(SoundTranscoder.tolerance)
        if drift > tolerance {
          result += flushed()
          self.start = max(begin, self.start ?? begin)
        } else if drift < -tolerance {
          skipped = Int32(min(-drift, Int64(converted.pointee.nb_samples)))
        }
      } else {
        start = begin
      }
    } else if start == nil {
      start = 0
    }
    let count = converted.pointee.nb_samples - skipped
    guard count > 0 else { return result }
    av_samples_copy(
      converted.pointee.extended_data, converted.pointee.extended_data, 0, skipped, count,
      converted.pointee.ch_layout.nb_channels, context.pointee.sample_fmt)
    SoundTranscoder.withPlanes(converted) { _ = av_audio_fifo_write(queue, $0, count) }
    while av_audio_fifo_size(queue) >= frameSize { result += encode(frameSize) }
    return result
  }

  /// Encodes what is left, filled up with silence.
  private func flushed() -> [Packet] {
    let count = av_audio_fifo_size(queue)
    return count > 0 ? encode(count) : []
  }

  private func encode(_ count: Int32) -> [Packet] {
    var input = av_frame_alloc()
    defer { av_frame_free(&input) }
    guard let piece = input, let begin = start else { return [] }
    piece.pointee.nb_samples = frameSize
    piece.pointee.format = context.pointee.sample_fmt.rawValue
    piece.pointee.sample_rate = context.pointee.sample_rate
    av_channel_layout_copy(&piece.pointee.ch_layout, &context.pointee.ch_layout)
    guard av_frame_get_buffer(piece, 0) >= 0 else { return [] }
    SoundTranscoder.withPlanes(piece) { _ = av_audio_fifo_read(queue, $0, count) }
    if count < frameSize {
      av_samples_set_silence(
        piece.pointee.extended_data, count, frameSize - count, piece.pointee.ch_layout.nb_channels,
        context.pointee.sample_fmt)
    }
    piece.pointee.pts = begin
    start = begin + Int64(frameSize)
    guard avcodec_send_frame(context, piece) >= 0 else { return [] }
    return encoded()
  }

  private func encoded() -> [Packet] {
    var result: [Packet] = []
    while avcodec_receive_packet(context, packet) >= 0 {
      result.append(Packet(moving: packet, stream: source.id, timeBase: timeBase))
    }
    return result
  }

  /// The piece in the encoder's format and rate.
  private func converted(_ frame: UnsafeMutablePointer<AVFrame>) -> UnsafeMutablePointer<AVFrame>? {
    let now = (frame.pointee.sample_rate, frame.pointee.format, frame.pointee.ch_layout.nb_channels)
    if frame.pointee.ch_layout.order == AV_CHANNEL_ORDER_UNSPEC {
      av_channel_layout_default(&frame.pointee.ch_layout, now.2)
    }
    if form == nil || form! != now {
      swr_free(&resampler)
      let code = swr_alloc_set_opts2(
        &resampler, &context.pointee.ch_layout, context.pointee.sample_fmt, context.pointee.sample_rate,
        &frame.pointee.ch_layout, AVSampleFormat(rawValue: now.1), now.0, 0, nil)
      guard code >= 0, swr_init(resampler) >= 0 else { return nil }
      form = now
    }
    var output = av_frame_alloc()
    guard let result = output else { return nil }
    result.pointee.format = context.pointee.sample_fmt.rawValue
    result.pointee.sample_rate = context.pointee.sample_rate
    av_channel_layout_copy(&result.pointee.ch_layout, &context.pointee.ch_layout)
    guard swr_convert_frame(resampler, result, frame) >= 0 else {
      av_frame_free(&output)
      return nil
    }
    return result
  }

  private static func withPlanes(
    _ frame: UnsafeMutablePointer<AVFrame>, _ body: (UnsafeMutablePointer<UnsafeMutableRawPointer?>) -> Void
  ) {
    let planes = UnsafeMutableRawPointer(frame.pointee.extended_data!)
    body(planes.assumingMemoryBound(to: UnsafeMutableRawPointer?.self))
  }

  private static func rate(nearest wanted: Int32, of codec: UnsafePointer<AVCodec>) -> Int32 {
    guard var place = codec.pointee.supported_samplerates else { return wanted }
    var best: Int32 = 48000
    while place.pointee != 0 {
      if place.pointee == wanted { return wanted }
      if abs(place.pointee - wanted) < abs(best - wanted) { best = place.pointee }
      place += 1
    }
    return best
  }
}
