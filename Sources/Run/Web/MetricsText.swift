// SPDX-License-Identifier: Apache-2.0

public import Stages

/// What Prometheus reads: the figures of all runs, each under the name of its pipeline.
public struct MetricsText {
  /// A run at one moment.
  public struct Sample: Sendable {
    public var progress: RunProgress
    public var isSourceUp: Bool

    public init(_ progress: RunProgress, isSourceUp: Bool) {
      self.progress = progress
      self.isSourceUp = isSourceUp
    }
  }

  public private(set) var text = ""

  public init(_ samples: [Sample]) {
    func each(_ name: String, _ kind: Kind, _ help: String, _ lines: (Sample) -> [Line]) {
      family(
        name, kind, help,
        samples.flatMap { sample in
          lines(sample).map { ([("pipeline", sample.progress.pipeline)] + $0.labels, $0.value) }
        })
    }
    each("roadmask_frames_total", .counter, "Frames by what became of them.") { sample in
      let ledger = sample.progress.figures.ledger
      return [("in", ledger.in), ("out", ledger.out), ("dropped", ledger.dropped), ("failed", ledger.failed)]
        .map { Line([("result", $0.0)], Double($0.1)) }
    }
    each("roadmask_dropped_total", .counter, "Dropped frames by the stage they waited for, and why.") {
      $0.progress.figures.ledger.dropList.flatMap { drop in
        drop.reasons.map {
          Line([("stage", drop.stage.rawValue), ("reason", $0.reason.rawValue)], Double($0.count))
        }
      }
    }
    each("roadmask_stage_service_seconds", .gauge, "Time that a stage works on a frame, over the run.") {
      $0.progress.figures.stages.flatMap { stage in
        quantiles(stage.service, [("stage", stage.name.rawValue)])
      }
    }
    each("roadmask_stage_wait_seconds", .gauge, "Time that a frame waits for a stage, over the run.") {
      $0.progress.figures.stages.flatMap { stage in quantiles(stage.wait, [("stage", stage.name.rawValue)]) }
    }
    each("roadmask_queue_depth", .gauge, "Frames that wait for a stage now.") {
      $0.progress.figures.stages.compactMap { stage in
        stage.queue.map { Line([("stage", stage.name.rawValue)], Double($0.current)) }
      }
    }
    each("roadmask_age_seconds", .gauge, "Age of frames when they are written, over the last seconds.") {
      quantiles($0.progress.figures.recentAge, [])
    }
    each("roadmask_source_up", .gauge, "1 while the source gives frames.") {
      [Line([], $0.isSourceUp ? 1 : 0)]
    }
    each("roadmask_reconnects_total", .counter, "Times that the source came back.") {
      [Line([], Double($0.progress.reconnects))]
    }
    each("roadmask_damaged_pictures_total", .counter, "Pictures that came damaged or were lost to damage.") {
      [Line([], Double($0.progress.damage.pictures))]
    }
    each("roadmask_output_errors_total", .counter, "Times that an output could not be opened or written.") {
      outputs($0) { [Line([], Double($0.errors))] }
    }
    each("roadmask_output_frames_total", .counter, "Frames of an output by what became of them.") {
      outputs($0) { output in
        [("written", output.written), ("dropped", output.dropped), ("failed", output.failed)]
          .map { Line([("result", $0.0)], Double($0.1)) }
      }
    }
    let process = samples.first.map { [([(String, String)](), Double($0.progress.process.residentBytes))] }
    family("roadmask_resident_bytes", .gauge, "Memory of the process.", process ?? [])
  }

  private enum Kind: String { case counter, gauge }

  private struct Line {
    var labels: [(String, String)]
    var value: Double

    init(_ labels: [(String, String)], _ value: Double) {
      self.labels = labels
      self.value = value
    }
  }

  private func quantiles(_ figures: DurationFigures?, _ labels: [(String, String)]) -> [Line] {
    guard let figures else { return [] }
    return [("0.5", figures.p50), ("0.95", figures.p95), ("0.99", figures.p99)].map {
      Line(labels + [("quantile", $0.0)], $0.1 / 1000)
    }
  }

  private func outputs(_ sample: Sample, _ lines: (Report.Output) -> [Line]) -> [Line] {
    var seen: [String: Int] = [:]
    return sample.progress.outputs.flatMap { output in
      // Two outputs may have one name, as null: has.
      let count = seen[output.uri, default: 0]
      seen[output.uri] = count + 1
      let name = count == 0 ? output.uri : "\(output.uri)#\(count + 1)"
      return lines(output).map { Line([("output", name)] + $0.labels, $0.value) }
    }
  }

  private mutating func family(
    _ name: String, _ kind: Kind, _ help: String, _ lines: [([(String, String)], Double)]
  ) {
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
    for (labels, value) in lines {
      text += name
      if !labels.isEmpty {
        text += "{" + labels.map { "\($0.0)=\"\(MetricsText.escaped($0.1))\"" }.joined(separator: ",") + "}"
      }
      text += value == value.rounded() && abs(value) < 1e15 ? " \(Int(value))\n" : " \(value)\n"
    }
  }

  private static func escaped(_ value: String) -> String {
    value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
  }
}
