// SPDX-License-Identifier: Apache-2.0

import CPU
import Dispatch
import Foundation
import Frames
import Logging
import Stages

/// Carries out a run as the user sees it: start lines, progress, signals, report, exit code.
struct Execution {
  var config: PipelineConfig
  let options: RunOptions
  private let log: Logger

  init(config: PipelineConfig, options: RunOptions) {
    self.config = config
    self.options = options
    log = options.logging.logger()
  }

  func run() throws {
    let level = try config.usableLevel()
    let path = try ModelStore.path(of: config.model.file, precision: config.model.precision)
    let check = OutputCheck(config, model: path, overwrite: options.overwrite)
    try check.run()
    // A port that is taken is told before anything takes time.
    let servers = try WebServers(options.dryRun ? [] : [config])
    let source = try OpenedSource(config)
    let info = source.info
    try config.checkAdaptation(under: source.policy)
    let model = try LoadedModel(
      path: path, level: level, precision: config.model.precision,
      picture: { config.pictureSize(for: info, like: $0) },
      insists: config.model.size != nil, sizes: config.flow.adapt == .resolution)
    if options.dryRun { return describe(info, model) }
    try Problem.needMemory(
      model.plan.weightBytes + model.plan.sessionBytes(threads: config.threadBudget.inferWorkers), for: path)
    let inferences = try model.inferences(threads: config.threadBudget)

    let run = try Run(config: config, source: source, model: model.description, inferences: inferences)
    do {
      try Problem.needMemory(
        run.memoryCeiling - ProcessFigures.current.residentBytes, for: redacted(config.source.uri))
    } catch {
      check.removeTargets()
      throw error
    }
    servers.attach(run)
    for line in run.startLines { log.info("\(line)") }
    if let line = model.sizesLine { log.info("     \(line)") }
    log.debug("model \(path), \(model.plan.steps.count) steps, \(model.plan.arenaBytes >> 10) KiB of values")
    let threads = run.threads
    log.debug(
      "threads: infer \(threads.inferWorkers), decoder \(threads.decoderThreads), encoder \(threads.encoderThreads)"
    )
    let signals = SignalWatch(run)
    let progress = ProgressPrinter(run, form: config.report.progress)
    // With `-q` only what is lost is told, not what came back.
    run.journal.listen { [isQuiet = options.quiet] event in
      if event.level == .warning || !isQuiet { progress.print("\(event.level): \(event.text)") }
    }
    progress.start()
    let result = run.start()
    progress.stop()
    servers.stop()
    // Files without a frame play nowhere.
    if result.report.figures.ledger.in == 0 { check.removeTargets() }
    try conclude(result, caught: signals.first)
  }

  /// What `--dry-run` says.
  private func describe(_ source: SourceInfo, _ model: LoadedModel) {
    let input = model.plan.inputs[0].fact.shape
    Output.data("in         \(source.summary)")
    print("net        \(model.path)  \(input[2])x\(input[1])  kernels \(model.plan.options.level.rawValue)")
    for output in config.outputs { Output.data("out        \(redacted(output.uri))") }
    for (key, value) in config.shown { Output.data("\(key.padded(to: 32))\(value)") }
  }

  private func conclude(_ result: RunResult, caught: Int32?) throws {
    for warning in result.lesserWarnings { log.warning("\(warning)") }
    for line in LogCollector.shared.lines {
      log.debug("ffmpeg: \(line.text)\(line.count > 1 ? " (\(line.count) times)" : "")")
    }
    var result = result
    let (status, problem) = result.outcome(of: config, caught: caught)
    result.complete(status)
    try writeReport(result.report)
    if let problem { throw problem }
    if status != .success { Foundation.exit(status.rawValue) }
  }

  private func writeReport(_ report: Report) throws {
    if options.quiet && config.report.file == nil && config.report.format == .text { return }
    guard let text = report.written(as: config.report.format) else { return }
    if let file = config.report.file {
      try Output.writeReport(text, to: file)
    } else if config.report.format == .json {
      print(text, terminator: "")
    } else {
      Output.message("\n" + text.dropLast())
    }
  }
}

extension PipelineConfig {
  /// The CPU level to use.
  func usableLevel() throws -> CPULevel {
    let usable = "usable here: \(CPULevel.usable.map(\.rawValue).joined(separator: ", "))"
    if let unknown = CPULevel.unknownLimit {
      throw Problem(.usage, "RM-USE-004", "ROADMASK_CPU: no level '\(unknown)'", hint: usable)
    }
    guard let level = flow.cpu else { return .best }
    guard CPULevel.usable.contains(level) else {
      throw Problem(.usage, "RM-USE-004", "this machine has no \(level.rawValue)", hint: usable)
    }
    return level
  }

  /// The size in which the model sees pictures: as asked, else by the shape of the source.
  func pictureSize(for source: SourceInfo, like own: PixelSize) -> PixelSize {
    model.size ?? LoadedModel.picture(for: source, like: own)
  }
}

/// Takes SIGINT and SIGTERM: the first ends the source, so that what is on its way is finished; the second
/// ends at once.
final class SignalWatch: @unchecked Sendable {
  // @unchecked: `caught` is touched on `queue` alone.

  private let queue = DispatchQueue(label: "roadmask.signals")
  private var caught: Int32?

  /// The signal that ended the run.
  var first: Int32? { queue.sync { caught } }

  init(_ run: Run) {
    SignalEvents.take(on: queue) { [self] number in
      if caught == nil {
        caught = number
        run.stop()
      } else {
        run.cancel()
        // An encoder may need seconds to empty itself; fragments that are written play without it.
        queue.asyncAfter(deadline: .now() + 0.15) { _exit(128 + number) }
      }
    }
  }
}
