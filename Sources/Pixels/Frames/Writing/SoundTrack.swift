// SPDX-License-Identifier: Apache-2.0

internal import CFFmpeg

/// A track beside the pictures on its way into a container: copied, brought into the container's form, or encoded anew.
final class SoundTrack {
  let source: AudioStream
  /// Of the packets that come out.
  let timeBase: TimeBase
  /// In the output.
  let index: Int32
  /// The latest decoding time written, in ticks of the output's stream.
  var lastTime: Int64?
  private let stream: UnsafeMutablePointer<AVStream>
  private let transcoder: SoundTranscoder?
  /// Takes the headers off AAC as streams have it; MP4, Matroska and FLV say them once.
  private var stripper: UnsafeMutablePointer<AVBSFContext>?

  /// Adds a track to `context`.
  ///
  /// - Throws: unsupportedEncoder, invalidData, where the sound cannot be encoded anew.
  init(
    _ source: AudioStream, fate: SoundFate, in context: UnsafeMutablePointer<AVFormatContext>,
    container: Container, subject: String
  ) throws {
    self.source = source
    if case .transcoded(let encoder) = fate {
      transcoder = try SoundTranscoder(source, encoder: encoder, subject: subject)
    } else {
      transcoder = nil
    }
    stream = avformat_new_stream(context, nil)!
    index = stream.pointee.index
    timeBase = transcoder?.timeBase ?? source.timeBase
    let parameters = stream.pointee.codecpar!
    if let transcoder {
      avcodec_parameters_from_context(parameters, transcoder.context)
      // What precedes time 0 is told by the times themselves.
      parameters.pointee.initial_padding = 0
    } else {
      avcodec_parameters_copy(parameters, source.parameters)
      if source.isADTS && container.name != "mpegts" && container.name != "hls" {
        stripper = try SoundTrack.stripper(of: source, subject)
        SoundTrack.set(AudioConfig(of: source).bytes, as: parameters)
      }
    }
    // The tag belongs to the source's container; of data it is the name.
    if source.kind != .data { parameters.pointee.codec_tag = 0 }
    if let name = source.fileName { av_dict_set(&stream.pointee.metadata, "filename", name, 0) }
    if let type = source.fileType { av_dict_set(&stream.pointee.metadata, "mimetype", type, 0) }
    stream.pointee.time_base = timeBase.rational
    if let language = source.language { av_dict_set(&stream.pointee.metadata, "language", language, 0) }
    if let title = source.title { av_dict_set(&stream.pointee.metadata, "title", title, 0) }
    stream.pointee.disposition = source.disposition
  }

  deinit { av_bsf_free(&stripper) }

  /// What the track gives for one packet of its source: none or more.
  func take(_ packet: Packet) -> [Packet] {
    if let transcoder { return transcoder.take(packet) }
    guard let stripper else { return [packet] }
    let own = av_packet_clone(packet.handle)
    var copy = own
    defer { av_packet_free(&copy) }
    guard av_bsf_send_packet(stripper, own) >= 0, av_bsf_receive_packet(stripper, own) >= 0, let own else {
      return []
    }
    var size = 0
    if let bytes = av_packet_get_side_data(own, AV_PKT_DATA_NEW_EXTRADATA, &size), size > 0 {
      SoundTrack.set(Array(UnsafeBufferPointer(start: bytes, count: size)), as: stream.pointee.codecpar)
      av_packet_free_side_data(own)
    }
    return [Packet(moving: own, stream: source.id, timeBase: packet.timeBase)]
  }

  /// What an encoder still holds.
  func finish() -> [Packet] { transcoder?.finish() ?? [] }

  /// Says sound before time 0 as an encoder's delay, for containers without negative times.
  func setDelay(first packet: Packet) {
    guard let pts = packet.pts, pts < 0 else { return }
    let parameters = stream.pointee.codecpar!
    guard parameters.pointee.initial_padding == 0 else { return }
    let samples = -packet.timeBase.seconds(pts) * Double(parameters.pointee.sample_rate)
    parameters.pointee.initial_padding = Int32(min(samples.rounded(), 1e9))
  }

  private static func stripper(of source: AudioStream, _ subject: String) throws
    -> UnsafeMutablePointer<AVBSFContext>?
  {
    var filter: UnsafeMutablePointer<AVBSFContext>?
    guard let kind = av_bsf_get_by_name("aac_adtstoasc") else {
      throw FramesError(
        .unsupportedOutput, "create", subject, "this FFmpeg lacks the filter aac_adtstoasc",
        hint: "use .ts, or --audio none")
    }
    var code = av_bsf_alloc(kind, &filter)
    if code >= 0, let filter {
      avcodec_parameters_copy(filter.pointee.par_in, source.parameters)
      filter.pointee.time_base_in = source.timeBase.rational
      code = av_bsf_init(filter)
    }
    guard code >= 0 else {
      av_bsf_free(&filter)
      throw FramesError(code: code, "create", subject)
    }
    return filter
  }

  private static func set(_ bytes: [UInt8], as parameters: UnsafeMutablePointer<AVCodecParameters>) {
    av_freep(&parameters.pointee.extradata)
    let room = av_mallocz(bytes.count + Int(AV_INPUT_BUFFER_PADDING_SIZE))!
    room.copyMemory(from: bytes, byteCount: bytes.count)
    parameters.pointee.extradata = room.assumingMemoryBound(to: UInt8.self)
    parameters.pointee.extradata_size = Int32(bytes.count)
  }
}

/// The AudioSpecificConfig of ISO 14496-3: what an AAC track says once instead of in each packet.
struct AudioConfig {
  let bytes: [UInt8]

  /// From what probing found, for a track whose first packet is still to come.
  init(of stream: AudioStream) {
    let rates = [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350]
    // Spectral band replication doubles the rate of the low-complexity stream that carries it.
    let isDoubled = [4, 28].contains(stream.parameters.pointee.profile)
    let rate = isDoubled ? stream.sampleRate / 2 : stream.sampleRate
    let index = rates.firstIndex(of: rate) ?? 4
    let kind =
      (0...3).contains(stream.parameters.pointee.profile) ? Int(stream.parameters.pointee.profile) + 1 : 2
    let channels = stream.channels == 8 ? 7 : min(stream.channels, 6)
    let word = kind << 11 | index << 7 | channels << 3
    bytes = [UInt8(word >> 8 & 255), UInt8(word & 255)]
  }
}
