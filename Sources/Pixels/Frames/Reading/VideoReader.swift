// SPDX-License-Identifier: Apache-2.0

internal import Addresses
internal import Buffers
internal import CFFmpeg

/// Reads the pictures of a file, stream address or standard input (`-`), each with its exact timestamp.
///
/// Damaged data is counted and passed over. Later pictures of another size or format are brought to the
/// first one's. The first picture is decoded at once, so `info` tells what will really come.
public final class VideoReader: FrameSource {
  public private(set) var info: SourceInfo
  public private(set) var trailingPackets: [Packet] = []
  /// Pictures come when they come.
  public let isLive: Bool
  public private(set) var arrival: FrameArrival?
  let options: Options
  let demuxer: Demuxer
  private let decoder: Decoder
  private let shaper: FrameShaper
  private var clock: TimestampClock
  private var damagedFrames = 0
  /// Where the pictures so far end, in seconds of the source.
  private var reached = 0.0
  private var missingSeconds = 0.0
  private let pump: Pump
  private let filters: PictureFilters

  /// The first picture, until it is delivered.
  private var first: UnsafeMutablePointer<AVFrame>?
  private var decoded = 0
  private var delivered = 0
  private var lastAt: UInt64?
  private var waited: UInt64 = 0
  private var isOver = false
  private let window: TimeWindow
  /// A camera that says no times: those of its packets' coming are taken.
  private let isTimedByArrival: Bool
  private var firstArrival: UInt64?

  /// - Throws: `FramesError` of kind notFound, permission, invalidData, noVideoStream, noFrames, unknownHost,
  ///   unreachable, unauthorized, noStream, timedOut, stalled, gone or interrupted.
  public init(_ uri: String, options: Options = Options()) throws {
    var options = options
    demuxer = try Demuxer(uri, options: options)
    isLive =
      options.isLive ?? (SourceAddress(uri).isLive || demuxer.isNetwork && demuxer.duration == nil)
    if isLive { (options.start, options.end, options.duration, options.maxFrames) = (nil, nil, nil, nil) }
    self.options = options
    decoder = try Decoder(
      demuxer.video, threads: options.threads, keepsCorrupt: !options.discardCorrupt, isLive: isLive,
      catchesUp: isLive && options.catchesUp, subject: uri)
    isTimedByArrival = isLive && demuxer.saysNoTimes
    var timeBase = isTimedByArrival ? .microseconds : TimeBase(demuxer.video.pointee.time_base)
    let isInterlaced = demuxer.isInterlaced
    // Fields come at half ticks.
    if options.deinterlacing == .field && isInterlaced { timeBase.denominator *= 2 }
    window = TimeWindow(
      options, startTime: isTimedByArrival ? 0 : demuxer.startTime, timeBase: timeBase,
      isRebased: demuxer.startsElsewhere)
    clock = TimestampClock(
      usualDuration: isTimedByArrival ? timeBase.ticks(0.04) : demuxer.usualFrameDuration,
      tolerance: timeBase.ticks(1), leap: timeBase.ticks(10))
    if !isLive { demuxer.mendTimes() }
    if window.start > window.origin { _ = demuxer.seek(to: window.start) }

    pump = Pump(demuxer: demuxer, decoder: decoder)
    filters = PictureFilters(
      options.deinterlacing, options.hdr, timeBase: TimeBase(demuxer.video.pointee.time_base),
      to: timeBase, isInterlaced: isInterlaced, subject: uri)
    guard let found = try VideoReader.filtered(pump, filters) else {
      throw FramesError(
        .noFrames, "read", uri, "no picture in it could be decoded",
        hint: window.start > window.origin ? "the start may lie behind the end" : "the file may be damaged")
    }
    first = found
    let orientation =
      options.rotation.map { Orientation($0) } ?? Orientation(of: demuxer.video, first: found)
    shaper = FrameShaper(
      first: found, orientation, matrix: options.matrix, range: options.range, colorsGray: options.colorsGray)
    info = demuxer.info(
      shaper, window: window, options: options, sampleAspectRatio: found.pointee.sample_aspect_ratio)
    info.treatment = filters.treatment
    info.isMirrored = orientation.isMirrored
    if options.deinterlacing == .field && isInterlaced && info.video.rate.isKnown {
      info.video.rate.numerator *= 2
      info.frameCountEstimate = info.frameCountEstimate.map { $0 * 2 }
    }
    if isTimedByArrival { (info.video.rate, info.isVariableRate) = (.unknown, true) }
  }

  deinit {
    if let first { FrameShells.give(first) }
  }

  public var damage: SourceDamage {
    var damage = SourceDamage()
    damage.packets = max(pump.damaged.marked, pump.damaged.refused)
    damage.frames = damagedFrames
    damage.timestamps = clock.corrected + demuxer.mended
    damage.missingSeconds = missingSeconds
    return damage
  }

  public var leftOut: FramesLeftOut {
    var count = FramesLeftOut()
    if options.discardCorrupt { count.corrupt = damagedFrames }
    count.busy = decoder.skipped
    return count
  }

  public func next() throws -> Frame? {
    while !isOver {
      guard let picture = try nextPicture() else {
        finish(at: nil)
        break
      }
      let time = time(of: picture)
      let length = isTimedByArrival ? 0 : rm_frame_duration(picture)
      let stamp = clock.stamp(
        pts: time == rm_nopts() ? nil : time, duration: length, elapsed: isLive ? ticksSinceLast() : nil)
      let isCorrupt =
        picture.pointee.flags & AV_FRAME_FLAG_CORRUPT != 0 || picture.pointee.decode_error_flags != 0
      if isCorrupt { damagedFrames += 1 }
      reached = window.timeBase.seconds(stamp.pts + stamp.duration)
      if stamp.pts < window.start || isCorrupt && options.discardCorrupt {
        FrameShells.give(picture)
        continue
      }
      if stamp.pts >= window.end {
        FrameShells.give(picture)
        finish(at: window.end)
        break
      }
      decoded += 1
      if (decoded - 1) % options.stride != 0 {
        FrameShells.give(picture)
        continue
      }
      let came = Decoder.arrival(of: picture)
      let frame = try deliver(picture, stamp, isCorrupt: isCorrupt)
      if demuxer.mayWait {
        arrival = FrameArrival(at: came, waited: demuxer.waited - waited)
        waited = demuxer.waited
      }
      if delivered == options.maxFrames { finish(at: stamp.pts + frame.duration) }
      return frame
    }
    return nil
  }

  private func deliver(
    _ picture: UnsafeMutablePointer<AVFrame>, _ stamp: (pts: Int64, duration: Int64), isCorrupt: Bool
  ) throws -> Frame {
    let shaped = try shaper.shape(picture)
    let frame = Frame(
      taking: shaped.handle, index: delivered, pts: stamp.pts - window.rebase,
      duration: stamp.duration * Int64(options.stride), timeBase: window.timeBase, color: shaper.color,
      sampleAspectRatio: info.video.sampleAspectRatio, sidePackets: takeWaiting(), isCorrupt: isCorrupt,
      isWritable: shaped.isWritable)
    delivered += 1
    return frame
  }

  private func time(of picture: UnsafeMutablePointer<AVFrame>) -> Int64 {
    guard isTimedByArrival else { return picture.pointee.best_effort_timestamp }
    let came = Decoder.arrival(of: picture)
    let first = firstArrival ?? came
    firstArrival = first
    return window.timeBase.ticks(Double(came - min(came, first)) / 1e9)
  }

  /// Since the last picture, on the clock on the wall.
  private func ticksSinceLast() -> Int64 {
    let now = IOGuard.now()
    defer { lastAt = now }
    return window.timeBase.ticks(Double(now - (lastAt ?? now)) / 1e9)
  }

  private func nextPicture() throws -> UnsafeMutablePointer<AVFrame>? {
    if let picture = first {
      first = nil
      return picture
    }
    return try VideoReader.filtered(pump, filters)
  }

  /// The next picture behind the filters, or `nil` at the end.
  private static func filtered(_ pump: Pump, _ filters: PictureFilters) throws
    -> UnsafeMutablePointer<AVFrame>?
  {
    while true {
      if let picture = filters.next() { return picture }
      guard let picture = try pump.picture() else {
        filters.finish()
        return filters.next()
      }
      try filters.take(picture)
    }
  }

  private func takeWaiting() -> [Packet] {
    guard !pump.sound.isEmpty else { return [] }
    defer { pump.sound.removeAll(keepingCapacity: true) }
    return window.cut(pump.sound)
  }

  /// What the file announces beyond its last picture and sound.
  private func secondsMissing() -> Double {
    guard let announced = demuxer.announcedEnd else { return 0 }
    let missing = announced - max(reached, pump.soundReached)
    return missing > 1 ? missing : 0
  }

  /// Ends the pictures. With a time, sound is still read up to it.
  private func finish(at end: Int64?) {
    isOver = true
    let limit = end ?? Int64.max
    if end != nil, !demuxer.audio.isEmpty, !pump.isDraining {
      pump.addSound(until: window.timeBase.seconds(limit))
    }
    if end == nil { missingSeconds = secondsMissing() }
    trailingPackets = window.cut(pump.sound, end: limit)
    pump.sound = []
  }
}
