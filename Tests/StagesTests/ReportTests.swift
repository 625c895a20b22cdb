// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Stages

@Suite struct ReportTests {
  private func stage(
    _ name: StageName, capacity: Double, service: [Double], wait: [Double]?, queue: (Double, Int)?,
    busy: Double, blocked: Double
  ) -> StageFigures {
    StageFigures(
      name: name, frames: 2697,
      service: DurationFigures(
        p50: service[0], p95: service[1], p99: service[2], max: service[3], mean: 1000 / capacity),
      wait: wait.map { DurationFigures(p50: $0[0], p95: $0[1], p99: $0[1], max: $0[1], mean: $0[0]) },
      queue: queue.map { QueueDepth(current: 0, mean: $0.0, max: $0.1) }, busy: busy, blocked: blocked)
  }

  private var sample: Report {
    var ledger = Ledger()
    ledger.enter(2697)
    ledger.leave(2697)
    let stages = [
      stage(
        .decode, capacity: 186.4, service: [5.3, 6.9, 7.7, 9.6], wait: nil, queue: nil, busy: 0.21,
        blocked: 0.79),
      stage(
        .resize, capacity: 414.9, service: [2.4, 2.7, 2.8, 3.1], wait: [102.5, 105.4], queue: (4, 4),
        busy: 0.09, blocked: 0.91),
      stage(
        .infer, capacity: 39, service: [25.6, 27.1, 27.6, 28.5], wait: [102.5, 105.4], queue: (4, 4),
        busy: 1, blocked: 0),
      stage(
        .argmax, capacity: 243.8, service: [4.1, 4.5, 4.7, 5], wait: [0, 0], queue: (0, 1), busy: 0.16,
        blocked: 0),
      stage(
        .overlay, capacity: 621.1, service: [1.6, 1.9, 2, 2.3], wait: [0, 0], queue: (0, 1), busy: 0.06,
        blocked: 0),
      stage(
        .encode, capacity: 71.6, service: [13.9, 16.2, 17.1, 18.3], wait: [0, 0], queue: (0, 1), busy: 0.55,
        blocked: 0),
    ]
    let figures = PipelineFigures(
      ledger: ledger, stages: stages,
      age: DurationFigures(p50: 302, p95: 307, p99: 309, max: 312, mean: 303), recentAge: nil,
      wallSeconds: 69.1, mediaSeconds: 90, deliveredSeconds: 90, secondsToFirstOutput: 0.5, warmupFrames: 10,
      lastFailure: nil)
    let process = ProcessFigures(
      cpuSeconds: 0, residentBytes: 0, peakResidentBytes: 391_000_000, temperature: 74, throttleCount: 0)
    var report = Report(figures: figures, process: process)
    report.cpuSeconds = 7.27 * 69.1
    report.machine.cpus = 8
    report.isThrottled = false
    return report
  }

  @Test func textHasTheDocumentedForm() {
    let expected = """
      frames   in 2697  out 2697  dropped 0  failed 0   (balanced)
      time     wall 69.1 s  media 90.0 s  speed 1.30x  cpu 727% of 800%  rss peak 391 MB  74 C, no throttling
      rate     39.0 fps   age first packet to written  p50 302  p95 307  p99 309 ms

      stage     frames  capacity        service ms              wait ms      queue    busy  blocked
                             fps    p50   p95   p99   max     p50    p95  mean/max
      decode      2697     186.4    5.3   6.9   7.7   9.6       -      -         -     21%      79%
      resize      2697     414.9    2.4   2.7   2.8   3.1   102.5  105.4     4.0/4      9%      91%
      infer       2697      39.0   25.6  27.1  27.6  28.5   102.5  105.4     4.0/4    100%       0%  <--
      argmax      2697     243.8    4.1   4.5   4.7   5.0     0.0    0.0     0.0/1     16%       0%
      overlay     2697     621.1    1.6   1.9   2.0   2.3     0.0    0.0     0.0/1      6%       0%
      encode      2697      71.6   13.9  16.2  17.1  18.3     0.0    0.0     0.0/1     55%       0%

      bottleneck  infer, 100% busy; next limit encode at 71.6 fps;  argmax + overlay = 22% of infer
      percentiles and capacity leave out the first 10 frames

      """
    #expect(sample.text == expected)
  }

  @Test func wideFiguresKeepTheirDistance() {
    var report = sample
    report.figures.stages[2].service = DurationFigures(
      p50: 12345.6, p95: 123456.7, p99: 123456.7, max: 123456.7, mean: 12345)
    let lines = report.text.split(separator: "\n")
    #expect(lines.contains { $0.contains("12345.6  123456.7  123456.7  123456.7") })
    #expect(Set(lines[5...].prefix(5).map { $0.replacing("  <--", with: "").count }).count == 1)
  }

  @Test func dropsAndFailuresAreNamed() {
    var report = sample
    var ledger = Ledger()
    ledger.enter(100)
    ledger.leave(90)
    ledger.drop(7, at: .infer, .busy)
    ledger.drop(1, at: .infer, .late)
    ledger.fail(at: .decode)
    report.figures.ledger = ledger
    #expect(
      report.text.hasPrefix(
        "frames   in 100  out 90  dropped 8 (infer busy 7, infer late 1)  failed 1 (decode 1)   (NOT BALANCED by 1)"
      ))
  }

  @Test func damageIsToldWhereThereIsAny() throws {
    var report = sample
    #expect(!report.text.contains("source   "))
    report.damage.packets = 3
    report.damage.frames = 12
    report.damage.timestamps = 1
    report.damage.missingSeconds = 13.37
    let line =
      "source   damaged packets 3  damaged pictures 12  timestamps mended 1  ends 13.4 s early"
    #expect(report.text.split(separator: "\n")[1] == line)
    let object = try #require(
      JSONSerialization.jsonObject(with: Data(report.json.utf8)) as? [String: Any])
    let damage = object["damage"] as? [String: Double]
    #expect(damage == ["packets": 3, "frames": 12, "timestamps": 1, "missing_s": 13.37])
  }

  @Test func jsonHasTheDocumentedKeys() throws {
    var report = sample
    report.model = Report.Model()
    report.outputs = [Report.Output(uri: "a\"b.mp4", kind: "video", written: 3, bytes: 5)]
    let object = try #require(
      JSONSerialization.jsonObject(with: Data(report.json.utf8)) as? [String: Any])
    let documented = [
      "v", "type", "version", "exit", "pipeline", "policy", "input", "model", "machine", "frames", "dropped",
      "warmup_frames", "wall_s", "media_s", "speed", "out_fps", "age_ms", "stages", "outputs", "bottleneck",
      "rss_peak_bytes",
    ]
    for key in documented { #expect(object[key] != nil, "\(key)") }
    let stages = try #require(object["stages"] as? [String: [String: Any]])
    #expect(Set(stages.keys) == Set(StageName.allCases.map(\.rawValue)))
    let infer = try #require(stages["infer"])
    for key in ["frames", "capacity_fps", "service_ms", "wait_ms", "queue", "busy", "blocked", "lanes"] {
      #expect(infer[key] != nil, "\(key)")
    }
    #expect((infer["service_ms"] as? [String: Double])?["p50"] == 25.6)
    #expect((object["outputs"] as? [[String: Any]])?.first?["uri"] as? String == "a\"b.mp4")
    #expect(object["speed"] as? Double == 1.302)
  }

  @Test(arguments: [(0.0, "0"), (-0.0004, "0"), (1.5, "1.5"), (-2.25, "-2.25"), (3, "3"), (0.001, "0.001")])
  func numbersAreShort(_ value: Double, _ text: String) {
    var json = JSONText()
    json.object { $0.number("x", value, places: 3) }
    #expect(json.text == "{\"x\":\(text)}")
  }

  @Test func distributionsAreWithinOnePercent() throws {
    var distribution = Distribution()
    for milliseconds in 1...1000 { distribution.record(UInt64(milliseconds) * 1_000_000) }
    let figures = try #require(distribution.summary())
    #expect(abs(figures.p50 / 500 - 1) <= 0.01)
    #expect(abs(figures.p95 / 950 - 1) <= 0.01)
    #expect(figures.max == 1000)
    #expect(figures.mean == 500.5)
  }

  @Test func theFirstFramesStayOut() {
    var steady = SteadyDistribution(warmup: 2)
    steady.record(9_000_000)
    #expect(steady.summary?.max == 9)
    steady.record(8_000_000)
    steady.record(1_000_000)
    #expect(steady.summary?.max == 1)
    #expect(steady.sum == 18_000_000)
  }
}
