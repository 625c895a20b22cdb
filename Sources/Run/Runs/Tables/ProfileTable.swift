// SPDX-License-Identifier: Apache-2.0

internal import CPU
internal import Foundation
public import Planning
internal import Stages

/// What `profile` says about the steps of a plan.
public struct ProfileTable {
  private let times: [StepTime]
  private let plan: Plan
  private let threads: Int

  public init(_ times: [StepTime], plan: Plan, threads: Int) {
    self.times = times
    self.plan = plan
    self.threads = threads
  }

  /// Writes the last run as a timeline of Chrome's trace viewer.
  ///
  /// - Throws: `Problem` where `path` cannot be written.
  public func writeTrace(to path: String) throws {
    var json = JSONText()
    json.object { json in
      json.array("traceEvents", times) { json, time in
        json.object { json in
          json.string("ph", "X")
          json.integer("pid", 1)
          json.integer("tid", 1)
          json.string("name", time.step.name)
          json.string("cat", time.step.op)
          json.number("ts", time.last.start * 1e6, places: 3)
          json.number("dur", time.last.seconds * 1e6, places: 3)
          json.object("args") { json in
            json.string("kernel", "\(time.step.kernel)")
            json.string("why", time.step.reason)
            json.integer("macs", time.step.macs)
            json.integer("bytes", time.step.movedBytes)
          }
        }
      }
    }
    let text = json.text + "\n"
    do { try Data(text.utf8).write(to: URL(fileURLWithPath: path)) } catch {
      throw Problem(error, subject: path)
    }
  }

  /// The slowest steps in a table, then their sum and what one thread of the machine could do at most.
  ///
  /// - Parameter top: steps to show; 0 for all.
  public func lines(top: Int) -> [String] {
    var lines: [String] = []
    let total = times.reduce(0) { $0 + $1.seconds }
    let peak = MachinePeak(level: plan.options.level)
    /// Of all threads together.
    func share(_ time: StepTime) -> String {
      let isProduct = time.step.macs > 0
      let most = (isProduct ? peak.macs(by: time.step.kernel) : peak.bytes) * Double(threads)
      guard most > 0 else { return "-" }
      let rate = Double(isProduct ? time.step.macs : time.step.movedBytes) / time.seconds
      return String(format: "%.0f%%", rate / most * 100)
    }
    let sorted = times.sorted { $0.seconds > $1.seconds }
    let shown = top == 0 ? sorted : Array(sorted.prefix(top))
    let rows = shown.map { time in
      let step = time.step
      let microseconds = time.seconds * 1e6
      return [
        step.name, step.op, String(format: "%.0f", microseconds),
        String(format: "%.1f%%", time.seconds / total * 100),
        step.macs > 0 ? String(format: "%.1f", Double(step.macs) / time.seconds / 1e9) : "-",
        String(format: "%.1f", Double(step.movedBytes) / time.seconds / 1e9), share(time),
        "\(step.kernel)",
        plan.precision == "int8" && !step.runsOnStoredNumbers && !step.isConversion
          ? "runs in fp32 with exact conversion; \(step.reason)" : step.reason,
      ]
    }
    let header = ["node", "op", "us", "share", "GMAC/s", "GB/s", "peak", "kernel", "why"]
    let widths = header.indices.map { column in
      ([header] + rows).map { $0[column].count }.max()!
    }
    for row in [header] + rows {
      let cells = row.indices.map { column -> String in
        let gap = String(repeating: " ", count: widths[column] - row[column].count)
        return (2...6).contains(column) ? gap + row[column] : row[column] + gap
      }
      lines.append(cells.joined(separator: "  "))
    }
    if shown.count < sorted.count {
      lines.append("and \(sorted.count - shown.count) faster ones; --top 0 shows them")
    }
    lines.append(
      String(
        format: "\n%d steps  %.2f ms  %.1f GMAC/s  %@  %d thread%@", sorted.count, total * 1e3,
        Double(plan.macs) / total / 1e9, plan.options.level.rawValue, threads, threads == 1 ? "" : "s")
        + "  \(plan.workLine)")
    let halves = peak.halfMACs > 0 ? String(format: " %.0f in fp16,", peak.halfMACs / 1e9) : ""
    let tiles = peak.bf16MACs > 0 ? String(format: " %.0f in bf16,", peak.bf16MACs / 1e9) : ""
    let products = String(
      format: "peak of one thread  %.0f GMAC/s in 8 bits, %.0f in fp32,", peak.macs / 1e9,
      peak.floatMACs / 1e9)
    lines.append(
      products + halves + tiles + String(format: " %.0f GB/s from the caches", peak.bytes / 1e9)
        + (plan.isExact ? "; all between the ends runs on stored numbers" : ""))
    return lines
  }
}
