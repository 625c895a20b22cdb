// SPDX-License-Identifier: Apache-2.0

public import Frames

/// The state of a run at one moment, with rates over the last moments.
public struct RunProgress: Sendable {
  public enum State: String, Sendable {
    /// Nothing has been delivered yet.
    case opening
    case live
    /// The source is open, but gives nothing.
    case stalled
    /// The source is gone; it is tried again.
    case offline
    /// A file, or another source that waits for us.
    case file
    case stopping
  }

  public var state: State
  public var pipeline: String
  public var figures: PipelineFigures
  /// Frames a second of late.
  public var inRate: Double
  public var outRate: Double
  /// Length of the media in seconds, where it is known.
  public var duration: Double?
  /// CPUs in use of late.
  public var cpuCores: Double
  public var process: ProcessFigures
  /// Seconds since the source was lost; 0 while it is there.
  public var secondsAway = 0.0
  /// Times that it came back, and frames it would have given meanwhile.
  public var reconnects = 0
  public var missingFrames = 0
  /// Of the source.
  public var damage = SourceDamage()
  public var outputs: [Report.Output] = []
  /// Of the picture that a preview showed last.
  public var classes: [PreviewBoard.ClassShare] = []

  /// Seconds until a file is done, at the pace so far.
  public var secondsLeft: Double? {
    guard let duration, figures.deliveredSeconds > 0, figures.wallSeconds > 0 else { return nil }
    let pace = figures.deliveredSeconds / figures.wallSeconds
    return max(0, duration - figures.deliveredSeconds) / pace
  }

  /// Media seconds for each second of the run.
  private var speed: Double {
    figures.wallSeconds > 0 ? figures.deliveredSeconds / figures.wallSeconds : 0
  }

  /// One line of text, cut to `width` columns.
  public func line(width: Int = .max) -> String {
    var parts: [String] = []
    let ledger = figures.ledger
    let rate = Format.fixed(outRate, 1)
    if [.live, .stalled, .offline].contains(state) {
      var word = state.rawValue.uppercased()
      if state != .live { word += " for \(Format.time(secondsAway))" }
      parts.append("\(word)  in \(Format.fixed(inRate, 1))  out \(rate) fps")
      if let age = figures.recentAge {
        parts.append("age \(Format.fixed(age.p50, 0))/\(Format.fixed(age.p95, 0)) ms")
      }
      if ledger.dropped > 0 { parts.append(dropText) }
      if ledger.failed > 0 { parts.append("failed \(ledger.failed)") }
      if damage.pictures > 0 { parts.append("damaged \(damage.pictures)") }
      if reconnects > 0 { parts.append("reconnects \(reconnects)") }
      parts.append("cpu \(Format.percent(cpuCores))")
      if let temperature = process.temperature { parts.append("\(Format.fixed(temperature, 0)) C") }
      parts.append("up \(Format.time(figures.wallSeconds))")
    } else {
      let names: [State: String] = [.opening: "OPENING", .stopping: "STOPPING"]
      parts.append(names[state] ?? "roadmask")
      let at = Format.time(figures.deliveredSeconds)
      if let duration, duration > 0 {
        parts.append("\(at)/\(Format.time(duration))")
        parts.append(Format.percent(min(1, figures.deliveredSeconds / duration)))
      } else {
        parts.append(at)
      }
      parts.append("\(rate) fps")
      parts.append("\(Format.fixed(speed, 2))x")
      if ledger.dropped > 0 { parts.append(dropText) }
      if ledger.failed > 0 { parts.append("failed \(ledger.failed)") }
      if let left = secondsLeft, state == .file { parts.append("left \(Format.time(left.rounded(.up)))") }
      if let bottleneck = figures.bottleneck { parts.append("bottleneck \(bottleneck.name)") }
    }
    return String(parts.joined(separator: "  ").prefix(max(0, width)))
  }

  /// The share that was dropped, and where most of it was.
  private var dropText: String {
    let ledger = figures.ledger
    let share = Double(ledger.dropped) / Double(max(1, ledger.in))
    let places = ledger.dropList.flatMap { drop in
      drop.reasons.map { (place: "\(drop.stage) \($0.reason)", count: $0.count) }
    }
    let most = places.max { $0.count < $1.count }?.place ?? ""
    return "drop \(Format.percent(share)) (\(most))"
  }

  /// The progress object on one line, without a newline.
  public var json: String {
    var json = JSONText()
    json.object { json in
      json.integer("v", 1)
      json.string("type", "progress")
      json.number("t_s", figures.wallSeconds, places: 3)
      json.string("pipeline", pipeline)
      json.string("state", state.rawValue)
      json.frames(figures.ledger, inFlight: true)
      json.dropped(figures.ledger)
      json.number("position_s", figures.deliveredSeconds, places: 3)
      json.number("duration_s", duration, places: 3)
      json.number("left_s", secondsLeft, places: 1)
      json.number("in_fps", inRate, places: 2)
      json.number("out_fps", outRate, places: 2)
      json.durations("age_ms", figures.recentAge, isFinal: false)
      json.stages(figures.stages, isFinal: false)
      json.string("bottleneck", figures.bottleneck?.name.rawValue)
      json.number("cpu_cores", cpuCores, places: 2)
      json.integer("rss_bytes", process.residentBytes)
      json.number("temp_c", process.temperature, places: 1)
      json.number("away_s", secondsAway, places: 1)
      json.integer("reconnects", reconnects)
      json.integer("missing_frames", missingFrames)
      json.damage(damage)
      json.outputs(outputs)
      json.array("classes", classes.filter { $0.share > 0 }) { json, item in
        json.object { json in
          json.string("name", item.name)
          json.string("color", item.color)
          json.number("share", item.share, places: 4)
        }
      }
    }
    return json.text
  }
}

/// Makes progress from the figures of a run, with rates over the last two seconds or so.
struct ProgressSampler {
  static let span = 2.0

  private struct Sample {
    var wall: Double
    var inCount: Int
    var outCount: Int
    var cpu: Double
  }

  private var samples: [Sample] = []

  mutating func progress(
    _ figures: PipelineFigures, process: ProcessFigures, pipeline: String, duration: Double?, isLive: Bool,
    isEnding: Bool, source: SourceStatus = SourceStatus(), time: UInt64 = Clock.monotonic.now()
  ) -> RunProgress {
    let now = Sample(
      wall: figures.wallSeconds, inCount: figures.ledger.in, outCount: figures.ledger.out,
      cpu: process.cpuSeconds)
    samples.append(now)
    while samples.count > 2 && now.wall - samples[1].wall >= ProgressSampler.span { samples.removeFirst() }
    let then = samples[0]
    let span = now.wall - then.wall
    func rate(_ difference: Double) -> Double { span > 0 ? difference / span : 0 }
    let away: RunProgress.State? =
      switch source.state {
      case .stalled: .stalled
      case .offline: .offline
      case .opening, .live: nil
      }
    let state: RunProgress.State =
      isEnding ? .stopping : away ?? (figures.ledger.out == 0 ? .opening : isLive ? .live : .file)
    return RunProgress(
      state: state, pipeline: pipeline, figures: figures, inRate: rate(Double(now.inCount - then.inCount)),
      outRate: rate(Double(now.outCount - then.outCount)), duration: duration,
      cpuCores: rate(now.cpu - then.cpu), process: process,
      secondsAway: away == nil ? 0 : (time - min(time, source.since)).seconds, reconnects: source.reconnects,
      missingFrames: source.missingFrames, damage: source.damage)
  }
}
