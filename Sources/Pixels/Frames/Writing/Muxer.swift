// SPDX-License-Identifier: Apache-2.0

internal import Addresses
internal import CFFmpeg
internal import Glibc

/// An output container: one picture track, its sound and what travels beside, written as it comes.
///
/// Packets are put in order here rather than by libavformat, which would hold pictures back for as long as
/// a sound track is silent.
final class Muxer {
  /// Of the picture packets that come in.
  private(set) var videoTimeBase = TimeBase.microseconds
  /// What becomes of the sound tracks, in the order given.
  private(set) var fates: [SoundFate] = []
  /// A playlist keeps its last segments only.
  var isEndless = false

  private let path: String
  private let container: Container
  /// Null for containers that open their own output, as RTSP and HLS do.
  private let file: OutputFile?
  private let context: UnsafeMutablePointer<AVFormatContext>
  private let guardian: IOGuard
  private let peerTimeout: Double
  private let fragment: Fragmentation
  /// Added to all times, in `videoTimeBase`.
  private let shift: Int64
  private let scratch: UnsafeMutablePointer<AVPacket>
  private var isHeaderWritten = false
  private var isStarted = false
  /// Some track was silent when the first picture came.
  private var isIncomplete = false
  private var isClosed = false
  /// Of the first picture packet, until the first fragment is out.
  private var firstTime: Int64?
  private var isFirstFragmentOut = false
  private var isIntraOnly = false
  /// By the source's stream id.
  private var tracks: [Int: SoundTrack] = [:]
  /// Kept until the pictures have come as far.
  private var sound: [Packet] = []
  private var video: UnsafeMutablePointer<AVStream>?

  init(
    _ path: String, container name: String?, fragment: Fragmentation, overwrite: Bool, shift: Int64,
    guardian: IOGuard, peerTimeout: Double
  ) throws {
    LogCollector.shared.install()
    self.path = path
    self.fragment = fragment
    self.shift = shift
    self.guardian = guardian
    self.peerTimeout = peerTimeout
    let isAddress = OutputAddress(path).isPush
    if isAddress { avformat_network_init() }
    var allocated: UnsafeMutablePointer<AVFormatContext>?
    avformat_alloc_output_context2(&allocated, nil, name, Muxer.place(path))
    guard let allocated else {
      throw FramesError(
        .unsupportedOutput, "create", path, "no container for \(name.map { "'\($0)'" } ?? "this ending")",
        hint: "use .mp4, .mkv or .ts")
    }
    allocated.pointee.interrupt_callback = guardian.callback
    do {
      if isAddress { guardian.allow(peerTimeout) }
      file = try Muxer.open(allocated, path, isAddress: isAddress, overwrite: overwrite)
    } catch {
      let isOverdue = guardian.isOverdue
      // Not all of `self` exists yet, so no deinit will run.
      avformat_free_context(allocated)
      throw isOverdue ? Muxer.silence(of: path, "connect to", peerTimeout) : error
    }
    guardian.allow(nil)
    context = allocated
    container = Container(UnsafePointer(allocated.pointee.oformat))
    context.pointee.flags |= AVFMT_FLAG_FLUSH_PACKETS | AVFMT_FLAG_BITEXACT
    context.pointee.flush_packets = 1
    // FLAC in MP4 counts as an experiment to this FFmpeg, and plays everywhere.
    context.pointee.strict_std_compliance = FF_COMPLIANCE_EXPERIMENTAL
    scratch = av_packet_alloc()
  }

  deinit {
    // Muxers that own their connections let them go at the end only.
    if isStarted && !isClosed && context.pointee.oformat.pointee.flags & AVFMT_NOFILE != 0 {
      guardian.allow(1)
      av_write_trailer(context)
    }
    var scratch: UnsafeMutablePointer<AVPacket>? = scratch
    av_packet_free(&scratch)
    if file == nil, context.pointee.pb != nil, context.pointee.oformat.pointee.flags & AVFMT_NOFILE == 0 {
      avio_closep(&context.pointee.pb)
    }
    avformat_free_context(context)
  }

  /// Sets up the tracks. Call once, before the first packet.
  func add(
    _ encoder: Encoder, rate: Ratio, audio: [AudioStream], mode: SoundMode, metadata: [String: String]
  ) throws {
    guard container.accepts(picture: encoder.context.pointee.codec_id) else {
      throw FramesError(
        .unsupportedOutput, "create", path,
        "\(container.name) cannot hold \(String(cString: avcodec_get_name(encoder.context.pointee.codec_id)))",
        hint: "use .mkv, or another encoder")
    }
    let stream = avformat_new_stream(context, nil)!
    avcodec_parameters_from_context(stream.pointee.codecpar, encoder.context)
    stream.pointee.time_base = encoder.timeBase.rational
    stream.pointee.avg_frame_rate = rate.rational
    stream.pointee.sample_aspect_ratio = encoder.context.pointee.sample_aspect_ratio
    video = stream
    isIntraOnly = encoder.isIntraOnly
    videoTimeBase = encoder.timeBase
    for source in audio {
      let fate = container.fate(of: source, mode)
      fates.append(fate)
      if case .leftOut = fate { continue }
      tracks[source.id] = try SoundTrack(
        source, fate: fate, in: context, container: container, subject: path)
    }
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
      av_dict_set(&context.pointee.metadata, key, value, 0)
    }
  }

  /// Names parts of the film. Before the first packet, where the container can say them.
  func add(_ chapters: [Chapter]) {
    guard !chapters.isEmpty, container.name == "matroska" || container.isMP4 else { return }
    let room = av_calloc(chapters.count, MemoryLayout<UnsafeMutablePointer<AVChapter>?>.stride)!
    let places = room.assumingMemoryBound(to: UnsafeMutablePointer<AVChapter>?.self)
    for (index, chapter) in chapters.enumerated() {
      let own = av_mallocz(MemoryLayout<AVChapter>.stride)!.assumingMemoryBound(to: AVChapter.self)
      own.pointee.id = Int64(index + 1)
      own.pointee.time_base = TimeBase(1, 1000).rational
      own.pointee.start = TimeBase(1, 1000).ticks(chapter.start)
      own.pointee.end = TimeBase(1, 1000).ticks(chapter.end)
      if let title = chapter.title { av_dict_set(&own.pointee.metadata, "title", title, 0) }
      places[index] = own
    }
    context.pointee.chapters = places
    context.pointee.nb_chapters = UInt32(chapters.count)
  }

  /// Keeps sound until the pictures have come as far.
  func queue(_ packets: [Packet]) {
    for packet in packets {
      if let track = tracks[packet.stream] { sound += track.take(packet) }
    }
  }

  /// Writes a picture, and before it the sound up to its time. Takes the packet's contents.
  func write(_ packet: UnsafeMutablePointer<AVPacket>) throws {
    move(packet, by: shift)
    let ticks = packet.pointee.dts != rm_nopts() ? packet.pointee.dts : packet.pointee.pts
    if !isHeaderWritten {
      isIncomplete = waitsForSound
    } else if isIncomplete && packet.pointee.flags & AV_PKT_FLAG_KEY != 0 {
      try startWithoutSound()
      isIncomplete = false
    }
    try writeHeaderOnce(first: packet.pointee.pts)
    try writeSound(until: videoTimeBase.seconds(ticks))
    packet.pointee.stream_index = video!.pointee.index
    av_packet_rescale_ts(packet, videoTimeBase.rational, video!.pointee.time_base)
    try submit(packet)
    try closeFirstFragment(at: ticks)
  }

  /// Forces what was written so far to the disk.
  func synchronize() throws {
    file?.synchronize()
    if (file?.failure ?? 0) != 0 { throw failure(0) }
  }

  /// Writes what is left and the container's end. Once.
  func finish() throws {
    guard !isClosed else { return }
    isClosed = true
    sound += tracks.values.sorted { $0.index < $1.index }.flatMap { $0.finish() }
    try writeHeaderOnce(first: 0)
    try writeSound(until: .infinity)
    let code = timed { av_write_trailer(context) }
    if let file {
      avio_flush(context.pointee.pb)
      file.synchronize()
      try file.close()
    }
    if code < 0 || (file?.failure ?? 0) != 0 { throw failure(code) }
  }

  var bytesWritten: Int64 { file?.bytesWritten ?? context.pointee.pb?.pointee.bytes_written ?? 0 }
}

extension Muxer {
  /// Waits for the first picture packet, because how a container says its start depends on the first times.
  private func writeHeaderOnce(first pts: Int64) throws {
    guard !isHeaderWritten else { return }
    isHeaderWritten = true
    var options = headerOptions(first: pts)
    defer { av_dict_free(&options) }
    let code = timed { avformat_write_header(context, &options) }
    guard code >= 0 else { throw failure(code) }
    isStarted = true
  }

  /// A first fragment of a fifth of a second, so that a file plays from then on and not after a whole one.
  private func closeFirstFragment(at ticks: Int64) throws {
    guard !isFirstFragmentOut, !isIncomplete, !isIntraOnly, fragment.seconds != nil, container.isMP4 else {
      return
    }
    let first = firstTime ?? ticks
    firstTime = first
    guard videoTimeBase.seconds(ticks - first) >= 0.2 else { return }
    isFirstFragmentOut = true
    // The first call writes the index alone.
    for _ in 0..<2 {
      let code = av_write_frame(context, nil)
      guard code >= 0 else { throw failure(code) }
    }
  }

  /// Writes the sound that was kept, up to `time` in seconds.
  private func writeSound(until time: Double) throws {
    var written = 0
    defer { sound.removeFirst(written) }
    while written < sound.count {
      let packet = sound[written]
      if let order = packet.order, order + videoTimeBase.seconds(shift) > time { break }
      written += 1
      try write(packet)
    }
  }

  private func write(_ packet: Packet) throws {
    guard let track = tracks[packet.stream] else { return }
    let stream = context.pointee.streams[Int(track.index)]!
    av_packet_ref(scratch, packet.handle)
    scratch.pointee.stream_index = track.index
    scratch.pointee.pos = -1
    move(scratch, by: videoTimeBase.convert(shift, to: packet.timeBase))
    av_packet_rescale_ts(scratch, packet.timeBase.rational, stream.pointee.time_base)
    if scratch.pointee.dts == rm_nopts() { scratch.pointee.dts = scratch.pointee.pts }
    if scratch.pointee.dts == rm_nopts() { scratch.pointee.dts = (track.lastTime ?? -1) + 1 }
    if let last = track.lastTime, scratch.pointee.dts <= last { scratch.pointee.dts = last + 1 }
    if scratch.pointee.pts == rm_nopts() || scratch.pointee.pts < scratch.pointee.dts {
      scratch.pointee.pts = scratch.pointee.dts
    }
    track.lastTime = scratch.pointee.dts
    try submit(scratch)
  }

  private func move(_ packet: UnsafeMutablePointer<AVPacket>, by ticks: Int64) {
    guard ticks != 0 else { return }
    if packet.pointee.pts != rm_nopts() { packet.pointee.pts += ticks }
    if packet.pointee.dts != rm_nopts() { packet.pointee.dts += ticks }
  }

  private func submit(_ packet: UnsafeMutablePointer<AVPacket>) throws {
    let code = timed { av_write_frame(context, packet) }
    av_packet_unref(packet)
    if code < 0 || (file?.failure ?? 0) != 0 { throw failure(code) }
  }
}

/// How containers are told their times.
extension Muxer {
  /// What the container needs to say these tracks' times as they are.
  ///
  /// - Parameter pts: the first picture's, in `videoTimeBase`.
  private func headerOptions(first pts: Int64) -> OpaquePointer? {
    var options: OpaquePointer?
    // Timestamps are written as they are; negative ones too, where the container can say them.
    context.pointee.avoid_negative_ts = 0
    switch container.name {
    case "mp4", "mov": setMP4(&options)
    case "matroska", "webm":
      if pts < 0 { context.pointee.output_ts_offset = videoTimeBase.convert(-pts, to: .microseconds) }
      for (id, track) in tracks {
        if let first = sound.first(where: { $0.stream == id }) { track.setDelay(first: first) }
      }
      av_dict_set(&options, "cluster_time_limit", "\(Int((fragment.seconds ?? 5) * 1000))", 0)
    case "mpegts": av_dict_set(&options, "mpegts_copyts", "1", 0)
    case "rtsp": av_dict_set(&options, "rtsp_transport", "tcp", 0)
    case "flv": av_dict_set(&options, "flvflags", "no_duration_filesize", 0)
    case "hls":
      av_dict_set(&options, "hls_time", "2", 0)
      av_dict_set(&options, "hls_list_size", isEndless ? "6" : "0", 0)
      av_dict_set(
        &options, "hls_flags", "independent_segments+temp_file" + (isEndless ? "+delete_segments" : ""), 0)
      av_dict_set(
        &options, "hls_segment_filename", Muxer.place(path).replacing("index.m3u8", with: "%06d.ts"), 0)
    default: break
    }
    return options
  }

  /// True where an mp4 would hold its index, and all behind it, back until a silent track speaks.
  private var waitsForSound: Bool {
    guard container.isMP4, fragment.seconds != nil else { return false }
    let started = Set(sound.map(\.stream))
    return !tracks.allSatisfy { started.contains($0.key) || $0.value.source.kind == .attachment }
  }

  /// Writes an mp4's index and first fragment now; tracks that start later say so in their fragments.
  private func startWithoutSound() throws {
    let code = av_write_frame(context, nil)
    guard code >= 0 else { throw failure(code) }
    av_opt_set(context.pointee.priv_data, "movflags", "+frag_discont", 0)
  }

  private func setMP4(_ options: inout OpaquePointer?) {
    // The track's clock is the source's, so that its timestamps stay whole numbers.
    av_dict_set(&options, "video_track_timescale", "\(videoTimeBase.denominator)", 0)
    guard let seconds = fragment.seconds else {
      let flags = fragment == .fastStart ? "+faststart+use_metadata_tags" : "+use_metadata_tags"
      av_dict_set(&options, "movflags", flags, 0)
      return
    }
    var flags = "+empty_moov+default_base_moof+use_metadata_tags"
    flags += isIntraOnly ? "" : "+frag_keyframe"
    av_dict_set(&options, "frag_duration", "\(Int(seconds * 1_000_000))", 0)
    // A track of its own for one number needs the index that fragments do without; the number is kept as a tag.
    av_dict_set(&options, "write_tmcd", "0", 0)
    // An edit list carries the start and the encoder's delay.
    flags += "+delay_moov"
    av_dict_set(&options, "use_editlist", "1", 0)
    av_dict_set(&options, "movflags", flags, 0)
  }
}

/// The way to the file or peer, and what it answers.
extension Muxer {
  static func container(for path: String) -> String? { OutputAddress(path).container }

  /// What libavformat is to open: the playlist in the folder of `hls:`, and UDP in packets that fit a network's.
  private static func place(_ path: String) -> String {
    switch OutputAddress(path) {
    case .playlist(let folder): return folder + "/index.m3u8"
    case .push(let stream):
      guard stream.scheme == "udp", !stream.rest.contains("pkt_size=") else { return stream.url }
      return stream.url + (stream.rest.contains("?") ? "&" : "?") + "pkt_size=1316"
    case .file(let path): return path
    case .pictures, .standardOutput, .device, .page, .none: return path
    }
  }

  /// Connects the container to its output; `nil` where FFmpeg itself owns that.
  private static func open(
    _ context: UnsafeMutablePointer<AVFormatContext>, _ path: String, isAddress: Bool, overwrite: Bool
  ) throws -> OutputFile? {
    if context.pointee.oformat.pointee.flags & AVFMT_NOFILE != 0 { return nil }
    if isAddress {
      let code = avio_open2(
        &context.pointee.pb, place(path), AVIO_FLAG_WRITE, &context.pointee.interrupt_callback, nil)
      if code < 0 { throw FramesError(code: code, "connect to", path) }
      return nil
    }
    let opened = try OutputFile(place(path), overwrite: overwrite)
    context.pointee.pb = opened.context
    context.pointee.flags |= AVFMT_FLAG_CUSTOM_IO
    return opened
  }

  /// Gives a call that talks to a peer `peerTimeout` seconds; those that write files may take any time.
  private func timed(_ body: () -> Int32) -> Int32 {
    if file == nil { guardian.allow(peerTimeout) }
    return body()
  }

  private static func silence(of path: String, _ operation: String, _ seconds: Double) -> FramesError {
    FramesError(
      .timedOut, operation, path, "it did not answer for \(Int(seconds)) s",
      hint: "check that the peer is up and the network reaches it")
  }

  private func failure(_ code: Int32) -> FramesError {
    if guardian.isInterrupted {
      return FramesError(.interrupted, "write", path, "stopped", hint: "start it again")
    }
    if guardian.isOverdue { return Muxer.silence(of: path, "write", peerTimeout) }
    if let file, file.failure != 0 { return FramesError(errno: file.failure, "write", path) }
    return FramesError(code: code, "write", path)
  }
}
