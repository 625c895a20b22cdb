// SPDX-License-Identifier: Apache-2.0

import Frames
import Testing

@testable import Runs
@testable import Stages

/// What a run ends with: the status, the message, and whose fault it was.
@Suite struct ConclusionTests {
  private func end(
    _ status: RunResult.Status, frames: Int = 10, error: (any Error)? = nil, ordered: Runs.ExitStatus? = nil,
    start: TimeSpan? = nil
  ) -> Conclusion {
    var ledger = Ledger()
    ledger.enter(frames)
    ledger.leave(frames)
    let figures = PipelineFigures(
      ledger: ledger, stages: [], wallSeconds: 1, mediaSeconds: 1, deliveredSeconds: 1, warmupFrames: 0)
    let report = Report(figures: figures, process: .current)
    var config = PipelineConfig()
    config.source.uri = "in.mp4"
    config.source.start = start
    return RunResult(report: report, status: status, error: error, warnings: [])
      .outcome(of: config, ordered: ordered)
  }

  @Test func aFinishedRunIsASuccess() {
    let end = end(.finished)
    #expect(end.status == .success && end.problem == nil)
  }

  @Test func damageBeyondTheLimitIsNoError() {
    let end = end(.limitMissed)
    #expect(end.status == .limitMissed && end.problem == nil)
  }

  @Test(arguments: [Runs.ExitStatus.interrupted, .terminated, .success])
  func anOrderedEndHasTheStatusOfTheOrder(_ order: Runs.ExitStatus) {
    let end = end(.stopped, frames: 0, ordered: order)
    #expect(end.status == order && end.problem == nil)
  }

  @Test func anErrorBeatsTheOrder() {
    let error = FramesError(.diskFull, "write", "out.mp4", "no space left on device", hint: "make room")
    let end = end(.failed, error: error, ordered: .interrupted)
    #expect(end.status == .writeFailed && end.problem?.id == "RM-OUT-004")
  }

  @Test func booksThatDoNotBalanceAreOurFault() {
    let error = RunError(.unbalanced, "account for", "all frames", "1 in, 0 out", hint: "report it")
    let end = end(.unbalanced, error: error)
    #expect(end.status == .internalFault && end.problem?.id == "RM-BUG-002")
  }

  @Test func noFrameAtAllIsBadData() {
    let end = end(.finished, frames: 0)
    #expect(end.status == .badData && end.problem?.id == "RM-IN-004")
    #expect(end.problem?.hint?.contains("--to") == true)
    #expect(
      self.end(.finished, frames: 0, start: TimeSpan(seconds: 9)).problem?.hint?.contains("--ss") == true)
  }

  @Test func whatEndedTheRunIsToldOnce() {
    let error = RunError(.model, "run", "m", "it broke", hint: "mend it")
    let result = RunResult(
      report: end(.finished).report, status: .failed, error: error,
      warnings: ["1 frame failed, the last: \(error)", "the source was cut short"])
    #expect(result.lesserWarnings == ["the source was cut short"])
  }
}
