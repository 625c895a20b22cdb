// SPDX-License-Identifier: Apache-2.0

internal import Addresses
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

  /// A playlist keeps its last segments only.
  var isEndless = false

  let context: UnsafeMutablePointer<AVFormatContext>
  let guardian: IOGuard
  let peerTimeout: Double
  let fragment: Fragmentation
  /// Added to all times, in `videoTimeBase`.
  let shift: Int64
  let scratch: UnsafeMutablePointer<AVPacket>
  private(set) var isHeaderWritten = false
  private var isStarted = false
  /// Some track was silent when the first picture came.
  private var isIncomplete = false
  private var isClosed = false
  /// Of the first picture packet, until the first fragment is out.
  private var firstTime: Int64?
  private var isFirstFragmentOut = false
  /// Of the picture packets that come in.
  private(set) var videoTimeBase = TimeBase.microseconds
  private(set) var isIntraOnly = false
  /// By the source's stream id.
  var tracks: [Int: (index: Int32, timeBase: TimeBase, lastTime: Int64?)] = [:]
  var sound: [Packet] = []
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
    context.pointee.flags |= AVFMT_FLAG_FLUSH_PACKETS | AVFMT_FLAG_BITEXACT
    context.pointee.flush_packets = 1
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
    guard !isFirstFragmentOut, !isIncomplete, !isIntraOnly, fragment.seconds != nil, isMP4 else { return }
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

  func move(_ packet: UnsafeMutablePointer<AVPacket>, by ticks: Int64) {
    guard ticks != 0 else { return }
    if packet.pointee.pts != rm_nopts() { packet.pointee.pts += ticks }
    if packet.pointee.dts != rm_nopts() { packet.pointee.dts += ticks }
  }

  func submit(_ packet: UnsafeMutablePointer<AVPacket>) throws {
    let code = timed { av_write_frame(context, packet) }
    av_packet_unref(packet)
    if code < 0 || (file?.failure ?? 0) != 0 { throw failure(code) }
  }
}
