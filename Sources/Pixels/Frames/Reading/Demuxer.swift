// SPDX-License-Identifier: Apache-2.0

internal import Addresses
internal import CFFmpeg
internal import Glibc

/// An open container: packets of its first real picture stream and of its sound.
final class Demuxer {
  let guardian: IOGuard
  let uri: String
  let video: UnsafeMutablePointer<AVStream>
  let audio: [AudioStream]
  /// What breaks may be there again later.
  let isNetwork: Bool
  /// Reads may wait for the world, not just for a disk.
  let mayWait: Bool
  /// Nanoseconds that reads took so far.
  private(set) var waited: UInt64 = 0
  private let stallTimeout: Double?
  private var context: UnsafeMutablePointer<AVFormatContext>?
  private let input: StreamInput?

  init(_ uri: String, options: VideoReader.Options) throws {
    LogCollector.shared.install()
    self.uri = uri
    guardian = IOGuard(options.interrupt)
    let address = SourceAddress(uri)
    isNetwork = address.isNetwork
    let place = StreamAddress(uri)?.url ?? "file:" + (address.path ?? uri)
    try Demuxer.checkFile(address, uri)
    guardian.allow(options.connectTimeout)
    if isNetwork { try HostLookup.check(uri, guardian: guardian) }
    let pipe = address.path ?? uri
    input = StreamInput.suits(pipe) ? try StreamInput(pipe, guardian: guardian) : nil
    mayWait = isNetwork || input != nil
    // A pipe may pause for as long as its writer likes.
    stallTimeout = isNetwork || options.isLive == true ? options.stallTimeout : nil
    context = avformat_alloc_context()
    guard let allocated = context else { throw FramesError(code: rm_averror(ENOMEM), "open", uri) }
    allocated.pointee.interrupt_callback = guardian.callback
    if let input { allocated.pointee.pb = input.context }
    if options.discardCorrupt { allocated.pointee.flags |= AVFMT_FLAG_DISCARD_CORRUPT }

    var dictionary: OpaquePointer?
    defer { av_dict_free(&dictionary) }
    // What a playlist inside the source may open: never files, when it came from the network.
    let network =
      "http,https,httpproxy,tls,tcp,udp,udplite,rtp,srtp,rtsp,rtmp,rtmps,rtmpt,srt,hls,crypto,data"
    av_dict_set(&dictionary, "protocol_whitelist", isNetwork ? network : "file,pipe,crypto,data", 0)
    for (key, value) in StreamDefaults.options(uri, options) { av_dict_set(&dictionary, key, value, 0) }
    for (key, value) in options.inputOptions { av_dict_set(&dictionary, key, value, 0) }
    var format: UnsafePointer<AVInputFormat>?
    if let name = options.inputFormat {
      format = UnsafePointer(av_find_input_format(name))
      if format == nil {
        avformat_free_context(context)
        throw FramesError(
          .usage, "open", uri, "no input format '\(name)'", hint: "'ffmpeg -demuxers' lists the formats")
      }
    }
    // On failure the context is freed and set to null.
    var code = avformat_open_input(&context, place, format, &dictionary)
    guard code >= 0, let opened = context else { throw Demuxer.failure(code, uri, guardian) }
    code = avformat_find_stream_info(opened, nil)
    let streams = (0..<Int(opened.pointee.nb_streams)).map { opened.pointee.streams[$0]! }
    let pictures = streams.filter(Demuxer.isVideo)
    guard code >= 0, let first = pictures.first else {
      avformat_close_input(&context)
      if code < 0 { throw Demuxer.failure(code, uri, guardian) }
      throw FramesError(
        .noVideoStream, "open", uri,
        streams.isEmpty ? "no streams in it" : "no pictures in it, only sound or text",
        hint: "give a file with a video stream")
    }
    // What could not be read on the way here was not needed.
    opened.pointee.pb?.pointee.error = 0
    video = first
    audio = options.keepAudio ? streams.filter(Demuxer.isAudio).map { AudioStream($0) } : []
    for stream in streams
    where stream != video && !audio.contains(where: { $0.id == Int(stream.pointee.index) }) {
      stream.pointee.discard = AVDISCARD_ALL
    }
  }

  deinit {
    guardian.beginClosing()
    avformat_close_input(&context)
  }

  /// Gives the reads from now on the stall time, all together.
  func allowStall() { guardian.allow(stallTimeout) }

  /// Reads the next packet into `packet`: 0, or FFmpeg's negative code.
  func read(into packet: UnsafeMutablePointer<AVPacket>) -> Int32 {
    let begin = IOGuard.now()
    defer { waited += IOGuard.now() - begin }
    return av_read_frame(context, packet)
  }

  /// Goes to the last key frame at or before `time`, in ticks of the video stream.
  func seek(to time: Int64) -> Bool {
    allowStall()
    return av_seek_frame(context, video.pointee.index, time, AVSEEK_FLAG_BACKWARD) >= 0
  }
}

extension Demuxer {
  /// The first timestamp of the file in microseconds; 0 where it gives none.
  var startTime: Int64 {
    let time = context?.pointee.start_time ?? rm_nopts()
    return time == rm_nopts() ? 0 : time
  }

  /// Seconds.
  var duration: Double? {
    guard let time = context?.pointee.duration, time != rm_nopts(), time > 0 else { return nil }
    return Double(time) / Double(AV_TIME_BASE)
  }

  /// Where the pictures end as the header of the file has it, in seconds; `nil` for what was only estimated.
  var announcedEnd: Double? {
    guard let context, !isNetwork, context.pointee.duration_estimation_method == AVFMT_DURATION_FROM_STREAM
    else { return nil }
    if String(cString: context.pointee.iformat.pointee.name).hasPrefix("mov") {
      // Elsewhere a stream's length is often just that of the file.
      let (start, length) = (video.pointee.start_time, video.pointee.duration)
      guard start != rm_nopts(), length != rm_nopts() else { return nil }
      let timeBase = TimeBase(video.pointee.time_base)
      return timeBase.seconds(start) + timeBase.seconds(length)
    }
    // That of the file may be the length of sound or text that is not read. Some count it from zero, not from
    // their first picture: the earlier end is meant.
    return Int(context.pointee.nb_streams) == 1 + audio.count ? duration : nil
  }

  var metadata: [String: String] {
    var result: [String: String] = [:]
    for dictionary in [video.pointee.metadata, context?.pointee.metadata] {
      var entry: UnsafeMutablePointer<AVDictionaryEntry>?
      while let next = av_dict_get(dictionary, "", entry, AV_DICT_IGNORE_SUFFIX) {
        result[String(cString: next.pointee.key)] = String(cString: next.pointee.value)
        entry = next
      }
    }
    return result
  }

  /// The error of the disk that ended a file before its end, whatever the container made of it.
  var breakage: FramesError? {
    let code = context?.pointee.pb?.pointee.error ?? 0
    return code < 0 && code != rm_averror_eof() ? FramesError(code: code, "read", uri) : nil
  }

  /// The error that ended the reading of a stream.
  func loss(_ code: Int32) -> FramesError {
    if guardian.isInterrupted { return Demuxer.failure(code, uri, guardian) }
    if guardian.isOverdue, let stallTimeout {
      return FramesError(
        .stalled, "read", uri, "no packet for \(RetryPolicy.text(stallTimeout, places: 1))",
        hint: "check the source; --stall-timeout allows more")
    }
    var error = FramesError(code: code, "read", uri)
    if error.kind == .unreadable || error.kind == .interrupted {
      error.kind = .gone
      error.cause = "the connection broke"
    }
    return error
  }

  /// The error for a code that came from opening.
  static func failure(_ code: Int32, _ uri: String, _ guardian: IOGuard) -> FramesError {
    if guardian.isInterrupted {
      return FramesError(.interrupted, "read", uri, "stopped", hint: "start it again")
    }
    if guardian.isOverdue { return FramesError(code: rm_averror(ETIMEDOUT), "open", uri) }
    let isNetwork = SourceAddress(uri).isNetwork
    if code == rm_averror_eof() && isNetwork {
      return FramesError(
        .unreachable, "open", uri, "the peer hung up", hint: "check that it sends the stream at this address")
    }
    if code == rm_averror_eof() {
      return FramesError(.noFrames, "open", uri, "it is empty", hint: "check how the file was made")
    }
    var error = FramesError(code: code, "open", uri)
    if error.kind == .unreadable, isNetwork { error.kind = .unreachable }
    return error
  }

  private static func checkFile(_ address: SourceAddress, _ uri: String) throws {
    guard let path = address.path else { return }
    var status = stat()
    guard stat(path, &status) == 0 else { throw FramesError(errno: errno, "open", uri) }
    if status.st_mode & S_IFMT == S_IFREG, status.st_size == 0 {
      throw FramesError(.noFrames, "open", uri, "the file is empty", hint: "check how the file was made")
    }
  }

  private static func isVideo(_ stream: UnsafeMutablePointer<AVStream>) -> Bool {
    stream.pointee.codecpar.pointee.codec_type == AVMEDIA_TYPE_VIDEO
      && stream.pointee.disposition & AV_DISPOSITION_ATTACHED_PIC == 0
      && avcodec_find_decoder(stream.pointee.codecpar.pointee.codec_id) != nil
  }

  private static func isAudio(_ stream: UnsafeMutablePointer<AVStream>) -> Bool {
    stream.pointee.codecpar.pointee.codec_type == AVMEDIA_TYPE_AUDIO
      && stream.pointee.codecpar.pointee.codec_id != AV_CODEC_ID_NONE
  }
}
