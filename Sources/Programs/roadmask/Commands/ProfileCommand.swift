// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
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
    let times = Session(plan: loaded.plan, pool: WorkerPool(threads: threads)).profile(runs: runs)
    let table = ProfileTable(times, plan: loaded.plan, threads: threads)
    for line in table.lines(top: top) { print(line) }
    print(String(format: "read and planned in %.0f ms", loading / .milliseconds(1)))
    // A network that labels no pictures has no argmax stage.
    if let whole = try? WholeRun(loaded, threads: threads, runs: runs) { print(whole.line) }
    if let trace { try table.writeTrace(to: trace) }
  }
}
