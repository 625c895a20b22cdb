// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing

@testable import Stages

@Suite(.serialized) struct PipelineTests {
  @Test(arguments: [1, 4])
  func filesLoseNothingAndKeepOrder(_ places: Int) throws {
    var options = PipelineOptions()
    options.places = places
    let seen = CollectingSink.Seen()
    let pipeline = fakePipeline(count: 5000, options: options, seen: seen)
    pipeline.start()
    try pipeline.wait()
    #expect(seen.items == Array(0..<5000))
    #expect(seen.isFinished)
    let ledger = pipeline.figures.ledger
    #expect(ledger.in == 5000 && ledger.out == 5000)
    #expect(ledger.isBalanced)
    #expect(abs(pipeline.figures.mediaSeconds - 50) < 1e-9)
  }

  @Test func aFrameFailureLosesOneFrame() throws {
    let seen = CollectingSink.Seen()
    let pipeline = fakePipeline(count: 600, seen: seen) { stage, index in
      if index == 100 * (stage.position + 1) - 1 { throw FrameFailure(Broken(what: "\(stage)")) }
    }
    pipeline.start()
    try pipeline.wait()
    let ledger = pipeline.figures.ledger
    #expect(ledger.in == 600 && ledger.out == 594 && ledger.failed == 6 && ledger.isBalanced)
    for stage in StageName.allCases { #expect(ledger.failed(at: stage) == 1) }
    #expect(seen.items == (0..<600).filter { $0 % 100 != 99 })
  }

  @Test(arguments: StageName.allCases)
  func anErrorEndsTheRunAndIsToldOnce(_ bad: StageName) {
    let seen = CollectingSink.Seen()
    let pipeline = fakePipeline(count: 100_000, seen: seen) { stage, index in
      if stage == bad && index == 50 { throw Broken(what: "\(stage)") }
    }
    pipeline.start()
    #expect(throws: Broken(what: "\(bad)")) { try pipeline.wait() }
    #expect(pipeline.figures.ledger.isBalanced)
    #expect(seen.isFinished)
    #expect(seen.items == Array(0..<seen.items.count))
  }

  @Test func whatABrokenSourceGaveIsDelivered() {
    let seen = CollectingSink.Seen()
    let pipeline = fakePipeline(count: 100, seen: seen, pause: [.infer: 500]) { stage, index in
      if stage == .decode && index == 50 { throw Broken(what: "\(stage)") }
    }
    pipeline.start()
    #expect(throws: Broken(what: "decode")) { try pipeline.wait() }
    let ledger = pipeline.figures.ledger
    #expect(ledger.in == 50 && ledger.out == 50 && ledger.isBalanced)
    #expect(seen.items == Array(0..<50))
  }

  @Test func stopDrains() throws {
    let seen = CollectingSink.Seen()
    let pipeline = fakePipeline(count: .max, seen: seen, pause: [.infer: 500])
    pipeline.start()
    seen.wait(for: 5)
    pipeline.stop()
    try pipeline.wait()
    let ledger = pipeline.figures.ledger
    #expect(ledger.out > 0 && ledger.in == ledger.out && ledger.dropped == 0)
    #expect(seen.isFinished)
  }

  @Test func cancelDropsWhatWaits() throws {
    let seen = CollectingSink.Seen()
    let pipeline = fakePipeline(count: .max, seen: seen, pause: [.infer: 2000])
    pipeline.start()
    seen.wait(for: 5)
    pipeline.cancel()
    try pipeline.wait()
    let ledger = pipeline.figures.ledger
    #expect(ledger.isBalanced && ledger.dropped > 0)
    #expect(ledger.dropList.allSatisfy { $0.reasons.allSatisfy { $0.reason == .stopped } })
    #expect(seen.isFinished)
  }

  @Test(arguments: [OverloadPolicy.latest, .dropOldest, .dropNewest])
  func liveRunsDropInFrontOfResizeAndInferOnly(_ policy: OverloadPolicy) throws {
    var options = PipelineOptions()
    options.policy = policy
    options.places = 1
    options.inFlight = 2
    let seen = CollectingSink.Seen()
    let pipeline = fakePipeline(
      count: 300, options: options, seen: seen, pause: [.decode: 500, .infer: 2000])
    pipeline.start()
    try pipeline.wait()
    let ledger = pipeline.figures.ledger
    #expect(ledger.in == 300 && ledger.isBalanced && ledger.dropped > 0)
    #expect(ledger.dropped == ledger.dropped(at: .infer, .busy) + ledger.dropped(at: .resize, .busy))
    #expect(seen.items == seen.items.sorted())
  }

  @Test func theInFlightLimitHolds() throws {
    var options = PipelineOptions()
    options.policy = .latest
    options.inFlight = 2
    let inside = Mutex((now: 0, most: 0))
    let seen = CollectingSink.Seen()
    let pipeline = fakePipeline(
      count: 200, options: options, seen: seen, pause: [.decode: 300, .encode: 2000]
    ) { stage, _ in
      if stage == .infer {
        inside.withLock {
          $0.now += 1
          $0.most = max($0.most, $0.now)
        }
      }
      if stage == .encode { inside.withLock { $0.now -= 1 } }
    }
    pipeline.start()
    try pipeline.wait()
    #expect(inside.withLock { $0.most } <= 2)
    #expect(pipeline.figures.ledger.isBalanced)
  }

  /// Milliseconds that pass between decode and infer, and how many frames are late by that.
  @Test(arguments: [(0, 0), (6, 100)] as [(UInt64, Int)])
  func lateFramesAreDroppedBeforeInfer(milliseconds: UInt64, late: Int) throws {
    var options = PipelineOptions()
    options.latencyBudget = 5_000_000
    let time = HandClock()
    let seen = CollectingSink.Seen()
    let pipeline = fakePipeline(count: 100, options: options, clock: time.clock, seen: seen) { stage, _ in
      if stage == .decode { time.move(by: 1000) }
      if stage == .resize { time.move(by: milliseconds * 1_000_000) }
    }
    pipeline.start()
    try pipeline.wait()
    let ledger = pipeline.figures.ledger
    #expect(ledger.isBalanced)
    #expect(ledger.dropped == late && ledger.dropped(at: .infer, .late) == late)
  }

  @Test func aPacedSourceKeepsMediaTime() throws {
    var options = PipelineOptions()
    options.isPaced = true
    let seen = CollectingSink.Seen()
    let pipeline = fakePipeline(count: 21, options: options, seen: seen)
    pipeline.start()
    try pipeline.wait()
    #expect(pipeline.figures.wallSeconds >= 0.2)
    #expect(pipeline.figures.ledger.out == 21)
  }

  /// The last frame is on its way before it is due.
  @Test func noFrameOfAStoppedRunIsOlderThanTheRun() throws {
    for _ in 0..<10 {
      var options = PipelineOptions()
      options.isPaced = true
      options.warmupFrames = 0
      let seen = CollectingSink.Seen()
      let pipeline = fakePipeline(count: .max, options: options, seen: seen)
      pipeline.start()
      seen.wait(for: 2)
      pipeline.stop()
      try pipeline.wait()
      let figures = pipeline.figures
      #expect(try #require(figures.age).max <= figures.wallSeconds * 1000)
    }
  }

  /// Little's law over a run: mean depth = rate × mean wait.
  @Test func depthRateAndWaitAgree() throws {
    var options = PipelineOptions()
    options.warmupFrames = 0
    let seen = CollectingSink.Seen()
    let pipeline = fakePipeline(count: 400, options: options, seen: seen, pause: [.infer: 500])
    pipeline.start()
    try pipeline.wait()
    let figures = pipeline.figures
    let rate = Double(figures.ledger.out) / figures.wallSeconds
    for stage in figures.stages.dropFirst() {
      let wait = try #require(stage.wait), queue = try #require(stage.queue)
      #expect(abs(queue.mean - rate * wait.mean / 1000) < 0.02 * max(1, queue.mean), "\(stage.name)")
    }
    #expect(figures.stages[2].busy > 0.5)
    #expect(figures.stages[0].blocked > 0.4)
  }
}
