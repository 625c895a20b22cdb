// SPDX-License-Identifier: Apache-2.0

import Buffers
import Synchronization
import Testing

@testable import Frames

/// A source that does what its script says, one word for each call.
private final class ScriptedSource: FrameSource {
  enum Step {
    case frame
    /// Some seconds after the one before.
    case late(Double)
    case error(FramesError.Kind)
    case end
  }

  let info: SourceInfo
  private var steps: [Step]
  private var index: Int64 = 0
  private let size: PixelSide
  private let time: FakeTime

  init(_ steps: [Step], size: PixelSide = PixelSide(64, 48), rate: Int32 = 25, time: FakeTime) {
    self.steps = steps
    self.size = size
    self.time = time
    info = SourceInfo(
      uri: "rtsp://user:word@cam.lan/main", codec: "made", storedFormat: "yuv420p",
      video: Made.video(
        width: size.width, height: size.height, timeBase: TimeBase(1, rate), rate: Ratio(rate, 1)))
  }

  func next() throws -> Frame? {
    guard !steps.isEmpty else { return nil }
    switch steps.removeFirst() {
    case .frame: time.advance(1 / info.video.rate.value)
    case .late(let seconds): time.advance(seconds)
    case .error(let kind):
      if kind == .stalled { time.advance(5) }
      throw FramesError(
        kind, "read", info.uri, kind == .stalled ? "no packet for 5.0 s" : "it broke", hint: "h")
    case .end: return nil
    }
    defer { index += 1 }
    return Frame(
      Made.picture(Int(index), width: size.width, height: size.height), index: Int(index), pts: index,
      duration: 1, timeBase: info.timeBase)
  }
}

private struct PixelSide {
  let width: Int, height: Int
  init(_ width: Int, _ height: Int) { (self.width, self.height) = (width, height) }
}

/// Time that passes when it is told to.
private final class FakeTime: Sendable {
  private let state = Mutex((now: UInt64(1_000_000_000), waits: [Double]()))

  func advance(_ seconds: Double) { state.withLock { $0.now += UInt64(seconds * 1e9) } }
  var waits: [Double] { state.withLock { $0.waits } }

  var clock: SourceClock {
    SourceClock(now: { self.state.withLock { $0.now } }) { seconds, flag in
      if flag?.isSet == true { return false }
      self.state.withLock { $0.waits.append(seconds) }
      self.advance(seconds)
      return true
    }
  }
}

@Suite struct ReopeningTests {
  private let time = FakeTime()
  private let journal = SourceJournal()

  /// A source whose openings do as `scripts` say; `nil` fails with that kind.
  private func source(
    _ scripts: [Result<[ScriptedSource.Step], FramesError>], sizes: [PixelSide] = [],
    _ change: (inout ReopeningSource.Options) -> Void = { _ in }
  ) throws -> (ReopeningSource, events: () -> [String]) {
    var options = ReopeningSource.Options()
    options.name = "cam.lan"
    options.retry.jitter = 0
    change(&options)
    var left = scripts
    var opened = 0
    let time = time
    func open() throws -> any FrameSource {
      defer { opened += 1 }
      guard !left.isEmpty else {
        throw FramesError(.unreachable, "open", "u", "connection refused", hint: "h")
      }
      return ScriptedSource(
        try left.removeFirst().get(), size: opened < sizes.count ? sizes[opened] : PixelSide(64, 48),
        time: time)
    }
    let events = Log()
    journal.listen { events.add("\($0.level) \($0.text)") }
    return (
      ReopeningSource(try open(), options, journal: journal, clock: time.clock, open: open), { events.lines }
    )
  }

  private final class Log: Sendable {
    private let state = Mutex([String]())
    var lines: [String] { state.withLock { $0 } }
    func add(_ line: String) { state.withLock { $0.append(line) } }
  }

  private func failure(_ kind: FramesError.Kind, _ cause: String = "connection refused") -> FramesError {
    FramesError(kind, "open", "rtsp://cam.lan/main", cause, hint: "h")
  }

  @Test func framesGoOnBehindTheGap() throws {
    let three = Array(repeating: ScriptedSource.Step.frame, count: 3)
    let (source, events) = try source(
      [
        .success(three + [.error(.stalled)]), .failure(failure(.unreachable)),
        .failure(failure(.unreachable)),
        .success(three + [.end]),
      ]) { $0.maxFrames = 6 }
    #expect(journal.status.state == .opening)
    var frames: [Frame] = []
    while let frame = try source.next() { frames.append(frame) }
    // Stalled 5 s, tries after 0, 1 and 2 s more; then the first frame takes its usual 40 ms.
    #expect(frames.map(\.index) == [0, 1, 2, 3, 4, 5])
    #expect(frames.map(\.pts) == [0, 1, 2, 203, 204, 205])
    #expect(time.waits == [0, 1, 2])
    #expect(journal.status.state == .live && journal.status.reconnects == 1)
    #expect(journal.status.missingFrames == 200)
    #expect(
      events() == [
        "warning cam.lan: no packet for 5.0 s, reconnecting (try 1, next in 1 s)",
        "warning cam.lan: connection refused (try 1 of 5, next in 1 s)",
        "warning cam.lan: connection refused (try 2 of 5, next in 2 s)",
        "info cam.lan: back after 8.0 s, 200 frames missing at the source",
      ])
  }

  @Test func whatIsSeenToBeBackIsOpenedAtOnce() throws {
    let back = time.clock.now() + 12_000_000_000
    let away = Array(repeating: Result<[ScriptedSource.Step], FramesError>.failure(failure(.gone)), count: 4)
    let (source, _) = try source([.success([.late(2), .error(.gone)])] + away + [.success([.frame])]) {
      [time] in
      $0.isBack = { time.clock.now() >= back }
    }
    _ = try #require(try source.next())
    _ = try #require(try source.next())
    // Four tries fail within 7 s; the next one would come 8 s later.
    #expect((12.0...12.5).contains(Double(time.clock.now() - 1_000_000_000) / 1e9))
  }

  @Test func whatIsThereButBreaksIsNotOpenedMoreOften() throws {
    let (source, _) = try source(
      [.success([.frame, .error(.gone)])] + Array(repeating: .success([.frame, .error(.gone)]), count: 4)
    ) { $0.isBack = { true } }
    for _ in 0..<5 { _ = try #require(try source.next()) }
    // Every opening but the first waits for its second to be over.
    #expect(time.clock.now() - 1_000_000_000 >= 4_000_000_000)
  }

  @Test func anotherSizeIsScaled() throws {
    let (source, events) = try source(
      [.success([.frame, .error(.gone)]), .success([.frame, .frame])],
      sizes: [PixelSide(64, 48), PixelSide(96, 80)]
    ) { $0.maxFrames = 3 }
    for index in 0..<3 {
      let frame = try #require(try source.next())
      #expect(frame.index == index && frame.width == 64 && frame.height == 48)
      #expect(frame.timeBase == source.info.timeBase)
    }
    #expect(try source.next() == nil)
    #expect(events().last?.hasSuffix("; size now 96x80 (was 64x48), scaled to that") == true)
  }

  @Test func triesAreUsedUp() throws {
    let (source, events) = try source([.success([.frame, .error(.gone)])]) { $0.retry.attempts = 3 }
    _ = try source.next()
    let error = #expect(throws: FramesError.self) { try source.next() }
    #expect(error?.kind == .unreachable && error?.cause == "connection refused (after 3 tries)")
    #expect(time.waits.count == 3 && events().count == 3)
    #expect(journal.status.state == .offline)
    #expect(try source.next() == nil)
  }

  @Test func neverMeansNever() throws {
    let (source, events) = try source([.success([.frame, .end])]) { $0.retry.attempts = 0 }
    _ = try source.next()
    let error = #expect(throws: FramesError.self) { try source.next() }
    #expect(error?.kind == .gone && error?.cause == "the stream ended")
    #expect(events().isEmpty && time.waits.isEmpty)
  }

  @Test func garbageOnReturnEndsTheRunNotTheFrame() throws {
    let bad = failure(.invalidData, "invalid data found")
    let (source, _) = try source([.success([.frame, .end]), .failure(bad), .failure(bad)]) {
      $0.retry.attempts = 2
    }
    _ = try source.next()
    #expect(throws: FramesError.self) { try source.next() }
    #expect(try source.next() == nil)
  }

  @Test(arguments: [FramesError.Kind.unauthorized, .noStream, .unknownHost])
  func hopelessErrorsAreTriedRarely(kind: FramesError.Kind) throws {
    let (source, _) = try source(
      [.success([.frame, .end]), .failure(failure(kind)), .failure(failure(kind)), .success([.frame])])
    _ = try source.next()
    #expect(try source.next() != nil)
    #expect(time.waits.dropFirst() == [30, 30])
  }

  /// One line for each of the first tries, then one a minute.
  @Test func longAbsencesAreToldOnceAMinute() throws {
    let (source, events) = try source([.success([.frame, .end])]) { $0.retry.attempts = 40 }
    _ = try source.next()
    #expect(throws: FramesError.self) { try source.next() }
    // Some 17 minutes at a try in 30 s.
    #expect((20...26).contains(events().count), "\(events().count)")
  }

  @Test func aSourceThatBreaksAfterEachFrameIsNotOpenedInALoop() throws {
    let script = Array(
      repeating: Result<[ScriptedSource.Step], FramesError>.success([.frame, .end]), count: 20)
    let (source, _) = try source(script) { $0.maxFrames = 20 }
    var count = 0
    while try source.next() != nil { count += 1 }
    #expect(count == 20)
    #expect(time.waits.count == 19 && time.waits.allSatisfy { $0 > 0.9 })
    #expect(journal.status.reconnects == 19)
  }

  @Test func theFlagEndsTheWait() throws {
    let flag = InterruptFlag()
    let (source, _) = try source([.success([.frame, .end])]) { $0.interrupt = flag }
    _ = try source.next()
    flag.set()
    #expect(kind { _ = try source.next() } == .interrupted)
    #expect(try source.next() == nil)
  }

  @Test func limitsCountOverAllOpenings() throws {
    let many = Array(repeating: ScriptedSource.Step.frame, count: 60)
    let (source, _) = try source([.success(many[..<10] + [.end]), .success(many)]) { $0.duration = 2 }
    var last: Frame?
    var count = 0
    while let frame = try source.next() {
      last = frame
      count += 1
    }
    // The stream broke after 0.4 s and came back a second after it was opened.
    #expect(count == 35)
    #expect(try #require(last).time == 1.96)
  }

  @Test func aPictureThatCannotBeScaledIsOneFrame() throws {
    let (source, _) = try source([.success([.frame, .error(.invalidData), .frame])])
    _ = try source.next()
    #expect(kind { _ = try source.next() } == .invalidData)
    #expect(try source.next() != nil)
    #expect(journal.status.reconnects == 0)
  }
}
