// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Stages
@testable import Web

/// What Prometheus reads, by the rules of its text format.
@Suite struct MetricsTests {
  struct Sample: Equatable {
    var name: String
    var labels: [String: String]
    var value: Double
  }

  /// Parses strictly: each family has its HELP and TYPE, in this order, before its samples.
  static func parse(_ text: String) throws -> (types: [String: String], samples: [Sample]) {
    var types: [String: String] = [:], helped: Set<String> = [], samples: [Sample] = []
    try #require(text.hasSuffix("\n"))
    for line in text.dropLast().split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
      let words = line.split(separator: " ", maxSplits: 3).map(String.init)
      if words.starts(with: ["#", "HELP"]) {
        #expect(words.count == 4 && helped.insert(words[2]).inserted)
        continue
      }
      if words.starts(with: ["#", "TYPE"]) {
        #expect(helped.contains(words[2]) && types[words[2]] == nil)
        types[words[2]] = words[3]
        continue
      }
      let match = try #require(try /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.wholeMatch(in: line), "\(line)")
      var labels: [String: String] = [:]
      for label in (match.2 ?? "").matches(of: /([a-z_]+)="((?:[^"\\]|\\.)*)"(,|$)/) {
        labels[String(label.1)] = String(label.2)
      }
      let value = try #require(Double(match.3), "\(line)")
      let sample = Sample(name: String(match.1), labels: labels, value: value)
      #expect(types[sample.name] != nil, "\(line)")
      #expect(!samples.contains { $0.name == sample.name && $0.labels == labels }, "twice: \(line)")
      samples.append(sample)
    }
    return (types, samples)
  }

  private func progress(_ name: String) -> RunProgress {
    var ledger = Ledger()
    ledger.enter(10)
    ledger.leave(7)
    ledger.drop(2, at: .infer, .busy)
    ledger.fail(at: .decode)
    let times = DurationFigures(p50: 40, p95: 50, p99: 60, max: 70, mean: 41)
    let stages = StageName.allCases.map {
      StageFigures(
        name: $0, frames: 7, service: times, wait: $0 == .decode ? nil : times,
        queue: $0 == .decode ? nil : QueueDepth(current: 1, mean: 0.5, max: 1), busy: 0.5, blocked: 0)
    }
    let figures = PipelineFigures(
      ledger: ledger, stages: stages, age: times, recentAge: times, wallSeconds: 1, mediaSeconds: 1,
      deliveredSeconds: 1, warmupFrames: 0)
    var progress = RunProgress(
      state: .live, pipeline: name, figures: figures, inRate: 1, outRate: 1, duration: nil, cpuCores: 1,
      process: .current)
    progress.reconnects = 3
    progress.damage.frames = 2
    progress.outputs = [
      Report.Output(uri: "a \"b\"\\c.mp4", kind: "video", written: 5, dropped: 1, failed: 1, errors: 1),
      Report.Output(uri: "null:", kind: "null", written: 7), Report.Output(uri: "null:", kind: "null"),
    ]
    return progress
  }

  @Test func everyNameIsThereAndTyped() throws {
    let text = MetricsText([
      .init(progress("front"), isSourceUp: true), .init(progress("back"), isSourceUp: false),
    ]).text
    let (types, samples) = try Self.parse(text)
    func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
      samples.first { $0.name == name && $0.labels == labels.merging(["pipeline": "front"]) { a, _ in a } }?
        .value
    }
    for (result, count) in [("in", 10.0), ("out", 7), ("dropped", 2), ("failed", 1)] {
      #expect(value("roadmask_frames_total", ["result": result]) == count)
    }
    #expect(value("roadmask_dropped_total", ["stage": "infer", "reason": "busy"]) == 2)
    #expect(value("roadmask_stage_service_seconds", ["stage": "infer", "quantile": "0.95"]) == 0.05)
    #expect(value("roadmask_stage_wait_seconds", ["stage": "encode", "quantile": "0.5"]) == 0.04)
    #expect(value("roadmask_queue_depth", ["stage": "argmax"]) == 1)
    #expect(value("roadmask_age_seconds", ["quantile": "0.5"]) == 0.04)
    #expect(value("roadmask_source_up") == 1 && value("roadmask_reconnects_total") == 3)
    #expect(value("roadmask_damaged_pictures_total") == 2)
    #expect(value("roadmask_output_errors_total", ["output": #"a \"b\"\\c.mp4"#]) == 1)
    #expect(value("roadmask_output_errors_total", ["output": "null:#2"]) == 0)
    #expect(samples.filter { $0.name == "roadmask_resident_bytes" }.count == 1)
    #expect(
      samples.contains { $0.labels["pipeline"] == "back" && $0.name == "roadmask_source_up" && $0.value == 0 }
    )
    for (name, type) in types { #expect(type == (name.hasSuffix("_total") ? "counter" : "gauge"), "\(name)") }
  }

  @Test func nothingIsThereBeforeARun() throws {
    #expect(try Self.parse(MetricsText([]).text).samples.isEmpty)
  }
}
