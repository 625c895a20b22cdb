// SPDX-License-Identifier: Apache-2.0

extension Report {
  /// The report for a terminal: lines.
  public var text: String {
    ([framesLine, sourceLine, carriedLine, timeLine, rateLine, adaptationLine, ""].compactMap { $0 } + table
      + ["", bottleneckLine, warmupLine].compactMap { $0 })
      .map { $0 + "\n" }.joined()
  }

  private var framesLine: String {
    let ledger = figures.ledger
    var line = "frames   in \(ledger.in)  out \(ledger.out)  dropped \(ledger.dropped)"
    let drops = ledger.dropList.flatMap { drop in
      drop.reasons.map { "\(drop.stage) \($0.reason) \($0.count)" }
    }
    if !drops.isEmpty { line += " (\(drops.joined(separator: ", ")))" }
    line += "  failed \(ledger.failed)"
    let failures = StageName.allCases.filter { ledger.failed(at: $0) > 0 }
    if !failures.isEmpty {
      line += " (" + failures.map { "\($0) \(ledger.failed(at: $0))" }.joined(separator: ", ") + ")"
    }
    return line + (ledger.isBalanced ? "   (balanced)" : "   (NOT BALANCED by \(ledger.inFlight))")
  }

  /// Of a source that was lost, or gave damaged data.
  private var sourceLine: String? {
    var parts: [String] = []
    if reconnects > 0 {
      parts.append(
        "reconnects \(reconnects)  missing \(missingFrames) frame\(missingFrames == 1 ? "" : "s") while away")
    }
    if damage.packets > 0 { parts.append("damaged packets \(damage.packets)") }
    if damage.frames > 0 { parts.append("damaged pictures \(damage.frames)") }
    if damage.timestamps > 0 { parts.append("timestamps mended \(damage.timestamps)") }
    if damage.missingSeconds > 0 {
      parts.append("ends \(Format.fixed(damage.missingSeconds, 1)) s early")
    }
    return parts.isEmpty ? nil : "source   " + parts.joined(separator: "  ")
  }

  /// What came along beside the pictures.
  private var carriedLine: String? {
    var parts: [String] = []
    if !kept.isEmpty { parts.append(kept.joined(separator: ", ")) }
    if !leftOut.isEmpty { parts.append("left out: " + leftOut.joined(separator: "; ")) }
    return parts.isEmpty ? nil : "kept     " + parts.joined(separator: "  ")
  }

  private var timeLine: String {
    var parts = [
      "wall \(Format.fixed(figures.wallSeconds, 1)) s", "media \(Format.fixed(figures.mediaSeconds, 1)) s",
      "speed \(Format.fixed(figures.speed, 2))x",
      "cpu \(Format.percent(cpuCores)) of \(machine.cpus * 100)%",
      "rss peak \(Format.bytes(process.peakResidentBytes))",
    ]
    let heat = [
      process.temperature.map { "\(Format.fixed($0, 0)) C" },
      isThrottled.map { $0 ? "throttled" : "no throttling" },
    ].compactMap { $0 }
    if !heat.isEmpty { parts.append(heat.joined(separator: ", ")) }
    return "time     " + parts.joined(separator: "  ")
  }

  private var rateLine: String {
    var line = "rate     \(Format.fixed(figures.outRate, 1)) fps"
    if let age = figures.age {
      line += "   age first packet to written  p50 \(Format.fixed(age.p50, 0))"
      line += "  p95 \(Format.fixed(age.p95, 0))  p99 \(Format.fixed(age.p99, 0)) ms"
    }
    return line
  }

  /// What the network did less of: `adapt    resolution  480x360 61% (12.0 s)  …  3 switches`.
  private var adaptationLine: String? {
    guard let adaptation = figures.adaptation else { return nil }
    let all = max(1, adaptation.steps.reduce(0) { $0 + $1.frames })
    var parts = adaptation.steps.filter { $0.frames > 0 }.map { step in
      let name = step.size.map { "\($0)" } ?? (step.stride == 1 ? "every frame" : "1 of \(step.stride)")
      let share = Format.percent(Double(step.frames) / Double(all))
      return "\(name) \(share) (\(Format.fixed(step.seconds, 1)) s)"
    }
    if adaptation.mode == .skip { parts.append("labels reused \(adaptation.reused)") }
    parts.append("\(adaptation.switches) switch\(adaptation.switches == 1 ? "" : "es")")
    return "adapt    \(adaptation.mode.rawValue)  " + parts.joined(separator: "  ")
  }

  /// Mean CPUs in use.
  var cpuCores: Double { figures.wallSeconds > 0 ? cpuSeconds / figures.wallSeconds : 0 }

  private static let columns: [(title: String, width: Int)] = [
    ("", 8), ("fps", 10), ("p50", 7), ("p95", 6), ("p99", 6), ("max", 6), ("p50", 8), ("p95", 7),
    ("mean/max", 10), ("", 8), ("", 9),
  ]

  /// Two lines of headings and a line for each stage; columns widen where a figure needs it.
  private var table: [String] {
    let rows = figures.stages.map(cells)
    let widths = Report.columns.enumerated().map { column, form in
      max(form.width, (rows.map { $0[column].count }.max() ?? 0) + 2)
    }
    func line(_ name: String, _ cells: [String]) -> String {
      Format.right(name, 8) + zip(cells, widths).map { Format.left($0, $1) }.joined()
    }
    let service = widths[2...5].reduce(0, +), wait = widths[6] + widths[7]
    let heading =
      Format.right("stage", 8) + Format.left("frames", widths[0]) + Format.left("capacity", widths[1])
      + Format.right(Format.left("service ms", service - 7), service)
      + Format.right(Format.left("wait ms", wait - 1), wait)
      + Format.left("queue", widths[8]) + Format.left("busy", widths[9]) + Format.left("blocked", widths[10])
    let titles = line("", Array(Report.columns.map(\.title)[..<9]))
    let bottleneck = figures.bottleneck?.name
    return [heading, titles]
      + zip(figures.stages, rows).map { stage, cells in
        line(stage.name.rawValue, cells) + (stage.name == bottleneck ? "  <--" : "")
      }
  }

  private func cells(_ stage: StageFigures) -> [String] {
    let service = stage.service, wait = stage.wait
    func ms(_ value: Double?) -> String { Format.fixed(value, 1) }
    return [
      "\(stage.frames)", Format.fixed(stage.capacity, 1), ms(service?.p50), ms(service?.p95),
      ms(service?.p99), ms(service?.max), ms(wait?.p50), ms(wait?.p95),
      stage.queue.map { "\(Format.fixed($0.mean, 1))/\($0.max)" } ?? "-", Format.percent(stage.busy),
      Format.percent(stage.blocked),
    ]
  }

  private var bottleneckLine: String? {
    guard let bottleneck = figures.bottleneck else { return nil }
    var line = "bottleneck  \(bottleneck.name), \(Format.percent(bottleneck.busy)) busy"
    if let next = figures.nextLimit {
      line += "; next limit \(next.name) at \(Format.fixed(next.capacity, 1)) fps"
    }
    if let share = figures.shareAfterInfer {
      line += ";  argmax + overlay = \(Format.percent(share)) of infer"
    }
    return line
  }

  private var warmupLine: String? {
    guard figures.warmupFrames > 0, let most = figures.stages.map(\.frames).max(), most > 0 else {
      return nil
    }
    return most > figures.warmupFrames
      ? "percentiles and capacity leave out the first \(figures.warmupFrames) frames"
      : "percentiles and capacity include the start-up, for want of other frames"
  }
}

extension Report {
  /// The report as Markdown tables.
  public var markdown: String {
    func row(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }
    var lines = [framesLine, sourceLine, timeLine, rateLine, adaptationLine].compactMap { $0 }.map {
      "    " + $0
    }
    lines += [
      "",
      row([
        "stage", "frames", "capacity fps", "service p50 ms", "p95", "p99", "max", "wait p50 ms", "p95",
        "queue mean/max", "busy", "blocked",
      ]), "|---|" + String(repeating: "--:|", count: 11),
    ]
    lines += figures.stages.map { row([$0.name.rawValue] + cells($0)) }
    lines += [""] + [bottleneckLine, warmupLine].compactMap { $0 }
    return lines.map { $0 + "\n" }.joined()
  }
}
