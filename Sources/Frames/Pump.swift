// SPDX-License-Identifier: Apache-2.0

internal import CFFmpeg
internal import Glibc

/// Moves packets from a container into its decoder until a picture comes out, setting sound aside.
struct Pump {
  let demuxer: Demuxer
  let decoder: Decoder
  let packet: UnsafeMutablePointer<AVPacket>
  var isDraining = false
  var sound: [Packet] = []
  var counts = VideoReader.Statistics()

  init(demuxer: Demuxer, decoder: Decoder, packet: UnsafeMutablePointer<AVPacket>) {
    self.demuxer = demuxer
    self.decoder = decoder
    self.packet = packet
  }

  /// Reads that may fail one after another before the source counts as ended.
  private static let patience = 64

  /// The next picture in presentation order, or `nil` at the end. It belongs to the caller.
  ///
  /// - Throws: interrupted, stalled; for network sources also what ended them.
  mutating func picture() throws -> UnsafeMutablePointer<AVFrame>? {
    let frame = FrameShells.take()
    var failures = 0
    while true {
      let code = decoder.receive(into: frame)
      if code >= 0 { return frame }
      if code == rm_averror_eof() {
        FrameShells.give(frame)
        return nil
      }
      if code != rm_averror(EAGAIN) {
        counts.corruptPackets += 1
        continue
      }
      do {
        try feed(&failures)
      } catch {
        FrameShells.give(frame)
        throw error
      }
    }
  }

  /// Gives the decoder one packet, or tells it that there are no more.
  private mutating func feed(_ failures: inout Int) throws {
    // Sound alone does not keep a stream of pictures alive.
    demuxer.allowStall()
    let begin = demuxer.waited
    while true {
      let code = demuxer.read(into: packet)
      if code < 0 && (demuxer.guardian.isInterrupted || demuxer.guardian.isOverdue) {
        throw demuxer.loss(code)
      }
      if code == rm_averror(EAGAIN) {
        usleep(1000)
        continue
      }
      if code < 0 {
        if code != rm_averror_eof() {
          counts.readErrors += 1
          failures += 1
          if demuxer.isNetwork && code != rm_averror_invaliddata() { throw demuxer.loss(code) }
          if code == rm_averror_invaliddata() && failures < Pump.patience { continue }
        }
        isDraining = true
        _ = decoder.send(nil)
        return
      }
      defer { av_packet_unref(packet) }
      if packet.pointee.stream_index != demuxer.video.pointee.index {
        setAside()
        continue
      }
      if packet.pointee.flags & AV_PKT_FLAG_CORRUPT != 0 { counts.corruptPackets += 1 }
      if decoder.send(packet, at: IOGuard.now(), waited: demuxer.waited - begin) < 0 {
        counts.corruptPackets += 1
      }
      return
    }
  }

  private mutating func setAside() {
    guard let stream = demuxer.audio.first(where: { $0.id == Int(packet.pointee.stream_index) }) else {
      return
    }
    sound.append(Packet(moving: packet, stream: stream.id, timeBase: stream.timeBase))
  }

  /// Reads on without decoding until every sound track has reached `end` seconds; gives what it met.
  mutating func sound(until end: Double, of streams: [AudioStream]) -> [Packet] {
    var missing = Set(streams.map(\.id))
    demuxer.allowStall()
    while !missing.isEmpty, demuxer.read(into: packet) >= 0 {
      let stream = Int(packet.pointee.stream_index)
      if packet.pointee.stream_index == demuxer.video.pointee.index {
        // Sound a second behind the pictures in the file is not waited for.
        let timeBase = TimeBase(demuxer.video.pointee.time_base)
        if packet.pointee.dts != rm_nopts(), timeBase.seconds(packet.pointee.dts) > end + 1 { missing = [] }
      } else {
        setAside()
        if let time = sound.last?.order, time >= end { missing.remove(stream) }
      }
      av_packet_unref(packet)
    }
    return sound
  }
}
