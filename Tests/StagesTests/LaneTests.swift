// SPDX-License-Identifier: Apache-2.0

import Buffers
import Foundation
import Frames
import Synchronization
import Testing

@testable import Stages

/// Outputs side by side: each with its own thread, rule and books.
@Suite struct LaneTests {
  /// Counts what it gets; slow, stuck or broken on demand.
  final class FakeOutput: Output {
    let seen: Seen
    private let work: @Sendable (Int) throws -> Void
    private var count = 0

    final class Seen: Sendable {
      private let indices = Mutex<[Int]>([])
      var all: [Int] { indices.withLock { $0 } }
      fileprivate func add(_ index: Int) { indices.withLock { $0.append(index) } }
    }

    init(_ seen: Seen, work: @escaping @Sendable (Int) throws -> Void = { _ in }) {
      self.seen = seen
      self.work = work
    }

    func write(_ item: DrawnFrame) throws {
      defer { count += 1 }
      try work(count)
      seen.add(item.decoded.frame.index)
    }
    func finish(trailing: [Packet]) throws {}
    var bytesWritten: Int64? { Int64(count) }
  }

  private let pool = Pool(count: 64) { LabelMap(width: 8, height: 8) }
  private let state = RunState(options: PipelineOptions(), clock: .monotonic)

  private func frame(_ index: Int) -> DrawnFrame {
    let frame = Frame(
      Picture(format: .gray8, width: 8, height: 8), index: index, pts: Int64(index), duration: 1,
      timeBase: TimeBase(1, 25))
    return DrawnFrame(
      decoded: DecodedFrame(frame: frame, truth: nil), labels: pool.take(), choice: Adaptation.Choice(),
      picture: nil)
  }

  private func lane(
    _ rule: OutputSlot.Rule = .stop, waits: Bool, clock: Clock = .monotonic,
    journal: SourceJournal = SourceJournal(),
    open: @escaping () throws -> any Output
  ) throws -> OutputLane {
    let account = OutputAccount(uri: "fake", kind: .null)
    nonisolated(unsafe) let slot = try OutputSlot(
      rule, account: account, trailer: Trailer(), journal: journal, clock: clock, open: open)
    return OutputLane(slot, account: account, waits: waits)
  }

  private func deliver(_ count: Int, to lanes: [OutputLane], pause: UInt32 = 0) throws {
    let stage = EncodeStage(lanes: lanes, stats: nil)
    var failure: (any Error)?
    for index in 0..<count where failure == nil {
      if pause > 0 { usleep(pause) }
      let delivery = Delivery(
        Ticket(index: index, mediaSeconds: 0, bornAt: 0), at: .encode, waited: 0, state: state)
      do { try stage.deliver(frame(index), delivery) } catch { failure = error }
    }
    do { try stage.finish() } catch { failure = failure ?? error }
    if let failure { throw failure }
  }

  @Test func aSlowOutputDropsOnlyItsOwnFrames() throws {
    let fast = FakeOutput.Seen(), slow = FakeOutput.Seen(), waiting = FakeOutput.Seen()
    let allCame = DispatchSemaphore(value: 0)
    let lanes = [
      try lane(waits: false) { FakeOutput(fast) },
      // As slow as can be: its first frame takes until the last one came.
      try lane(waits: false) { FakeOutput(slow) { if $0 == 0 { allCame.wait() } } },
      try lane(waits: true) { FakeOutput(waiting) { if $0 == 59 { allCame.signal() } } },
    ]
    try deliver(60, to: lanes, pause: 3000)
    let figures = lanes.map(\.account.figures)
    #expect(waiting.all == Array(0..<60) && figures[2].written == 60 && figures[2].dropped == 0)
    #expect(figures.allSatisfy { $0.written + $0.dropped + $0.failed == 60 })
    #expect(figures[1].written == slow.all.count && figures[1].dropped > 10)
    #expect(slow.all == slow.all.sorted() && slow.all.last == 59, "the newest frames win")
    #expect(figures[0].written > figures[1].written)
    // Every frame's age was booked once, however many outputs had it.
    #expect(state.snapshot.age.count == 60)
  }

  @Test(.timeLimit(.minutes(10))) func nobodyWaitsForAStuckOutput() throws {
    let gate = DispatchSemaphore(value: 0)
    let fine = FakeOutput.Seen()
    let lanes = [
      try lane(waits: false) { FakeOutput(FakeOutput.Seen()) { if $0 == 2 { gate.wait() } } },
      try lane(waits: true) { FakeOutput(fine) },
    ]
    try deliver(40, to: lanes, pause: 1000)
    let figures = lanes[0].account.figures
    #expect(fine.all.count == 40)
    #expect(figures.written == 2 && figures.failed == 1 && figures.dropped == 37, "\(figures)")
    #expect(lanes[0].account.failure?.contains("took nothing") == true)
    gate.signal()
  }

  @Test func anErrorEndsTheRunOrTheOutputWaitsAndComesBack() throws {
    let stopping = try lane(waits: true) {
      FakeOutput(FakeOutput.Seen()) { if $0 == 3 { throw Broken(what: "disk") } }
    }
    #expect(throws: Broken.self) { try deliver(10, to: [stopping]) }
    #expect(stopping.account.figures.written == 3 && stopping.account.figures.failed == 1)

    let now = Mutex<UInt64>(0)
    let opened = Mutex(0), events = Mutex<[String]>([])
    let journal = SourceJournal()
    journal.listen { event in events.withLock { $0.append(event.text) } }
    let going = try lane(.file, waits: true, clock: Clock { now.withLock { $0 } }, journal: journal) {
      let number = opened.withLock {
        $0 += 1
        return $0
      }
      if number == 2 { throw Broken(what: "still full") }
      return FakeOutput(FakeOutput.Seen()) { count in
        now.withLock { $0 += 10_000_000_000 }
        if number == 1 && count == 3 { throw Broken(what: "full") }
      }
    }
    let clockDriver = try lane(waits: true) {
      FakeOutput(FakeOutput.Seen()) { _ in now.withLock { $0 += 10_000_000_000 } }
    }
    try deliver(20, to: [going, clockDriver])
    let figures = going.account.figures
    #expect(opened.withLock { $0 } == 3 && figures.errors == 2)
    #expect(
      figures.written + figures.failed == 20 && figures.failed >= 4 && figures.written >= 8, "\(figures)")
    #expect(going.account.failure == nil)
    let lines = events.withLock { $0 }
    #expect(
      lines.count == 2 && lines[0].contains("trying again in 30 s") && lines[1].contains("written again"),
      "\(lines)")
  }

  @Test func aPeerThatIsAwayDoesNotHoldUpTheStart() throws {
    let lane = try lane(.peer, waits: false) {
      throw FramesError(.unreachable, "connect to", "rtmp://u:p@h/x", "refused", hint: "")
    }
    try deliver(5, to: [lane], pause: 1000)
    #expect(lane.account.figures.dropped == 5 && lane.account.figures.errors == 1)
    #expect(lane.account.failure == "cannot connect to rtmp://***@h/x: refused")
  }
}
