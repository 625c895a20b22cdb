// SPDX-License-Identifier: Apache-2.0

/// A live source that is opened again when it is lost: frames go on in the same size and format, with
/// timestamps that keep the gap.
///
/// Lost means: an error that tells of the world outside, or the end of a stream that has none. The journal
/// is told of every change of state; while a source stays away, of each of the first tries, then once a
/// minute at most. The first opening is the caller's and is tried once, so that a mistyped address is told
/// at once.
public final class ReopeningSource: FrameSource {
  public struct Options: Sendable {
    /// Of the source, in messages: the host, or the device.
    public var name = ""
    public var retry = RetryPolicy()
    /// Frames to give, over all openings.
    public var maxFrames: Int?
    /// Seconds from the first frame on, gaps included.
    public var duration: Double?
    public var interrupt: InterruptFlag?
    /// Asked often while the source is away, where that costs next to nothing: true ends the wait for the
    /// next try.
    public var isBack: (@Sendable () -> Bool)?

    public init() {}
  }

  public let info: SourceInfo
  public private(set) var arrival: FrameArrival?
  private let options: Options
  private let journal: SourceJournal
  private let clock: SourceClock
  private let open: () throws -> any FrameSource
  private var source: (any FrameSource)?
  private var backoff: Backoff
  private var gate = LineGate()
  private var timeline: Timeline
  private let fitter: FrameFitter
  private var leftOutBefore = FramesLeftOut()
  private var damageBefore = SourceDamage()
  private var lastError: FramesError?
  private var isAway = false
  private var isOver = false
  /// When the source was opened last.
  private var openedAt: UInt64
  private var given = 0

  /// - Parameters:
  ///   - first: the source, open.
  ///   - open: opens it again. Its frames may then be of another size and format.
  public convenience init(
    _ first: any FrameSource, _ options: Options, journal: SourceJournal,
    open: @escaping () throws -> any FrameSource
  ) {
    self.init(first, options, journal: journal, clock: .monotonic, open: open)
  }

  init(
    _ first: any FrameSource, _ options: Options, journal: SourceJournal, clock: SourceClock,
    open: @escaping () throws -> any FrameSource
  ) {
    self.options = options
    self.journal = journal
    self.clock = clock
    self.open = open
    openedAt = clock.now()
    source = first
    var info = first.info
    info.frameCountEstimate = options.maxFrames
    info.duration = options.duration
    self.info = info
    timeline = Timeline(info.video, now: clock.now())
    fitter = FrameFitter(info.video)
    backoff = Backoff(options.retry, seed: clock.now())
  }

  public var leftOut: FramesLeftOut { leftOutBefore + (source?.leftOut ?? FramesLeftOut()) }
  public var damage: SourceDamage { damageBefore + (source?.damage ?? SourceDamage()) }
  public var trailingPackets: [Packet] { source?.trailingPackets ?? [] }

  public func next() throws -> Frame? {
    let begin = clock.now()
    while !isOver {
      guard let source else {
        try reopen()
        continue
      }
      let asked = clock.now()
      do {
        if let frame = try source.next() {
          let came = source.arrival ?? FrameArrival(at: clock.now(), waited: 0)
          arrival = FrameArrival(at: came.at, waited: came.waited + (asked - begin))
          return try deliver(frame)
        }
        lose(
          FramesError(
            .gone, "read", info.uri, "the stream ended", hint: "check that the peer is up and goes on sending"
          ))
      } catch let error as FramesError where error.isLoss {
        lose(error)
      } catch let error as FramesError where error.kind == .interrupted {
        close()
        throw error
      }
    }
    return nil
  }

  private func deliver(_ frame: Frame) throws -> Frame? {
    let now = clock.now()
    if isAway {
      comeBack(with: frame, now: now)
    } else if given == 0 {
      journal.note { $0.state = .live }
    }
    backoff.reset()
    let place = timeline.place(frame, now: now)
    if let limit = options.duration, timeline.elapsed(at: place.pts) >= limit {
      close()
      return nil
    }
    frame.place(index: given, pts: place.pts, duration: place.duration, timeBase: info.timeBase)
    given += 1
    if given == options.maxFrames { close() }
    return try fitter.fit(frame)
  }

  public func close() {
    isOver = true
    letGo()
  }

  private func letGo() {
    if let source {
      leftOutBefore = leftOutBefore + source.leftOut
      damageBefore = damageBefore + source.damage
    }
    source = nil
  }

  /// Closes the source and tells why.
  private func lose(_ error: FramesError) {
    letGo()
    lastError = error
    guard !isAway else { return }
    isAway = true
    gate = LineGate()
    let isTriedAgain = options.retry.attempts != 0
    let next = "reconnecting (try 1, next in \(RetryPolicy.text(options.retry.shortest)))"
    journal.note(isTriedAgain ? SourceEvent(.warning, "\(options.name): \(error.cause), \(next)") : nil) {
      $0.state = error.kind == .stalled ? .stalled : .offline
    }
    gate.passed(at: clock.now())
  }

  /// Waits and tries once.
  private func reopen() throws {
    guard let wait = backoff.next(isHopeless: backoff.tries > 0 && lastError?.isHopeless == true) else {
      isOver = true
      throw (lastError ?? FramesError(.gone, "read", info.uri, "it is gone", hint: "")).asFinal(
        tries: backoff.tries)
    }
    if backoff.tries > 1 { tell(wait) }
    guard pause(wait) else { throw stopped() }
    openedAt = clock.now()
    do {
      source = try open()
    } catch let error as FramesError {
      if options.interrupt?.isSet == true { throw stopped() }
      guard error.isWorthATry else {
        isOver = true
        throw error
      }
      lastError = error
      journal.note { $0.state = .offline }
    }
  }

  /// False where it was interrupted.
  private func pause(_ wait: Double) -> Bool {
    // A source that breaks after every frame is not opened more often than one that stays away.
    let begin = clock.now()
    let rest = max(0, options.retry.shortest - Double(begin - openedAt) / 1e9)
    guard let isBack = options.isBack else { return clock.wait(max(wait, rest), options.interrupt) }
    var wasAway = false
    let end = max(wait, rest)
    while true {
      let passed = Double(clock.now() - begin) / 1e9
      if passed >= end { return true }
      if !isBack() { wasAway = true } else if wasAway || passed >= rest { return true }
      // At least a millisecond: the last bit of a wait must not round to nothing.
      guard clock.wait(max(0.001, min(0.25, end - passed)), options.interrupt) else { return false }
    }
  }

  private func stopped() -> FramesError {
    isOver = true
    return FramesError(.interrupted, "read", info.uri, "stopped", hint: "start it again")
  }

  /// Says that the last try failed.
  private func tell(_ wait: Double) {
    guard gate.opens(at: clock.now()) else { return }
    let limit = options.retry.attempts.map { " of \($0)" } ?? ""
    let cause = lastError?.cause ?? "no frame came"
    journal.note(
      SourceEvent(
        .warning,
        "\(options.name): \(cause) (try \(backoff.tries - 1)\(limit), next in \(RetryPolicy.text(wait)))"))
  }

  private func comeBack(with frame: Frame, now: UInt64) {
    isAway = false
    let gap = timeline.secondsAway(now: now)
    let missing = timeline.framesMissing(in: gap)
    var text = "\(options.name): back after \(RetryPolicy.text(gap, places: 1))"
    if missing > 0 { text += ", \(missing) frame\(missing == 1 ? "" : "s") missing at the source" }
    if frame.width != info.width || frame.height != info.height {
      text += "; size now \(frame.width)x\(frame.height) (was \(info.width)x\(info.height)), scaled to that"
    }
    timeline.startAnew()
    journal.note(SourceEvent(.info, text)) {
      $0.state = .live
      $0.reconnects += 1
      $0.missingFrames += missing
    }
  }
}

/// Lets one line through for each of the first tries, then one a minute.
private struct LineGate {
  static let tries = 6
  static let pause: UInt64 = 60_000_000_000
  private var count = 0
  private var last: UInt64 = 0

  mutating func passed(at now: UInt64) {
    count += 1
    last = now
  }

  mutating func opens(at now: UInt64) -> Bool {
    guard count <= LineGate.tries || now - last >= LineGate.pause else { return false }
    passed(at: now)
    return true
  }
}
