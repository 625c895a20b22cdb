// SPDX-License-Identifier: Apache-2.0

internal import CFFmpeg

/// A compressed piece of sound on its way from a source to an output, not looked into.
public final class Packet: @unchecked Sendable {
  // @unchecked: filled before it is passed on, only read and referenced afterwards.

  let handle: UnsafeMutablePointer<AVPacket>
  /// Which of the source's audio streams, as `AudioStream.id`.
  public let stream: Int
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

/// A sound track of a source: enough to copy its packets into an output.
public final class AudioStream: @unchecked Sendable {
  // @unchecked: a private copy of the parameters, read-only for life.

  let parameters: UnsafeMutablePointer<AVCodecParameters>
  /// The stream's number in its source.
  public let id: Int
  public let timeBase: TimeBase
  public let language: String?

  init(_ stream: UnsafePointer<AVStream>) {
    parameters = avcodec_parameters_alloc()
    avcodec_parameters_copy(parameters, stream.pointee.codecpar)
    id = Int(stream.pointee.index)
    timeBase = TimeBase(stream.pointee.time_base)
    let entry = av_dict_get(stream.pointee.metadata, "language", nil, 0)
    language = entry.map { String(cString: $0.pointee.value) }
  }

  deinit {
    var parameters: UnsafeMutablePointer<AVCodecParameters>? = parameters
    avcodec_parameters_free(&parameters)
  }

  public var codec: String { String(cString: avcodec_get_name(parameters.pointee.codec_id)) }
  /// Samples per second.
  public var sampleRate: Int { Int(parameters.pointee.sample_rate) }
  public var channels: Int { Int(parameters.pointee.ch_layout.nb_channels) }
}
