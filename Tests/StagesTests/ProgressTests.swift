// SPDX-License-Identifier: Apache-2.0

import Foundation
import Frames
import Testing

@testable import Stages

@Suite struct ProgressTests {
  private func progress(_ state: RunProgress.State) -> RunProgress {
    var ledger = Ledger()
    ledger.enter(360)
    ledger.leave(276)
    ledger.drop(82, at: .infer, .busy)
    let service = DurationFigures(p50: 43, p95: 46, p99: 47, max: 50, mean: 43)
    let infer = StageFigures(
      name: .infer, frames: 278, service: service, wait: service,
      queue: QueueDepth(current: 1, mean: 1, max: 1),
      busy: 0.99, blocked: 0)
    let figures = PipelineFigures(
      ledger: ledger, stages: [infer], age: service,
      recentAge: DurationFigures(p50: 73.1, p95: 88, p99: 90, max: 91, mean: 75), wallSeconds: 12,
      mediaSeconds: 16, deliveredSeconds: 15, warmupFrames: 10)
    let process = ProcessFigures(
      cpuSeconds: 1, residentBytes: 182_000_000, peakResidentBytes: 1, temperature: 66, throttleCount: nil)
    return RunProgress(
      state: state, pipeline: "main", figures: figures, inRate: 30, outRate: 23.2, duration: 90,
      cpuCores: 3.8,
      process: process)
  }

  @Test func lineOfALiveRun() {
    #expect(
      progress(.live).line()
        == "LIVE  in 30.0  out 23.2 fps  age 73/88 ms  drop 23% (infer busy)  cpu 380%  66 C  up 00:00:12")
  }

  @Test func lineOfASourceThatIsAway() throws {
    var progress = progress(.offline)
    progress.secondsAway = 67.4
    progress.reconnects = 2
    progress.damage.packets = 4
    #expect(
      progress.line()
        == "OFFLINE for 00:01:07  in 30.0  out 23.2 fps  age 73/88 ms  drop 23% (infer busy)"
        + "  damaged 4  reconnects 2  cpu 380%  66 C  up 00:00:12")
    progress.state = .stalled
    #expect(progress.line().hasPrefix("STALLED for 00:01:07  in 30.0"))
    let object = try #require(
      JSONSerialization.jsonObject(with: Data(progress.json.utf8)) as? [String: Any])
    #expect(object["state"] as? String == "stalled" && object["reconnects"] as? Int == 2)
  }

  @Test func theJournalDecidesTheState() {
    var sampler = ProgressSampler()
    let figures = progress(.live).figures, process = progress(.live).process
    func state(_ source: SourceStatus, isEnding: Bool = false) -> RunProgress {
      sampler.progress(
        figures, process: process, pipeline: "p", duration: nil, isLive: true, isEnding: isEnding,
        source: source, time: 9_000_000_000)
    }
    var source = SourceStatus()
    #expect(state(source).state == .live)
    source.state = .offline
    source.reconnects = 3
    #expect(state(source).state == .offline && state(source).reconnects == 3)
    #expect(state(source).secondsAway == 9)
    #expect(state(source, isEnding: true).state == .stopping)
    source.state = .live
    #expect(state(source).state == .live && state(source).secondsAway == 0)
  }

  @Test func lineOfAFile() {
    var progress = progress(.file)
    #expect(
      progress.line()
        == "roadmask  00:00:15/00:01:30  17%  23.2 fps  1.25x  drop 23% (infer busy)  left 00:01:00  bottleneck infer"
    )
    progress.figures.ledger = Ledger()
    progress.duration = nil
    #expect(progress.line() == "roadmask  00:00:15  23.2 fps  1.25x  bottleneck infer")
    #expect(progress.line(width: 20).count == 20)
  }

  @Test func jsonHasTheDocumentedKeys() throws {
    let object = try #require(
      JSONSerialization.jsonObject(with: Data(progress(.live).json.utf8)) as? [String: Any])
    let documented = [
      "v", "type", "t_s", "pipeline", "state", "frames", "dropped", "in_fps", "out_fps", "age_ms", "stages",
      "bottleneck", "cpu_cores", "rss_bytes", "temp_c", "reconnects",
    ]
    for key in documented { #expect(object[key] != nil, "\(key)") }
    #expect((object["dropped"] as? [String: [String: Int]]) == ["infer": ["busy": 82]])
    #expect((object["frames"] as? [String: Int])?["in_flight"] == 2)
    let infer = try #require((object["stages"] as? [String: [String: Any]])?["infer"])
    #expect(infer["queue"] as? Int == 1 && infer["busy"] as? Double == 0.99)
  }

  @Test func ratesAreOfLate() {
    var sampler = ProgressSampler()
    var last: RunProgress?
    for tick in 0...40 {
      var figures = progress(.file).figures
      figures.wallSeconds = Double(tick) * 0.25
      figures.ledger = Ledger()
      figures.ledger.enter(tick <= 20 ? tick * 100 : 2000 + (tick - 20) * 5)
      figures.ledger.leave(figures.ledger.in)
      last = sampler.progress(
        figures, process: progress(.file).process, pipeline: "p", duration: nil, isLive: false,
        isEnding: false)
    }
    #expect(abs((last?.outRate ?? 0) - 20) < 1e-9)
  }
}
