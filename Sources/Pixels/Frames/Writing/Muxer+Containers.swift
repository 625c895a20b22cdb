// SPDX-License-Identifier: Apache-2.0

internal import Addresses
internal import CFFmpeg

extension Muxer {
  var containerName: String { String(cString: context.pointee.oformat.pointee.name) }

  var isMP4: Bool { containerName == "mp4" || containerName == "mov" }

  static func container(for path: String) -> String? { OutputAddress(path).container }

  /// What libavformat is to open: the playlist in the folder of `hls:`, and UDP in packets that fit a network's.
  static func place(_ path: String) -> String {
    switch OutputAddress(path) {
    case .playlist(let folder): return folder + "/index.m3u8"
    case .push(let stream):
      guard stream.scheme == "udp", !stream.rest.contains("pkt_size=") else { return stream.url }
      return stream.url + (stream.rest.contains("?") ? "&" : "?") + "pkt_size=1316"
    case .file(let path): return path
    case .pictures, .standardOutput, .device, .page, .none: return path
    }
  }

  func accepts(_ codec: AVCodecID) -> Bool {
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

  /// What the container needs to say these tracks' times as they are.
  ///
  /// - Parameter pts: the first picture's, in `videoTimeBase`.
  func headerOptions(first pts: Int64) -> OpaquePointer? {
    var options: OpaquePointer?
    // Timestamps are written as they are; negative ones too, where the container can say them.
    context.pointee.avoid_negative_ts = 0
    switch containerName {
    case "mp4", "mov": setMP4(&options)
    case "matroska", "webm":
      if pts < 0 { context.pointee.output_ts_offset = videoTimeBase.convert(-pts, to: .microseconds) }
      setEncoderDelays()
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

  /// True where an mp4 would hold its index, and all behind it, back until a silent track speaks.
  var waitsForSound: Bool {
    guard isMP4, fragment.seconds != nil else { return false }
    let started = Set(sound.map(\.stream))
    return !tracks.keys.allSatisfy(started.contains)
  }

  /// Writes an mp4's index and first fragment now; tracks that start later say so in their fragments.
  func startWithoutSound() throws {
    let code = av_write_frame(context, nil)
    guard code >= 0 else { throw failure(code) }
    av_opt_set(context.pointee.priv_data, "movflags", "+frag_discont", 0)
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
    av_dict_set(&options, "frag_duration", "\(Int(seconds * 1_000_000))", 0)
    // An edit list carries the start and the encoder's delay.
    flags += "+delay_moov"
    av_dict_set(&options, "use_editlist", "1", 0)
    av_dict_set(&options, "movflags", flags, 0)
  }
}
