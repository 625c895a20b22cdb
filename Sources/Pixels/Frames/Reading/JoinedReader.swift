// SPDX-License-Identifier: Apache-2.0

/// Plays several recordings as one film: each begins where the one before ended, sound and pictures by the same
/// clock, in the size and format of the first.
///
/// A recording that cannot be read is told and passed over; so is the sound of one that is of another kind than the
/// first's. The journal is told of what is missing between two recordings, where both say when they were made.
public final class JoinedReader: FrameSource {
  public struct Options: Sendable {
    /// Seconds of the whole film.
    public var start: Double?
    public var end: Double?
    public var maxFrames: Int?

    public init() {}
  }

  public let info: SourceInfo
  public private(set) var trailingPackets: [Packet] = []
  private let clips: ClipList
  private let options: Options
  private let journal: SourceJournal
  private let open: (String) throws -> VideoReader
  private let fitter: FrameFitter
  private var reader: VideoReader?
  private var place = 0
  /// Seconds of the film: where the clip that is read begins, and where all that was given ends.
  private var begin = 0.0
  private var end = 0.0
  private var given = 0
  private var isOver = false
  /// Sound behind the last picture of a clip, for the first of the next.
  private var waiting: [Packet] = []
  /// When the recording that is read was made, and where it begins in the film.
  private var lastBegan: Double?
  private var lastBegin = 0.0
  /// The sound of the clip fits that of the first.
  private var keepsSound = true
  private var leftOutBefore = FramesLeftOut()
  private var damageBefore = SourceDamage()

  /// - Parameter open: opens one of them; called for each once.
  /// - Throws: what opening the first throws.
  public init(
    _ clips: ClipList, _ options: Options = Options(), journal: SourceJournal,
    open: @escaping (String) throws -> VideoReader
  ) throws {
    self.clips = clips
    self.options = options
    self.journal = journal
    self.open = open
    let first = try open(clips.paths[0])
    reader = first
    var info = first.info
    info.uri = clips.paths[0]
    info.clips = clips.paths.count
    info.otherCameras = clips.otherCameras
    (info.frameCountEstimate, info.duration) = (options.maxFrames, nil)
    info.clipsHaveMore = !info.chapters.isEmpty || !info.beside.isEmpty
    (info.chapters, info.beside) = ([], [])
    self.info = info
    lastBegan = info.creationTime
    fitter = FrameFitter(info.video)
  }

  public var leftOut: FramesLeftOut { leftOutBefore + (reader?.leftOut ?? FramesLeftOut()) }
  public var damage: SourceDamage { damageBefore + (reader?.damage ?? SourceDamage()) }

  public func next() throws -> Frame? {
    while !isOver {
      guard let reader else {
        if !openNext() { finish() }
        continue
      }
      guard let frame = try reader.next() else {
        waiting += moved(reader.trailingPackets)
        letGo()
        continue
      }
      let time = begin + frame.time
      end = max(end, time + frame.timeBase.seconds(frame.duration))
      let sound = waiting + moved(frame.sidePackets)
      waiting = sound
      if let limit = options.end, time >= limit - 1e-6 {
        waiting = sound.filter { ($0.order ?? 0) < limit }
        finish()
        break
      }
      if let start = options.start, time < start - 1e-6 { continue }
      waiting = []
      let origin = options.start ?? 0
      frame.place(
        index: given, pts: info.timeBase.ticks(time - origin),
        duration: max(1, frame.timeBase.convert(frame.duration, to: info.timeBase)), timeBase: info.timeBase)
      frame.carry(shifted(sound))
      given += 1
      if given == options.maxFrames { finish() }
      return try fitter.fit(frame)
    }
    return nil
  }

  public func close() { finish() }

  /// Sound on the clock of what is given, without what lies before it.
  private func shifted(_ packets: [Packet]) -> [Packet] {
    guard let origin = options.start, origin > 0 else { return packets }
    return packets.filter { ($0.order ?? origin) >= origin - 1e-6 }.map { packet in
      packet.shift(by: -packet.timeBase.ticks(origin))
      return packet
    }
  }

  private func finish() {
    isOver = true
    trailingPackets = shifted(waiting)
    waiting = []
    letGo()
  }

  private func letGo() {
    if let reader {
      leftOutBefore = leftOutBefore + reader.leftOut
      damageBefore = damageBefore + reader.damage
    }
    reader = nil
    begin = end
  }

  /// False where there is no other recording.
  private func openNext() -> Bool {
    let before = clips.paths[place]
    while place + 1 < clips.paths.count {
      place += 1
      let path = clips.paths[place]
      do {
        let next = try open(path)
        keepsSound = isAlike(next.info.audio)
        if !keepsSound {
          journal.note(SourceEvent(.warning, "\(name(path)): its sound is of another kind, and left out"))
        }
        if let gap = gap(before: next.info) {
          journal.note(
            SourceEvent(
              .info, "\(RetryPolicy.text(gap)) are missing between \(name(before)) and \(name(path))"))
        }
        (lastBegan, lastBegin) = (next.info.creationTime, begin)
        reader = next
        return true
      } catch let error as FramesError {
        journal.note(SourceEvent(.warning, "\(name(path)) is left out: \(error.cause)"))
      } catch {
        journal.note(SourceEvent(.warning, "\(name(path)) is left out: \(error)"))
      }
    }
    return false
  }

  /// The packets on the clock of the film, under the numbers that the first recording's tracks have.
  private func moved(_ packets: [Packet]) -> [Packet] {
    guard keepsSound, let own = reader?.info.audio else { return [] }
    return packets.compactMap { packet in
      guard let index = own.firstIndex(where: { $0.id == packet.stream }) else { return nil }
      packet.stream = info.audio[index].id
      packet.shift(by: packet.timeBase.ticks(begin))
      if let time = packet.order { end = max(end, time + packet.timeBase.seconds(packet.duration)) }
      return packet
    }
  }

  /// Tracks of the same kinds, so that the packets of one can follow those of the other.
  private func isAlike(_ audio: [AudioStream]) -> Bool {
    audio.count == info.audio.count && zip(audio, info.audio).allSatisfy { $0.isAlike($1) }
  }

  /// Seconds between the recording before and the next, by what both say of when they were made.
  private func gap(before next: SourceInfo) -> Double? {
    guard let began = next.creationTime, let before = lastBegan else { return nil }
    let gap = began - (before + begin - lastBegin)
    return gap >= 2 ? gap : nil
  }

  private func name(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }
}
