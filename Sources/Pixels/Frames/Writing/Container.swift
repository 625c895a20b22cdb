// SPDX-License-Identifier: Apache-2.0

internal import CFFmpeg

/// A kind of output file or stream: what it can hold.
struct Container {
  let format: UnsafePointer<AVOutputFormat>

  /// FFmpeg's name: mp4, mov, matroska, webm, mpegts, flv, hls…
  var name: String { String(cString: format.pointee.name) }
  var isMP4: Bool { name == "mp4" || name == "mov" }

  init(_ format: UnsafePointer<AVOutputFormat>) { self.format = format }

  /// `nil` where this FFmpeg knows no container of that name, or for that ending.
  init?(named name: String?, path: String) {
    guard let format = av_guess_format(name, path, nil) else { return nil }
    self.format = UnsafePointer(format)
  }

  func accepts(picture codec: AVCodecID) -> Bool {
    if name == "mpegts" || name == "hls" { return Container.transportStreamCodecs.contains { $0 == codec } }
    return avformat_query_codec(format, codec, FF_COMPLIANCE_NORMAL) != 0
  }

  func accepts(sound codec: AVCodecID) -> Bool {
    switch name {
    case "mp4": return Container.mp4Sound.contains { $0 == codec }
    // What Matroska has no name of its own for, it names as WAVE does.
    case "matroska":
      return avformat_query_codec(format, codec, FF_COMPLIANCE_NORMAL) == 1 || isInWAVE(codec)
    case "avi": return isInWAVE(codec)
    // The muxers do not tell, or write what nobody reads.
    case "mpegts", "hls": return Container.transportStreamCodecs.contains { $0 == codec }
    case "rtsp":
      return [
        AV_CODEC_ID_AAC, AV_CODEC_ID_MP2, AV_CODEC_ID_MP3, AV_CODEC_ID_OPUS, AV_CODEC_ID_PCM_ALAW,
        AV_CODEC_ID_PCM_MULAW, AV_CODEC_ID_PCM_S16BE,
      ].contains { $0 == codec }
    default: return avformat_query_codec(format, codec, FF_COMPLIANCE_NORMAL) == 1
    }
  }

  /// The encoder for sound that the container cannot hold as it is; `nil` where this FFmpeg has none for it.
  var soundEncoder: String? {
    ["aac", "libopus", "libmp3lame"].first { name in
      guard let codec = avcodec_find_encoder_by_name(name) else { return false }
      return accepts(sound: codec.pointee.id)
    }
  }

  func fate(of stream: AudioStream, _ mode: SoundMode) -> SoundFate {
    guard stream.kind == .sound else {
      return accepts(beside: stream) ? .copied : .leftOut("\(name) holds no such track")
    }
    let canHold = accepts(sound: stream.parameters.pointee.codec_id)
    let isAAC = stream.parameters.pointee.codec_id == AV_CODEC_ID_AAC
    switch mode {
    case .none: return .leftOut("--audio none")
    case .copy: return canHold ? .copied : .leftOut("\(name) holds no \(stream.codec)")
    case .auto where canHold, .aac where canHold && isAAC: return .copied
    case .auto, .aac:
      guard let encoder = mode == .aac && accepts(sound: AV_CODEC_ID_AAC) ? "aac" : soundEncoder else {
        return .leftOut("\(name) holds no \(stream.codec)")
      }
      guard avcodec_find_decoder(stream.parameters.pointee.codec_id) != nil, stream.sampleRate > 0,
        stream.channels > 0
      else { return .leftOut("this FFmpeg has no decoder for \(stream.codec)") }
      return .transcoded(with: encoder)
    }
  }

  private func accepts(beside stream: AudioStream) -> Bool {
    let codec = stream.parameters.pointee.codec_id
    switch (stream.kind, name) {
    case (.subtitles, "mp4"), (.subtitles, "mov"): return codec == AV_CODEC_ID_MOV_TEXT
    case (.subtitles, "matroska"), (.subtitles, "webm"):
      return avformat_query_codec(format, codec, FF_COMPLIANCE_NORMAL) == 1
    case (.attachment, "matroska"): return stream.fileName != nil
    // What GoPro's cameras note.
    case (.data, "mp4"), (.data, "mov"): return codec == AV_CODEC_ID_BIN_DATA && stream.codec == "gpmd"
    default: return false
    }
  }

  private func isInWAVE(_ codec: AVCodecID) -> Bool {
    var tables = [avformat_get_riff_audio_tags(), nil]
    return av_codec_get_tag(&tables, codec) != 0
  }

  /// What players of .mp4 play; libavformat would write more.
  private static let mp4Sound = [
    AV_CODEC_ID_AAC, AV_CODEC_ID_MP2, AV_CODEC_ID_MP3, AV_CODEC_ID_AC3, AV_CODEC_ID_EAC3, AV_CODEC_ID_ALAC,
    AV_CODEC_ID_FLAC, AV_CODEC_ID_OPUS, AV_CODEC_ID_DTS,
  ]

  private static let transportStreamCodecs = [
    AV_CODEC_ID_H264, AV_CODEC_ID_HEVC, AV_CODEC_ID_MPEG4, AV_CODEC_ID_MPEG2VIDEO, AV_CODEC_ID_MPEG1VIDEO,
    AV_CODEC_ID_AAC, AV_CODEC_ID_AAC_LATM, AV_CODEC_ID_MP2, AV_CODEC_ID_MP3, AV_CODEC_ID_AC3,
    AV_CODEC_ID_EAC3, AV_CODEC_ID_OPUS, AV_CODEC_ID_DTS,
  ]
}

/// What is done with the sound of a source.
public enum SoundMode: String, Sendable, CaseIterable {
  /// Copied where the container can hold it, else encoded anew.
  case auto
  /// Copied, or left out.
  case copy
  /// AAC, whatever it was.
  case aac
  case none
}

/// What became of a sound track in an output.
public enum SoundFate: Sendable, Hashable {
  case copied
  /// Decoded, and encoded with FFmpeg's encoder of that name.
  case transcoded(with: String)
  /// Why.
  case leftOut(String)
}
