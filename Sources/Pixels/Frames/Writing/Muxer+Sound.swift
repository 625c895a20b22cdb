// SPDX-License-Identifier: Apache-2.0

internal import CFFmpeg

/// Copied sound, put in order with the pictures.
extension Muxer {
  /// Keeps sound until the pictures have come as far.
  func queue(_ packets: [Packet]) { sound += packets.filter { tracks[$0.stream] != nil } }

  /// Writes the sound that was kept, up to `time` in seconds.
  func writeSound(until time: Double) throws {
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
    tracks[packet.stream]?.lastTime = scratch.pointee.dts
    try submit(scratch)
  }
}
