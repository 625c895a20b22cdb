// SPDX-License-Identifier: Apache-2.0

internal import CFFmpeg

/// A compressed piece of sound on its way from a source to an output, not looked into.
public final class Packet: @unchecked Sendable {
  // @unchecked: filled before it is passed on, only read and referenced afterwards.

  let handle: UnsafeMutablePointer<AVPacket>
  /// Which of the source's audio streams, as `AudioStream.id`.
  public internal(set) var stream: Int
  public let timeBase: TimeBase

  /// Takes the contents of `packet`, which is left blank.
  init(moving packet: UnsafeMutablePointer<AVPacket>, stream: Int, timeBase: TimeBase) {
    handle = av_packet_alloc()
    av_packet_move_ref(handle, packet)
    self.stream = stream
    self.timeBase = timeBase
  }

  deinit {
    var handle: UnsafeMutablePointer<AVPacket>? = handle
    av_packet_free(&handle)
  }

  /// Presentation time in ticks of `timeBase`, or `nil` where the source gave none.
  public var pts: Int64? { handle.pointee.pts == rm_nopts() ? nil : handle.pointee.pts }
  public var duration: Int64 { handle.pointee.duration }
  public var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: handle.pointee.data, count: Int(handle.pointee.size))
  }

  /// Seconds; the decoding time, else the presentation time, else `nil`.
  var order: Double? {
    let ticks = handle.pointee.dts != rm_nopts() ? handle.pointee.dts : handle.pointee.pts
    return ticks == rm_nopts() ? nil : timeBase.seconds(ticks)
  }

  /// Moves both times by `ticks`.
  func shift(by ticks: Int64) {
    if handle.pointee.pts != rm_nopts() { handle.pointee.pts &+= ticks }
    if handle.pointee.dts != rm_nopts() { handle.pointee.dts &+= ticks }
  }
}

/// What a track other than the pictures holds.
public enum TrackKind: String, Sendable {
  case sound, subtitles
  /// A font or a file, whole in the header.
  case attachment
  /// Places, speeds and whatever else a camera notes.
  case data
}

/// A track of a source other than its pictures, of sound where nothing else is said: enough to copy its packets
/// into an output.
public final class AudioStream: @unchecked Sendable {
  // @unchecked: a private copy of the parameters, read-only for life.

  let parameters: UnsafeMutablePointer<AVCodecParameters>
  public let kind: TrackKind
  /// The stream's number in its source.
  public let id: Int
  public let timeBase: TimeBase
  public let language: String?
  let title: String?
  /// Of an attachment.
  let fileName: String?
  let fileType: String?
  /// FFmpeg's flags, such as "default" and "commentary".
  let disposition: Int32

  init(_ stream: UnsafePointer<AVStream>) {
    parameters = avcodec_parameters_alloc()
    avcodec_parameters_copy(parameters, stream.pointee.codecpar)
    kind =
      switch parameters.pointee.codec_type {
      case AVMEDIA_TYPE_SUBTITLE: .subtitles
      case AVMEDIA_TYPE_ATTACHMENT: .attachment
      case AVMEDIA_TYPE_DATA: .data
      default: .sound
      }
    id = Int(stream.pointee.index)
    timeBase = TimeBase(stream.pointee.time_base)
    func word(_ key: String) -> String? {
      av_dict_get(stream.pointee.metadata, key, nil, 0).map { String(cString: $0.pointee.value) }
    }
    language = word("language")
    title = word("title")
    fileName = word("filename")
    fileType = word("mimetype")
    disposition = stream.pointee.disposition
  }

  deinit {
    var parameters: UnsafeMutablePointer<AVCodecParameters>? = parameters
    avcodec_parameters_free(&parameters)
  }

  /// FFmpeg's name of the codec; of data that has none, its mark in the container, as gpmd or camm.
  public var codec: String {
    let tag = parameters.pointee.codec_tag
    guard kind == .data, tag != 0 else {
      return String(cString: avcodec_get_name(parameters.pointee.codec_id))
    }
    return String(
      decoding: (0..<4).map { UInt8(tag >> ($0 * 8) & 255) }.filter { (33..<127).contains($0) }, as: UTF8.self
    )
  }
  /// The same codec, rate, channels and header.
  func isAlike(_ other: AudioStream) -> Bool {
    let (one, two) = (parameters.pointee, other.parameters.pointee)
    func header(_ parameters: AVCodecParameters) -> [UInt8] {
      parameters.extradata.map {
        Array(UnsafeBufferPointer(start: $0, count: Int(parameters.extradata_size)))
      } ?? []
    }
    return one.codec_id == two.codec_id && one.sample_rate == two.sample_rate
      && one.ch_layout.nb_channels == two.ch_layout.nb_channels && header(one) == header(two)
  }

  /// AAC with a header on each packet, as in MPEG-TS.
  var isADTS: Bool {
    parameters.pointee.codec_id == AV_CODEC_ID_AAC && parameters.pointee.extradata_size == 0
  }
  /// Samples per second.
  public var sampleRate: Int { Int(parameters.pointee.sample_rate) }
  public var channels: Int { Int(parameters.pointee.ch_layout.nb_channels) }
}
