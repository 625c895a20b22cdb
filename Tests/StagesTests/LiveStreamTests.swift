// SPDX-License-Identifier: Apache-2.0

import Foundation
import Frames
import TestSupport
import Testing

@testable import Stages

/// Live policy with a stream that comes at its own speed.
@Suite(.serialized, .timeLimit(.minutes(10))) struct LiveStreamTests {
  /// A transport stream of the drawn street.
  private func media(frames: Int, rate: Int) throws -> Data {
    let folder = try TemporaryFolder()
    var config = PipelineConfig()
    config.source.uri = "test:street?size=96x64&rate=\(rate)&seconds=\(Double(frames) / Double(rate))"
    config.flow.threads = 1
    config.outputs = [OutputConfig(uri: folder.path("a.ts"))]
    _ = try Run(config: config, model: grayModel, inferences: [GrayInference()]).start()
    return try Data(contentsOf: folder.url.appending(path: "a.ts"))
  }

  /// The network takes the time of four frames: every frame is read and decoded as it comes, the newest are labelled.
  @Test func aSlowNetworkDoesNotHoldTheStreamUp() throws {
    let bytes = try media(frames: 125, rate: 25)
    let server = try StreamServer(.rtsp, [.init(bytes, speed: Double(bytes.count) / 5, ending: .silence)])
    var config = PipelineConfig()
    config.source.uri = server.uri
    config.source.reconnect.attempts = .times(0)
    config.source.stallTimeout = TimeSpan(seconds: 2)
    config.flow.threads = 1
    let pace = FramePace(frames: 4)
    let run = try Run(config: config, model: grayModel, inferences: [GrayInference(pace: pace)])
    #expect(run.plan.isLive && run.plan.policy == .latest)
    let result = pace.start(run)
    #expect((result.error as? FramesError)?.kind == .stalled)
    #expect(run.journal.status.state == .offline || run.journal.status.state == .stalled)
    let ledger = result.report.figures.ledger
    #expect(ledger.isBalanced && ledger.out > 5)
    #expect(ledger.in >= 120 && ledger.dropped(at: .infer, .busy) > 0, "\(ledger)")
    // The decoder holds back some frames too.
    #expect(try #require(result.report.figures.ageInServices) < 4, "\(result.report.figures)")
  }

  /// A camera that exposes longer at night: fewer frames, and no stall.
  @Test func aRateThatDropsIsNoStall() throws {
    let day = try media(frames: 30, rate: 30), night = try media(frames: 16, rate: 8)
    var reply = StreamServer.Reply(day + night, speed: Double(night.count) / 2, ending: .silence)
    reply.burst = day.count
    let server = try StreamServer(.tcp, [reply])
    var config = PipelineConfig()
    config.source.uri = server.uri
    config.source.reconnect.attempts = .times(0)
    config.source.stallTimeout = TimeSpan(seconds: 1.5)
    config.flow.policy = .block
    let result = try Run(config: config, model: grayModel, inferences: [GrayInference()]).start()
    // Silence at the end is one.
    #expect((result.error as? FramesError)?.kind == .stalled && result.report.reconnects == 0)
    let ledger = result.report.figures.ledger
    #expect(ledger.isBalanced && ledger.out >= 42, "\(ledger)")
  }

  @Test func aLatencyBudgetDropsWhatIsOld() throws {
    let bytes = try media(frames: 50, rate: 25)
    let server = try StreamServer(.tcp, [.init(bytes, speed: Double(bytes.count) / 2)])
    var config = PipelineConfig()
    config.source.uri = server.uri
    config.source.reconnect.attempts = .times(0)
    config.flow.policy = .dropOldest
    config.flow.queue = 20
    config.flow.latencyBudget = TimeSpan(seconds: 0.3)
    let result = try Run(config: config, model: grayModel, inferences: [GrayInference(pause: 160_000)])
      .start()
    let ledger = result.report.figures.ledger
    #expect(ledger.isBalanced && ledger.dropped(at: .infer, .late) > 0)
  }
}
