// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Kernels
import Planning
import Stages

struct ProfileCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "profile", abstract: "Say how long each operator of a model takes on this machine, and why.",
    usage: "roadmask profile [MODEL] [--runs N] [--threads N] [--top N] [--cpu LEVEL]",
    discussion: "Medians over the runs, slowest first; each operator is timed by itself.")

  @Argument(help: "An installed model's name, or an .onnx file. (default: the installed one)") var model:
    String?
  @Option(help: "Runs to take the median of.") var runs = 20
  @Option(help: "Threads.") var threads = 1
  @Option(help: "Use no instructions above this level.") var cpu: String?
  @Option(help: "Numbers to run on: auto, fp32, fp16, bf16, int8.") var precision: String?
  @Option(help: "Size of the model's picture as WxH. (default: the file's)") var inferSize: String?
  @Option(help: "Operators to show; 0 shows all.") var top = 20

  func validate() throws {
    guard (1...10_000).contains(runs), (1...256).contains(threads), top >= 0 else {
      throw ValidationError("--runs is 1 to 10000, --threads 1 to 256, --top 0 or more")
    }
  }

  func run() throws {
    var config = PipelineConfig()
    if let cpu { try config.set("pipeline.cpu=\(cpu)") }
    if let precision { try config.set("model.precision=\(precision)") }
    if let inferSize { try config.set("model.size=\(inferSize)") }
    let size = config.model.size
    let loaded = try LoadedModel(
      path: ModelStore.path(of: model, precision: config.model.precision), level: config.usableLevel(),
      precision: config.model.precision, picture: { size ?? $0 })
    let session = Session(plan: loaded.plan, pool: WorkerPool(threads: threads))
    report(session.profile(runs: runs), plan: loaded.plan)
  }

  private func report(_ times: [StepTime], plan: Plan) {
    let total = times.reduce(0) { $0 + $1.seconds }
    let sorted = times.sorted { $0.seconds > $1.seconds }
    let shown = top == 0 ? sorted : Array(sorted.prefix(top))
    let rows = shown.map { time in
      let step = time.step
      let microseconds = time.seconds * 1e6
      return [
        step.name, step.op, String(format: "%.0f", microseconds),
        String(format: "%.1f%%", time.seconds / total * 100),
        step.macs > 0 ? String(format: "%.1f", Double(step.macs) / time.seconds / 1e9) : "-",
        String(format: "%.1f", Double(step.movedBytes) / time.seconds / 1e9), step.kernel, step.reason,
      ]
    }
    let header = ["node", "op", "us", "share", "GMAC/s", "GB/s", "kernel", "why"]
    let widths = header.indices.map { column in
      ([header] + rows).map { $0[column].count }.max()!
    }
    for row in [header] + rows {
      let cells = row.indices.map { column -> String in
        let gap = String(repeating: " ", count: widths[column] - row[column].count)
        return (2...5).contains(column) ? gap + row[column] : row[column] + gap
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
  }
}
