// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import CFFmpeg
internal import Glibc

/// An open picture encoder that gives every packet back with the timestamp its frame came with.
final class Encoder {
  let context: UnsafeMutablePointer<AVCodecContext>
  /// Of the timestamps that go in and come out.
  let timeBase: TimeBase
  /// The layout that the encoder takes; frames of another are converted.
  let format: AVPixelFormat
  let color: ColorTags
  private let converter = FrameConverter()
  private let allocator = FrameAllocator()
  private let subject: String
  private let keyInterval: Double
  private var lastKey: Int64?
  private var count: Int64 = 0
  /// MPEG-4 allows no fine time base: frames are numbered, and packets, in the same order, get their time back.
  private let numbersFrames: Bool
  private var pending: [(pts: Int64, duration: Int64)] = []

  /// - Throws: unsupportedEncoder, naming those that this FFmpeg has.
  init(_ options: EncoderOptions, video: VideoFormat, globalHeader: Bool, subject: String) throws {
    LogCollector.shared.install()
    self.subject = subject
    timeBase = video.timeBase
    keyInterval = options.gop
    guard let codec = avcodec_find_encoder_by_name(options.name), codec.pointee.type == AVMEDIA_TYPE_VIDEO
    else {
      throw FramesError(
        .unsupportedEncoder, "encode", subject, "no encoder '\(options.name)'",
        hint: "this FFmpeg has \(EncoderOptions.available.joined(separator: ", "))")
    }
    format = Encoder.choose(for: video, codec)
    var color = video.color
    if format.impliesFullRange { color.range = .full }
    self.color = color
    numbersFrames = codec.pointee.id == AV_CODEC_ID_MPEG4
    context = avcodec_alloc_context3(codec)
    let rate = video.rate.isKnown ? video.rate : Ratio(25, 1)
    context.pointee.width = Int32(video.width)
    context.pointee.height = Int32(video.height)
    context.pointee.pix_fmt = format
    context.pointee.framerate = rate.rational
    context.pointee.time_base = numbersFrames ? Encoder.coarse(rate) : timeBase.rational
    context.pointee.sample_aspect_ratio = video.sampleAspectRatio.rational
    context.pointee.thread_count = Int32(max(1, options.threads))
    // Twice the wish: key frames are asked for by time, so that they come in time at any rate.
    context.pointee.gop_size = Int32(max(1, min((rate.value * options.gop * 2).rounded(.up), 1e6)))
    if globalHeader { context.pointee.flags |= AV_CODEC_FLAG_GLOBAL_HEADER }
    color.apply(to: context)
    var dictionary = options.dictionary(codec.pointee.id, context)
    defer { av_dict_free(&dictionary) }
    let code = avcodec_open2(context, codec, &dictionary)
    guard code >= 0 else {
      throw FramesError(
        .unsupportedEncoder, "encode", subject,
        "\(options.name) refuses \(video.width)x\(video.height) \(format.name): \(FramesError.text(of: code))",
        hint: "try another encoder, or run with -v to see its own words")
    }
  }

  deinit {
    var context: UnsafeMutablePointer<AVCodecContext>? = context
    avcodec_free_context(&context)
  }

  /// True where every packet is a key frame.
  var isIntraOnly: Bool {
    guard let description = avcodec_descriptor_get(context.pointee.codec_id) else { return false }
    return description.pointee.props & AV_CODEC_PROP_INTRA_ONLY != 0 || context.pointee.gop_size <= 1
  }

  /// Takes one picture, or with `nil` the end.
  func send(_ frame: Frame?) throws {
    guard let frame else {
      _ = avcodec_send_frame(context, nil)
      return
    }
    let picture = try picture(for: frame)
    defer { FrameShells.give(picture) }
    let pts = frame.timeBase.convert(frame.pts, to: timeBase)
    let duration = frame.timeBase.convert(frame.duration, to: timeBase)
    picture.pointee.pts = numbersFrames ? count : pts
    rm_frame_set_duration(picture, numbersFrames ? 1 : duration)
    let keyIsDue = lastKey.map { timeBase.seconds(pts - $0) >= keyInterval - 1e-9 } ?? true
    picture.pointee.pict_type = keyIsDue ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE
    picture.pointee.key_frame = 0
    if keyIsDue { lastKey = pts }
    count += 1
    pending.append((pts, duration))
    let code = avcodec_send_frame(context, picture)
    guard code >= 0 else { throw FramesError(code: code, "encode", subject) }
  }

  /// The next packet in decoding order: false where the encoder wants more pictures, or has ended.
  func receive(into packet: UnsafeMutablePointer<AVPacket>) throws -> Bool {
    let code = avcodec_receive_packet(context, packet)
    if code == rm_averror(EAGAIN) || code == rm_averror_eof() { return false }
    guard code >= 0 else { throw FramesError(code: code, "encode", subject) }
    if numbersFrames {
      let times = pending.removeFirst()
      packet.pointee.pts = times.pts
      packet.pointee.dts = times.pts
      packet.pointee.duration = times.duration
    } else if let place = pending.firstIndex(where: { $0.pts == packet.pointee.pts }) {
      packet.pointee.duration = pending.remove(at: place).duration
    }
    return true
  }

  /// A reference to the frame's picture, or its conversion to what the encoder takes.
  private func picture(for frame: Frame) throws -> UnsafeMutablePointer<AVFrame> {
    let isRight =
      frame.format.av == format.withoutRange && frame.color.range == color.range
      && frame.width == Int(context.pointee.width) && frame.height == Int(context.pointee.height)
    if isRight {
      let picture = FrameShells.take()
      av_frame_ref(picture, frame.handle)
      picture.pointee.format = format.rawValue
      return picture
    }
    guard let own = PixelFormat(format) else { preconditionFailure("encoder format \(format.name)") }
    let picture = allocator.picture(
      own, width: Int(context.pointee.width), height: Int(context.pointee.height))
    try converter.convert(
      frame.handle, (frame.color.matrix, frame.color.range), to: picture, (color.matrix, color.range))
    picture.pointee.format = format.rawValue
    color.apply(to: picture)
    return picture
  }
}

extension Encoder {
  /// The nearest of the encoder's formats that is one of ours, or ours by another name.
  ///
  /// H.264 and H.265 halve chroma for even sizes only: an odd one keeps all of it.
  private static func choose(for video: VideoFormat, _ codec: UnsafePointer<AVCodec>) -> AVPixelFormat {
    let format = video.format
    let isEven = [AV_CODEC_ID_H264, AV_CODEC_ID_HEVC].contains { $0 == codec.pointee.id }
    let isOdd = isEven && (video.width % 2 != 0 || video.height % 2 != 0)
    var offered: [AVPixelFormat] = []
    if var place = codec.pointee.pix_fmts {
      while place.pointee != AV_PIX_FMT_NONE {
        // JPEG knows full range only, which the formats without it in their name leave open.
        let isRight = codec.pointee.id != AV_CODEC_ID_MJPEG || place.pointee.impliesFullRange
        if isRight && PixelFormat(place.pointee) != nil { offered.append(place.pointee) }
        place += 1
      }
    }
    let wishes: [PixelFormat] =
      switch format {
      case .yuv420p, .nv12, .yuv422p: isOdd ? [.yuv444p] : Encoder.nearest(format)
      case .gray8: isOdd ? [.gray8, .yuv444p] : Encoder.nearest(format)
      case .yuv444p: Encoder.nearest(format)
      }
    for wish in wishes {
      if offered.contains(wish.av) { return wish.av }
      if let named = offered.first(where: { PixelFormat($0) == wish }) { return named }
    }
    return format.av
  }

  private static func nearest(_ format: PixelFormat) -> [PixelFormat] {
    switch format {
    case .nv12: [.nv12, .yuv420p, .yuv422p, .yuv444p]
    case .gray8: [.gray8, .yuv420p, .yuv444p]
    default: [format, .yuv420p, .yuv422p, .yuv444p]
    }
  }

  /// A frame's length as MPEG-4 can say it: its denominator fits 16 bits.
  private static func coarse(_ rate: Ratio) -> AVRational {
    var result = AVRational()
    av_reduce(&result.den, &result.num, Int64(rate.numerator), Int64(rate.denominator), 65535)
    return result
  }
}
