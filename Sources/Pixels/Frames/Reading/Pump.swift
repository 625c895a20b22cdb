// SPDX-License-Identifier: Apache-2.0

internal import CFFmpeg
internal import Glibc

/// Moves packets from a container into its decoder until a picture comes out, setting sound aside.
final class Pump {
  private let demuxer: Demuxer
  private let decoder: Decoder
  private let packet: UnsafeMutablePointer<AVPacket> = av_packet_alloc()
  /// The container has no more packets.
  private(set) var isDraining = false
  /// What ended a file before its end; told once the decoder has given all it holds.
  private var failure: FramesError?
  /// Set aside, until it is taken.
  var sound: [Packet] = []
  /// The latest time of sound that was met, in seconds.
  private(set) var soundReached = 0.0
  /// Packets that the container marks as damaged, and those that the decoder refused; many are both.
  private(set) var damaged = (marked: 0, refused: 0)

  init(demuxer: Demuxer, decoder: Decoder) {
    self.demuxer = demuxer
    self.decoder = decoder
  }

  deinit {
    var packet: UnsafeMutablePointer<AVPacket>? = packet
    av_packet_free(&packet)
  }

  /// Reads that may fail one after another before the source counts as ended.
  private static let patience = 64

  /// The next picture in presentation order, or `nil` at the end. It belongs to the caller.
  ///
  /// - Throws: interrupted, stalled, unreadable; for network sources also what ended them.
  func picture() throws -> UnsafeMutablePointer<AVFrame>? {
    let frame = FrameShells.take()
    var failures = 0
    while true {
      let code = decoder.receive(into: frame)
      if code >= 0 { return frame }
      if code == rm_averror_eof() {
        FrameShells.give(frame)
        if let failure { throw failure }
        return nil
      }
      if code != rm_averror(EAGAIN) {
        if !decoder.isBeforeKey { damaged.refused += 1 }
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
  private func feed(_ failures: inout Int) throws {
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
        let isDamage = code == rm_averror_invaliddata()
        if demuxer.isNetwork {
          if !isDamage && code != rm_averror_eof() { throw demuxer.loss(code) }
        } else {
          failure = demuxer.breakage
        }
        if isDamage && failure == nil {
          failures += 1
          if failures < Pump.patience { continue }
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
      let answer = decoder.send(packet, at: IOGuard.now(), waited: demuxer.waited - begin)
      // What comes before the first key frame was cut off, not damaged.
      guard !decoder.isBeforeKey else { return }
      if packet.pointee.flags & AV_PKT_FLAG_CORRUPT != 0 { damaged.marked += 1 }
      if answer < 0 { damaged.refused += 1 }
      return
    }
  }

  private func setAside() {
    let id = Int(packet.pointee.stream_index)
    guard let stream = (demuxer.audio + demuxer.beside).first(where: { $0.id == id }) else { return }
    let new = Packet(moving: packet, stream: stream.id, timeBase: stream.timeBase)
    if stream.kind == .sound, let time = new.order { soundReached = max(soundReached, time) }
    sound.append(new)
  }

  /// Reads on without decoding until every sound track has reached `end` seconds.
  func addSound(until end: Double) {
    var missing = Set(demuxer.audio.map(\.id))
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
  }
}
