// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CPU
import Foundation
import Planning
import Runs
import Stages
import Workers

struct ProfileCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "profile", abstract: "Say how long each operator of a model takes on this machine, and why.",
    usage: "roadmask profile [MODEL] [--threads N] [--cpu LEVEL] [<options>]",
    discussion: "Medians over the runs, slowest first; each operator is timed by itself, then "
      + "the whole network with the argmax stage. 'peak' is a node's share of what the "
      + "machine was measured to do at most: multiply-adds, or else bytes from the caches.")

  @Argument(help: "An installed model's name, or an .onnx file. (default: the installed one)") var model:
    String?
  @Option(help: "Runs to take the median of.") var runs = 20
  @Option(help: "Threads.") var threads = 1
  @Option(help: "Use no instructions above this level.") var cpu: String?
  @Option(help: "Numbers to run on: auto, fp32, fp16, bf16, int8.") var precision: String?
  @Option(help: "Size of the model's picture as WxH. (default: the file's)") var inferSize: String?
  @Option(help: "Operators to show; 0 shows all.") var top = 20
  @Option(help: "Write the last run as a timeline (Chrome's JSON).") var trace: String?
  @Flag(help: "Time whole runs alone, and print them as one line of JSON.") var json = false
  @Flag(help: "Print what would run, with which kernels and where in memory, and time nothing.") var plan =
    false

  func validate() throws {
    guard (1...10_000).contains(runs), (1...256).contains(threads), top >= 0 else {
      throw ValidationError("--runs is 1 to 10000, --threads 1 to 256, --top 0 or more")
    }
  }

  func run() throws {
    if let trace { try Console.refuseDash(trace) }
    var config = PipelineConfig()
    if let cpu { try config.set("pipeline.cpu=\(cpu)") }
    if let precision { try config.set("model.precision=\(precision)") }
    if let inferSize { try config.set("model.size=\(inferSize)") }
    let size = config.model.size
    let start = ContinuousClock.now
    let loaded = try LoadedModel(
      path: ModelStore.path(of: model, precision: config.model.precision), level: config.usableLevel(),
      precision: config.model.precision, picture: { size ?? $0 })
    let loading = ContinuousClock.now - start
    if plan {
      print(loaded.plan.text, terminator: "")
      return
    }
    if json {
      print(try WholeRun(loaded, threads: threads, runs: runs).json(loaded.plan, threads: threads))
      return
    }
    let session = Session(plan: loaded.plan, pool: WorkerPool(threads: threads))
    let times = session.profile(runs: runs)
    report(times, plan: loaded.plan)
    print(String(format: "read and planned in %.0f ms", loading / .milliseconds(1)))
    // A network that labels no pictures has no argmax stage.
    if let whole = try? WholeRun(loaded, threads: threads, runs: runs) { print(whole.line) }
    if let trace { try write(times, to: trace) }
  }

  private func write(_ times: [StepTime], to path: String) throws {
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
      json.string("displayTimeUnit", "ms")
    }
    let text = json.text + "\n"
    do { try Data(text.utf8).write(to: URL(fileURLWithPath: path)) } catch {
      throw Problem(error, subject: path)
    }
  }

  private func report(_ times: [StepTime], plan: Plan) {
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
      print(cells.joined(separator: "  "))
    }
    if shown.count < sorted.count {
      print("and \(sorted.count - shown.count) faster ones; --top 0 shows them")
    }
    print(
      String(
        format: "\n%d steps  %.2f ms  %.1f GMAC/s  %@  %d thread%@", sorted.count, total * 1e3,
        Double(plan.macs) / total / 1e9, plan.options.level.rawValue, threads, threads == 1 ? "" : "s")
        + "  \(plan.workLine)")
    let halves = peak.halfMACs > 0 ? String(format: " %.0f in fp16,", peak.halfMACs / 1e9) : ""
    let tiles = peak.bf16MACs > 0 ? String(format: " %.0f in bf16,", peak.bf16MACs / 1e9) : ""
    let products = String(
      format: "peak of one thread  %.0f GMAC/s in 8 bits, %.0f in fp32,", peak.macs / 1e9,
      peak.floatMACs / 1e9)
    print(
      products + halves + tiles + String(format: " %.0f GB/s from the caches", peak.bytes / 1e9)
        + (plan.isExact ? "; all between the ends runs on stored numbers" : ""))
  }
}
