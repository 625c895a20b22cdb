// SPDX-License-Identifier: Apache-2.0

internal import CFFmpeg

/// One clock for all tracks of a file, where its own starts anew or errs.
///
/// Recordings that were put together begin again at their own time. Where decoding times of a track jump, the
/// packets that follow are looked at: if they go on from before, one packet lied and its time is thrown away;
/// if they go on from the jump, a new part has begun, and all tracks move by the same amount, so that it starts
/// where the part before ends. Jumps ahead are gaps and are kept, but for transport streams, whose clock means
/// nothing across parts.
final class PacketClock {
  private struct Track {
    let timeBase: TimeBase
    let isPicture: Bool
    /// Subtitles and data: they come when they come, and move as the others do.
    let isSparse: Bool
    /// Microseconds, moved: decoding time of the last packet, and where what was read ends.
    var last: Int64?
    var end: Int64 = .min
    /// What the last packet is shown later than it is decoded.
    var delay: Int64 = 0
    /// Of an ordinary packet.
    var step: Int64 = 40_000
    /// Index into `shifts`.
    var part = 0

    init(_ stream: UnsafePointer<AVStream>) {
      timeBase = TimeBase(stream.pointee.time_base)
      let kind = stream.pointee.codecpar.pointee.codec_type
      isSparse = kind != AVMEDIA_TYPE_VIDEO && kind != AVMEDIA_TYPE_AUDIO
      isPicture = stream.pointee.codecpar.pointee.codec_type == AVMEDIA_TYPE_VIDEO
    }

    func isBack(_ time: Int64) -> Bool { last.map { time < $0 - PacketClock.waver } ?? false }
    func isAhead(_ time: Int64) -> Bool { last.map { time > $0 + max(1_000_000, 8 * step) } ?? false }
    func follows(_ time: Int64, from before: Int64) -> Bool {
      time > before - PacketClock.waver && time <= before + max(1_000_000, 8 * step)
    }
  }

  private struct Held {
    let packet: UnsafeMutablePointer<AVPacket>
    let stream: Int32
    /// Microseconds, as the file has them.
    let time: Int64?
    let start: Int64
    let length: Int64
  }

  /// Decoding times may waver by this much; microseconds.
  private static let waver: Int64 = 60_000
  /// A longer step ahead is a new part, in transport streams and in all.
  private static let longestGap = (transport: Int64(10_000_000), any: Int64(1) << 45)
  /// Packets that are looked at, of the track that jumped and in all.
  private static let reach = (own: 4, all: 1000)

  /// Timestamps that were thrown away, and parts after the first.
  private(set) var mended = 0
  private var tracks: [Int32: Track] = [:]
  private var shifts: [Int64] = [0]
  private var held: [Held] = []
  private var isEnding = false
  private let clockMayRestart: Bool

  /// - Parameter clockMayRestart: the container allows its clock to jump, as MPEG-TS does.
  init(_ streams: [UnsafeMutablePointer<AVStream>], clockMayRestart: Bool) {
    self.clockMayRestart = clockMayRestart
    for stream in streams { tracks[stream.pointee.index] = Track(stream) }
  }

  deinit {
    for held in held {
      var packet: UnsafeMutablePointer<AVPacket>? = held.packet
      av_packet_free(&packet)
    }
  }

  /// After a jump that we made.
  func reset() {
    for key in tracks.keys { tracks[key]?.last = nil }
  }

  /// There are no more packets.
  func end() { isEnding = true }

  /// Takes the contents of `packet`.
  func push(_ packet: UnsafeMutablePointer<AVPacket>) {
    let own = av_packet_alloc()!
    av_packet_move_ref(own, packet)
    let base = tracks[own.pointee.stream_index]?.timeBase ?? .microseconds
    func time(_ ticks: Int64) -> Int64? {
      ticks == rm_nopts() || abs(ticks) > 1 << 56 ? nil : base.convert(ticks, to: .microseconds)
    }
    let isPicture = tracks[own.pointee.stream_index]?.isPicture ?? true
    let (dts, pts) = (time(own.pointee.dts), time(own.pointee.pts))
    held.append(
      Held(
        packet: own, stream: own.pointee.stream_index, time: dts ?? (isPicture ? nil : pts),
        start: pts ?? dts ?? 0, length: max(0, time(own.pointee.duration) ?? 0)))
  }

  /// Gives the next packet whose time is certain; false where more must be pushed first.
  func pop(into packet: UnsafeMutablePointer<AVPacket>) -> Bool {
    guard let first = held.first, settle(first) else { return false }
    held.removeFirst()
    av_packet_move_ref(packet, first.packet)
    var empty: UnsafeMutablePointer<AVPacket>? = first.packet
    av_packet_free(&empty)
    return true
  }

  /// Gives `first` its time; false where that needs a look further ahead.
  private func settle(_ first: Held) -> Bool {
    guard var track = tracks[first.stream], let time = first.time else {
      move(first)
      return true
    }
    if track.isSparse {
      tracks[first.stream]?.part = shifts.count - 1
      move(first)
      return true
    }
    var moved = time + shifts[track.part]
    if track.last == nil {
      track.part = shifts.count - 1
      moved = time + shifts[track.part]
    } else if track.isBack(moved) || track.isAhead(moved) {
      guard let decision = decision(on: first, moved, track) else { return false }
      switch decision {
      case .part(let part): track.part = part
      case .lie:
        track.last = track.last! + track.step
        tracks[first.stream] = track
        fill(first, with: track)
        return true
      case .gap: break
      }
      moved = time + shifts[track.part]
    }
    if let last = track.last, moved > last, moved - last < 1_000_000 { track.step = moved - last }
    track.last = max(moved, track.last ?? moved)
    guard abs(first.start - time) <= 10_000_000 else {
      // The order of decoding is right, the time to show it is not.
      tracks[first.stream] = track
      fill(first, with: track)
      return true
    }
    track.delay = first.start - time
    track.end = max(track.end, first.start + shifts[track.part] + max(first.length, track.step))
    tracks[first.stream] = track
    move(first)
    return true
  }

  private enum Decision {
    case part(Int)
    case lie
    case gap
  }

  /// What a jump of `first` means; `nil` where more packets must be seen.
  private func decision(on first: Held, _ moved: Int64, _ track: Track) -> Decision? {
    let time = first.time!
    // Another track has begun the part already.
    var part = track.part + 1
    while part < shifts.count {
      let there = time + shifts[part]
      if !track.isBack(there) && there < track.last! + 5_000_000 { return .part(part) }
      part += 1
    }
    let own = followers(of: first)
    let isEnough = own.count == PacketClock.reach.own && othersAreSeen(besides: first.stream)
    guard isEnough || isEnding || held.count >= PacketClock.reach.all else { return nil }
    let shift = shifts[track.part]
    let goesOn = own.first.map { track.follows($0, from: time) } ?? track.isBack(moved)
    let comesBack = own.contains { follower in
      track.follows(follower + shift, from: track.last!) && follower + shift > track.last!
    }
    if track.isBack(moved) { return !goesOn && comesBack ? .lie : .part(begin(with: first)) }
    if comesBack || own.isEmpty { return .lie }
    let ahead = moved - track.last!
    let limit = clockMayRestart ? PacketClock.longestGap.transport : PacketClock.longestGap.any
    return ahead > limit ? .part(begin(with: first)) : .gap
  }

  /// Times of the packets behind `first` in its track, as far as they are looked at.
  private func followers(of first: Held) -> [Int64] {
    var times: [Int64] = []
    for packet in held.dropFirst() where packet.stream == first.stream {
      if let time = packet.time { times.append(time) }
      if times.count == PacketClock.reach.own { break }
    }
    return times
  }

  /// Two packets of each other track are held, so that it shows whether they jump too.
  private func othersAreSeen(besides stream: Int32) -> Bool {
    for (key, track) in tracks where key != stream && track.last != nil {
      var count = 0
      for packet in held where packet.stream == key { count += 1 }
      if count < 2 { return false }
    }
    return true
  }

  /// Begins a part with the packets that are held: it starts where all tracks of the part before have ended.
  private func begin(with first: Held) -> Int {
    var end = Int64.min
    var start = first.start
    for (key, track) in tracks {
      guard var last = track.last else { continue }
      var here = track.end
      for packet in held where packet.stream == key {
        guard let time = packet.time else { continue }
        let moved = time + shifts[track.part]
        guard moved >= last - PacketClock.waver, moved <= last + max(1_000_000, 8 * track.step) else {
          start = min(start, packet.start)
          break
        }
        last = max(last, moved)
        here = max(here, packet.start + shifts[track.part] + max(packet.length, track.step))
      }
      end = max(end, here)
    }
    mended += 1
    shifts.append(end - start)
    return shifts.count - 1
  }

  /// Puts the time that was to be expected in place of a false one.
  private func fill(_ held: Held, with track: Track) {
    mended += 1
    func ticks(_ time: Int64) -> Int64 { TimeBase.microseconds.convert(time, to: track.timeBase) }
    held.packet.pointee.dts = ticks(track.last ?? 0)
    held.packet.pointee.pts = ticks((track.last ?? 0) + track.delay)
    held.packet.pointee.duration = ticks(track.step)
  }

  private func move(_ held: Held) {
    guard let track = tracks[held.stream], shifts[track.part] != 0 else { return }
    let ticks = TimeBase.microseconds.convert(shifts[track.part], to: track.timeBase)
    if held.packet.pointee.pts != rm_nopts() { held.packet.pointee.pts &+= ticks }
    if held.packet.pointee.dts != rm_nopts() { held.packet.pointee.dts &+= ticks }
  }
}
