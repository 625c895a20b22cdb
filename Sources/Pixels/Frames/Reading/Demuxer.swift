// SPDX-License-Identifier: Apache-2.0

internal import Addresses
internal import CFFmpeg
internal import Glibc

/// An open container: packets of one picture track and of its sound.
final class Demuxer {
  let guardian: IOGuard
  let uri: String
  let video: UnsafeMutablePointer<AVStream>
  let audio: [AudioStream]
  /// Subtitles, data and attachments.
  let beside: [AudioStream]
  /// All picture tracks, and the number of `video` among them, from 1.
  let tracks: [PictureTrack]
  let track: Int
  /// What breaks may be there again later.
  let isNetwork: Bool
  /// Reads may wait for the world, not just for a disk.
  let mayWait: Bool
  /// Nanoseconds that reads took so far.
  private(set) var waited: UInt64 = 0
  private let stallTimeout: Double?
  private var context: UnsafeMutablePointer<AVFormatContext>?
  private let input: StreamInput?
  private let rules: OpenRules
  /// `nil` where times are taken as they come.
  private var clock: PacketClock?
  private var ending: Int32?

  init(_ uri: String, options: VideoReader.Options) throws {
    LogCollector.shared.install()
    self.uri = uri
    guardian = IOGuard(options.interrupt)
    let address = SourceAddress(uri)
    isNetwork = address.isNetwork
    let place = StreamAddress(uri)?.url ?? "file:" + (address.path ?? uri)
    try Demuxer.checkFile(address, uri)
    try options.trust.check(
      uri, "open", isKnown: InputOptions.has(av_find_input_format("rtsp")?.pointee.priv_class, "tls_verify"))
    rules = OpenRules(address, place: place, allowed: options.allowedProtocols, trust: options.trust)
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
    rules.attach(to: allocated)
    if options.discardCorrupt { allocated.pointee.flags |= AVFMT_FLAG_DISCARD_CORRUPT }

    var dictionary: OpaquePointer?
    defer { av_dict_free(&dictionary) }
    av_dict_set(&dictionary, "protocol_whitelist", rules.protocols, 0)
    for (key, value) in StreamDefaults.options(uri, options) { av_dict_set(&dictionary, key, value, 0) }
    for (key, value) in options.inputOptions { av_dict_set(&dictionary, key, value, 0) }
    if isNetwork { options.trust.set(in: &dictionary) }
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
    guard code >= 0, let opened = context else {
      if let path = address.path, MovieIndex.isMissing(from: path) {
        throw FramesError(
          .unfinished, "open", uri, "this recording was not finished: its index (moov) is missing",
          hint: "'untrunc GOOD.mp4 THIS.mp4' repairs it, with a whole recording of the same camera")
      }
      throw Demuxer.failure(code, uri, guardian, rules)
    }
    let left = InputOptions.unknown(of: options.inputOptions, left: dictionary, isNetwork: isNetwork)
    if let left {
      avformat_close_input(&context)
      throw FramesError(
        .usage, "open", uri, "FFmpeg has no input option '\(left)' for it",
        hint: "'ffmpeg -h demuxer=NAME' and 'ffmpeg -h protocol=NAME' list them")
    }
    code = avformat_find_stream_info(opened, nil)
    let streams = (0..<Int(opened.pointee.nb_streams)).map { opened.pointee.streams[$0]! }
    let pictures = PictureTracks(opened)
    let areVariants = ["hls", "dash"].contains(
      String(cString: opened.pointee.iformat.pointee.name).prefix { $0 != "," })
    let choice = options.track.map { $0 - 1 } ?? pictures.film(ofVariants: areVariants)
    guard code >= 0, let choice, pictures.streams.indices.contains(choice) else {
      avformat_close_input(&context)
      if code < 0 || rules.refused != nil { throw Demuxer.failure(code, uri, guardian, rules) }
      if let track = options.track, !pictures.tracks.isEmpty {
        throw FramesError(
          .usage, "read", uri, "it has no picture track \(track)",
          hint: "it has \(pictures.tracks.count); 'roadmask probe' lists them")
      }
      throw FramesError(
        .noVideoStream, "open", uri,
        streams.isEmpty ? "no streams in it" : "no pictures in it, only sound or text",
        hint: "give a file with a video stream")
    }
    // What could not be read on the way here was not needed.
    opened.pointee.pb?.pointee.error = 0
    let film = pictures.streams[choice]
    if rm_dovi_profile(film) == 5 {
      avformat_close_input(&context)
      throw FramesError(
        .unsupportedSource, "read", uri,
        "it is Dolby Vision profile 5, whose colours need Dolby's own decoder",
        hint: "record HDR10, HLG or SDR, or convert it with the maker's program")
    }
    video = film
    (tracks, track) = (pictures.tracks, choice + 1)
    audio =
      options.keepAudio
      ? streams.filter { Demuxer.isAudio($0) && Demuxer.belongs($0, with: film, in: opened) }
        .map { AudioStream($0) } : []
    beside =
      options.keepBeside
      ? streams.filter { stream in
        // MP4 keeps chapters in a track that FFmpeg has read already, and leaves out by itself.
        stream.pointee.discard != AVDISCARD_ALL && Demuxer.isBeside(stream)
          && Demuxer.belongs(stream, with: film, in: opened)
      }
      .map { AudioStream($0) } : []
    let carried = Set((audio + beside).map(\.id))
    for stream in streams
    where stream != video && !carried.contains(Int(stream.pointee.index)) {
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
    guard let clock else { return fetch(packet) }
    while !clock.pop(into: packet) {
      if let ending { return ending }
      let code = fetch(packet)
      if code >= 0 {
        clock.push(packet)
      } else if code == rm_averror_eof() || !isPassing(code) {
        clock.end()
        ending = code
      } else {
        return code
      }
    }
    return 0
  }

  private func isPassing(_ code: Int32) -> Bool {
    code == rm_averror(EAGAIN) || code == rm_averror_invaliddata()
  }

  private func fetch(_ packet: UnsafeMutablePointer<AVPacket>) -> Int32 {
    let begin = IOGuard.now()
    defer { waited += IOGuard.now() - begin }
    return av_read_frame(context, packet)
  }

  /// Puts all tracks on one clock from now on, which looks some packets ahead where times jump.
  func mendTimes() {
    guard let context else { return }
    let used = (audio + beside).map(\.id) + [Int(video.pointee.index)]
    clock = PacketClock(
      used.map { context.pointee.streams[$0]! },
      clockMayRestart: clockMayRestart)
  }

  /// The container allows its clock to jump, and to start anywhere.
  private var clockMayRestart: Bool {
    (context?.pointee.iformat.pointee.flags ?? 0) & AVFMT_TS_DISCONT != 0
  }

  /// Timestamps and parts that `mendTimes` mended.
  var mended: Int { clock?.mended ?? 0 }

  /// Goes to the last key frame at or before `time`, in ticks of the video stream.
  func seek(to time: Int64) -> Bool {
    allowStall()
    clock?.reset()
    return av_seek_frame(context, video.pointee.index, time, AVSEEK_FLAG_BACKWARD) >= 0
  }
}

extension Demuxer {
  /// The first timestamp of the file in microseconds; 0 where it gives none.
  var startTime: Int64 {
    let time = context?.pointee.start_time ?? rm_nopts()
    return time == rm_nopts() ? 0 : time
  }

  /// The file's clock does not start where a film does: in a transport stream it starts anywhere, elsewhere before 0,
  /// or later than any delay of an encoder. Time 0 is then its first timestamp.
  var startsElsewhere: Bool {
    if clockMayRestart { return startTime != 0 }
    let first = video.pointee.start_time
    let isBefore = first != rm_nopts() && TimeBase(video.pointee.time_base).seconds(first) < -0.0005
    return isBefore || startTime > 10_000_000
  }

  /// The track says that its pictures are of two fields.
  var isInterlaced: Bool {
    [AV_FIELD_TT, AV_FIELD_BB, AV_FIELD_TB, AV_FIELD_BT].contains {
      $0 == video.pointee.codecpar.pointee.field_order
    }
  }

  /// The container says no times; the pictures of a camera are of when they come.
  var saysNoTimes: Bool {
    guard isNetwork, let context, context.pointee.iformat.pointee.flags & AVFMT_NOTIMESTAMPS != 0 else {
      return false
    }
    // A file on a server has a length, and pictures faster than they were taken.
    return avio_size(context.pointee.pb) <= 0
  }

  /// Seconds.
  var duration: Double? {
    guard let time = context?.pointee.duration, time != rm_nopts(), time > 0 else { return nil }
    return Double(time) / Double(AV_TIME_BASE)
  }

  /// Seconds from the first timestamp on, where the container counts from another zero.
  private var filmLength: Double? {
    guard let duration, startsElsewhere, !clockMayRestart else { return duration }
    let start = Double(startTime) / Double(AV_TIME_BASE)
    return start > 0 && duration > start ? duration - start : duration
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

  /// Named parts, on the clock of the frames.
  func chapters(in window: TimeWindow) -> [Chapter] {
    guard let context else { return [] }
    let begin = window.timeBase.seconds(window.rebase)
    let limit = window.end == Int64.max ? Double.infinity : window.timeBase.seconds(window.end) - begin
    return (0..<Int(context.pointee.nb_chapters)).compactMap { index in
      let chapter = context.pointee.chapters[index]!.pointee
      let timeBase = TimeBase(chapter.time_base)
      let start = max(0, timeBase.seconds(chapter.start) - begin)
      let end = min(timeBase.seconds(chapter.end) - begin, limit)
      let title = av_dict_get(chapter.metadata, "title", nil, 0).map { String(cString: $0.pointee.value) }
      return end > start ? Chapter(start: start, end: end, title: title) : nil
    }
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

  /// The error for a code that came from opening a source under `rules`.
  private static func failure(_ code: Int32, _ uri: String, _ guardian: IOGuard, _ rules: OpenRules)
    -> FramesError
  {
    if guardian.isInterrupted || guardian.isOverdue { return failure(code, uri, guardian) }
    if let part = rules.refused {
      return FramesError(
        .notAllowed, "open", uri, "it wants to open \(part), which is not of it",
        hint: "--allow-protocols file,https lets a source open all that these reach")
    }
    if code == rm_averror(EIO), StreamAddress(uri)?.isEncrypted == true {
      return TLSTrust.refusal(uri, "open")
    }
    return failure(code, uri, guardian)
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

  /// Tracks of other programs, as of another variant, are not this film's.
  private static func belongs(
    _ stream: UnsafeMutablePointer<AVStream>, with film: UnsafeMutablePointer<AVStream>,
    in context: UnsafeMutablePointer<AVFormatContext>
  ) -> Bool {
    func programs(_ stream: UnsafeMutablePointer<AVStream>) -> Set<Int32> {
      var found: Set<Int32> = []
      var program = av_find_program_from_stream(context, nil, stream.pointee.index)
      while let one = program {
        found.insert(one.pointee.id)
        program = av_find_program_from_stream(context, one, stream.pointee.index)
      }
      return found
    }
    let own = programs(stream)
    return own.isEmpty || programs(film).isEmpty || !own.isDisjoint(with: programs(film))
  }

  /// A timecode is one number, and travels as a tag; the names of chapters travel with them.
  private static func isBeside(_ stream: UnsafeMutablePointer<AVStream>) -> Bool {
    switch stream.pointee.codecpar.pointee.codec_type {
    case AVMEDIA_TYPE_SUBTITLE, AVMEDIA_TYPE_ATTACHMENT: true
    case AVMEDIA_TYPE_DATA:
      av_dict_get(stream.pointee.metadata, "timecode", nil, 0) == nil
        && stream.pointee.codecpar.pointee.codec_tag != Demuxer.chapterMark
        && stream.pointee.codecpar.pointee.codec_id != AV_CODEC_ID_TIMED_ID3
        && stream.pointee.codecpar.pointee.codec_id != AV_CODEC_ID_EPG
    default: false
    }
  }

  /// `text`, the kind of track in which MP4 names its chapters.
  private static let chapterMark: UInt32 = 0x7478_6574

  private static func isAudio(_ stream: UnsafeMutablePointer<AVStream>) -> Bool {
    stream.pointee.codecpar.pointee.codec_type == AVMEDIA_TYPE_AUDIO
      && stream.pointee.codecpar.pointee.codec_id != AV_CODEC_ID_NONE
  }
}

/// What the container says of its pictures.
extension Demuxer {
  /// Ticks of the picture stream, 1 or more.
  var usualFrameDuration: Int64 {
    let rate = averageRate
    guard rate.isKnown else { return 1 }
    return max(1, TimeBase(video.pointee.time_base).ticks(1 / rate.value))
  }

  var averageRate: Ratio {
    let average = Ratio(video.pointee.avg_frame_rate)
    return average.isKnown ? average : Ratio(video.pointee.r_frame_rate)
  }

  /// True where the average rate and the finest one that fits all timestamps differ by more than 1 %.
  private var isVariableRate: Bool? {
    let average = Ratio(video.pointee.avg_frame_rate)
    let finest = Ratio(video.pointee.r_frame_rate)
    guard average.isKnown && finest.isKnown, demuxesTimestamps else { return nil }
    return abs(average.value / finest.value - 1) > 0.01
  }

  private var demuxesTimestamps: Bool { video.pointee.codecpar.pointee.codec_id != AV_CODEC_ID_PNG }

  func info(
    _ shaper: FrameShaper, window: TimeWindow, options: VideoReader.Options, sampleAspectRatio: AVRational
  ) -> SourceInfo {
    var aspect = Ratio(sampleAspectRatio)
    if !aspect.isKnown { aspect = Ratio(video.pointee.sample_aspect_ratio) }
    if !aspect.isKnown { aspect = Ratio(1, 1) }
    if shaper.orientation.rotation.swapsSides { aspect = aspect.inverse }
    var rate = averageRate
    if rate.isKnown && options.stride > 1 {
      let (slower, overflow) = rate.denominator.multipliedReportingOverflow(by: Int32(options.stride))
      rate = overflow ? .unknown : Ratio(rate.numerator, slower)
    }
    var length = filmLength
    if let whole = length {
      let begin = options.start ?? 0
      let end = min(whole, options.end ?? whole, begin + (options.duration ?? whole))
      length = max(0, end - begin)
    }
    var count = length.flatMap { rate.isKnown ? Int(min($0 * rate.value, 0x1p52).rounded()) : nil }
    if length == filmLength, options.stride == 1, video.pointee.nb_frames > 0 {
      count = Int(video.pointee.nb_frames)
    }
    if let limit = options.maxFrames {
      count = min(count ?? limit, limit)
      if rate.isKnown, let whole = length { length = min(whole, Double(limit) / rate.value) }
    }
    return SourceInfo(
      uri: uri, codec: String(cString: avcodec_get_name(video.pointee.codecpar.pointee.codec_id)),
      storedFormat: shaper.storedFormat,
      video: VideoFormat(
        format: shaper.format, width: shaper.width, height: shaper.height, timeBase: window.timeBase,
        rate: rate,
        color: shaper.color, sampleAspectRatio: aspect),
      isVariableRate: isVariableRate, duration: length, frameCountEstimate: count,
      rotation: shaper.orientation.rotation,
      audio: audio, metadata: metadata, tracks: tracks, track: track, beside: beside,
      chapters: chapters(in: window))
  }
}
