// SPDX-License-Identifier: Apache-2.0

internal import CFFmpeg
internal import Glibc

/// An output container: one picture track and copied sound, written as it comes.
///
/// Packets are put in order here rather than by libavformat, which would hold pictures back for as long as
/// a sound track is silent.
final class Muxer {
  let path: String
  /// Sound tracks that the container cannot hold.
  private(set) var skippedAudio: [AudioStream] = []
  /// Null for containers that open their own output, as RTSP and HLS do.
  let file: OutputFile?

  private let context: UnsafeMutablePointer<AVFormatContext>
  private let guardian: IOGuard
  private let fragment: Fragmentation
  private let scratch: UnsafeMutablePointer<AVPacket>
  private var isHeaderWritten = false
  private var isClosed = false
  /// Of the picture packets that come in.
  private var videoTimeBase = TimeBase.microseconds
  private var isIntraOnly = false
  /// By the source's stream id.
  private var tracks: [Int: (index: Int32, timeBase: TimeBase, lastTime: Int64?)] = [:]
  private var sound: [Packet] = []
  private var video: UnsafeMutablePointer<AVStream>?

  init(
    _ path: String, container: String?, fragment: Fragmentation, overwrite: Bool, interrupt: InterruptFlag?
  ) throws {
    LogCollector.shared.install()
    self.path = path
    self.fragment = fragment
    guardian = IOGuard(interrupt)
    let isAddress = path.contains("://")
    if isAddress { avformat_network_init() }
    var allocated: UnsafeMutablePointer<AVFormatContext>?
    let name = container ?? Muxer.container(for: path)
    avformat_alloc_output_context2(&allocated, nil, name, path)
    guard let allocated else {
      throw FramesError(
        .unsupportedOutput, "create", path, "no container for \(name.map { "'\($0)'" } ?? "this ending")",
        hint: "use .mp4, .mkv or .ts")
    }
    allocated.pointee.interrupt_callback = guardian.callback
    do {
      file = try Muxer.open(allocated, path, isAddress: isAddress, overwrite: overwrite)
    } catch {
      // Not all of `self` exists yet, so no deinit will run.
      avformat_free_context(allocated)
      throw error
    }
    context = allocated
    context.pointee.flags |= AVFMT_FLAG_FLUSH_PACKETS | AVFMT_FLAG_BITEXACT
    context.pointee.flush_packets = 1
    scratch = av_packet_alloc()
  }

  /// Connects the container to its output; `nil` where FFmpeg itself owns that.
  private static func open(
    _ context: UnsafeMutablePointer<AVFormatContext>, _ path: String, isAddress: Bool, overwrite: Bool
  ) throws -> OutputFile? {
    if context.pointee.oformat.pointee.flags & AVFMT_NOFILE != 0 { return nil }
    if isAddress && !path.hasPrefix("file:") {
      let code = avio_open2(
        &context.pointee.pb, path, AVIO_FLAG_WRITE, &context.pointee.interrupt_callback, nil)
      if code < 0 { throw FramesError(code: code, "create", path) }
      return nil
    }
    let opened = try OutputFile(path, overwrite: overwrite)
    context.pointee.pb = opened.context
    context.pointee.flags |= AVFMT_FLAG_CUSTOM_IO
    return opened
  }

  deinit {
    var scratch: UnsafeMutablePointer<AVPacket>? = scratch
    av_packet_free(&scratch)
    if file == nil, context.pointee.pb != nil, context.pointee.oformat.pointee.flags & AVFMT_NOFILE == 0 {
      avio_closep(&context.pointee.pb)
    }
    avformat_free_context(context)
  }

  /// Sets up the tracks. Call once, before the first packet.
  func add(_ encoder: Encoder, rate: Ratio, audio: [AudioStream], metadata: [String: String]) throws {
    guard accepts(encoder.context.pointee.codec_id) else {
      throw FramesError(
        .unsupportedOutput, "create", path,
        "\(containerName) cannot hold \(String(cString: avcodec_get_name(encoder.context.pointee.codec_id)))",
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
      guard accepts(source.parameters.pointee.codec_id) else {
        skippedAudio.append(source)
        continue
      }
      let track = avformat_new_stream(context, nil)!
      avcodec_parameters_copy(track.pointee.codecpar, source.parameters)
      // The tag belongs to the source's container.
      track.pointee.codecpar.pointee.codec_tag = 0
      track.pointee.time_base = source.timeBase.rational
      if let language = source.language { av_dict_set(&track.pointee.metadata, "language", language, 0) }
      tracks[source.id] = (track.pointee.index, source.timeBase, nil)
    }
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
      av_dict_set(&context.pointee.metadata, key, value, 0)
    }
  }

  /// Keeps sound until the pictures have come as far.
  func queue(_ packets: [Packet]) { sound += packets.filter { tracks[$0.stream] != nil } }

  /// Writes a picture, and before it the sound up to its time. Takes the packet's contents.
  func write(_ packet: UnsafeMutablePointer<AVPacket>) throws {
    let ticks = packet.pointee.dts != rm_nopts() ? packet.pointee.dts : packet.pointee.pts
    if !isHeaderWritten { try writeHeader(first: packet.pointee.pts) }
    try writeSound(until: videoTimeBase.seconds(ticks))
    packet.pointee.stream_index = video!.pointee.index
    av_packet_rescale_ts(packet, videoTimeBase.rational, video!.pointee.time_base)
    try submit(packet)
  }

  /// Writes what is left and the container's end. Once.
  func finish() throws {
    guard !isClosed else { return }
    isClosed = true
    if !isHeaderWritten { try writeHeader(first: 0) }
    try writeSound(until: .infinity)
    let code = av_write_trailer(context)
    if let file { try file.close() }
    if code < 0 || (file?.failure ?? 0) != 0 { throw failure(code) }
  }

  var bytesWritten: Int64 { file?.bytesWritten ?? context.pointee.pb?.pointee.bytes_written ?? 0 }
}

extension Muxer {
  var containerName: String { String(cString: context.pointee.oformat.pointee.name) }

  private static func container(for path: String) -> String? {
    if path == "-" { return "matroska" }
    if path.hasPrefix("rtmp") { return "flv" }
    if path.hasPrefix("rtsp://") { return "rtsp" }
    if path.hasPrefix("udp://") || path.hasPrefix("srt://") || path.hasPrefix("tcp://") { return "mpegts" }
    return nil
  }

  private func accepts(_ codec: AVCodecID) -> Bool {
    let answer = avformat_query_codec(context.pointee.oformat, codec, FF_COMPLIANCE_NORMAL)
    if answer >= 0 || containerName != "mpegts" { return answer != 0 }
    // FFmpeg's MPEG-TS muxer does not tell, and writes what nobody reads.
    return Muxer.transportStreamCodecs.contains { $0 == codec }
  }

  private static let transportStreamCodecs = [
    AV_CODEC_ID_H264, AV_CODEC_ID_HEVC, AV_CODEC_ID_MPEG4, AV_CODEC_ID_MPEG2VIDEO, AV_CODEC_ID_MPEG1VIDEO,
    AV_CODEC_ID_AAC, AV_CODEC_ID_MP2, AV_CODEC_ID_MP3, AV_CODEC_ID_AC3, AV_CODEC_ID_EAC3, AV_CODEC_ID_OPUS,
    AV_CODEC_ID_DTS,
  ]

  /// Waits for the first picture packet, because the way an mp4 says its start depends on the first times.
  private func writeHeader(first pts: Int64) throws {
    isHeaderWritten = true
    var options: OpaquePointer?
    defer { av_dict_free(&options) }
    // Timestamps are written as they are; negative ones too, where the container can say them.
    context.pointee.avoid_negative_ts = 0
    switch containerName {
    case "mp4", "mov": setMP4(&options)
    case "matroska", "webm":
      if pts < 0 { context.pointee.output_ts_offset = videoTimeBase.convert(-pts, to: .microseconds) }
      setEncoderDelays()
      av_dict_set(&options, "cluster_time_limit", "\(Int((fragment.seconds ?? 5) * 1000))", 0)
    case "mpegts": av_dict_set(&options, "mpegts_copyts", "1", 0)
    default: break
    }
    let code = avformat_write_header(context, &options)
    guard code >= 0 else { throw failure(code) }
  }

  /// Matroska says sound before time 0 as an encoder's delay, which MP4 had in an edit list.
  private func setEncoderDelays() {
    for (id, track) in tracks {
      guard let first = sound.first(where: { $0.stream == id }), let pts = first.pts, pts < 0 else {
        continue
      }
      let parameters = context.pointee.streams[Int(track.index)]!.pointee.codecpar!
      guard parameters.pointee.initial_padding == 0 else { continue }
      let samples = -first.timeBase.seconds(pts) * Double(parameters.pointee.sample_rate)
      parameters.pointee.initial_padding = Int32(samples.rounded())
    }
  }

  private func setMP4(_ options: inout OpaquePointer?) {
    // The track's clock is the source's, so that its timestamps stay whole numbers.
    av_dict_set(&options, "video_track_timescale", "\(videoTimeBase.denominator)", 0)
    guard let seconds = fragment.seconds else {
      if fragment == .fastStart { av_dict_set(&options, "movflags", "+faststart", 0) }
      return
    }
    var flags = "+empty_moov+default_base_moof"
    flags += isIntraOnly ? "" : "+frag_keyframe"
    if isIntraOnly { av_dict_set(&options, "frag_duration", "\(Int(seconds * 1_000_000))", 0) }
    // An edit list carries the start and the encoder's delay, but waits for every track's first packet.
    let started = Set(sound.map(\.stream))
    if tracks.keys.allSatisfy(started.contains) {
      flags += "+delay_moov"
      av_dict_set(&options, "use_editlist", "1", 0)
    } else {
      flags += "+frag_discont+negative_cts_offsets"
      av_dict_set(&options, "use_editlist", "0", 0)
    }
    av_dict_set(&options, "movflags", flags, 0)
  }

  private func writeSound(until time: Double) throws {
    var written = 0
    defer { sound.removeFirst(written) }
    while written < sound.count {
      let packet = sound[written]
      if let order = packet.order, order > time { break }
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
    av_packet_rescale_ts(scratch, packet.timeBase.rational, stream.pointee.time_base)
    if scratch.pointee.dts == rm_nopts() { scratch.pointee.dts = scratch.pointee.pts }
    if scratch.pointee.dts == rm_nopts() { scratch.pointee.dts = (track.lastTime ?? -1) + 1 }
    if let last = track.lastTime, scratch.pointee.dts <= last { scratch.pointee.dts = last + 1 }
    if scratch.pointee.pts == rm_nopts() || scratch.pointee.pts < scratch.pointee.dts {
      scratch.pointee.pts = scratch.pointee.dts
    }
    tracks[packet.stream]?.lastTime = scratch.pointee.dts
    try submit(scratch)
  }

  private func submit(_ packet: UnsafeMutablePointer<AVPacket>) throws {
    let code = av_write_frame(context, packet)
    av_packet_unref(packet)
    if code < 0 || (file?.failure ?? 0) != 0 { throw failure(code) }
  }

  private func failure(_ code: Int32) -> FramesError {
    if guardian.isInterrupted {
      return FramesError(.interrupted, "write", path, "stopped", hint: "start it again")
    }
    if let file, file.failure != 0 { return FramesError(errno: file.failure, "write", path) }
    return FramesError(code: code, "write", path)
  }
}
