// SPDX-License-Identifier: Apache-2.0

internal import Addresses
internal import CPU
internal import Frames
public import Logging
public import Stages

/// What surrounds a run: who asks for it decides these, and nothing else about it.
public struct RunSetting: Sendable {
  /// Says what is going on.
  public var log: Logger
  /// Files that exist are written over.
  public var overwrites = false
  /// A report of an earlier run gives way to that of this one.
  var renewsReport = false
  /// Plans that several pipelines share.
  var models = ModelCache()
  /// Pages and metrics; `nil` opens those that the configuration names.
  var servers: WebServers?
  /// Ends the opening of the source.
  var opening = InterruptFlag()

  public init(log: Logger) { self.log = log }
}

/// A run that only has to be started, and all that must be looked after at its end.
public struct PreparedRun: Sendable {
  public let run: Run
  let setting: RunSetting
  let servers: WebServers
  let outputs: OutputCheck
}

extension RunSetting {
  /// Everything from a configuration to a run that can be started, in the order in which it costs: what is wrong
  /// is told before anything is opened, and nothing is left behind by a run that cannot be.
  ///
  /// - Throws: `Problem`, or an error that `Problem.init(_:subject:)` words.
  public func prepare(_ config: PipelineConfig) throws -> PreparedRun {
    let outputs = try checked(config)
    // A port that is taken is told before anything takes time.
    let servers = try servers ?? WebServers([config]) { [log] in log.warning("\($0)") }
    let source = try OpenedSource(config, flag: opening)
    let (model, plan) = try plan(config, source)
    let threads = plan.threads
    try Problem.needMemory(model.plan.sessionBytes(threads: threads.inferWorkers), for: model.path)
    let run = try Run(plan, source: source, inferences: try model.inferences(threads: threads))
    do {
      try Problem.needMemory(
        run.memoryCeiling - ProcessFigures.current.residentBytes, for: redacted(config.source.uri))
    } catch {
      outputs.removeTargets()
      throw error
    }
    servers.attach(run)
    for line in plan.startLines(memoryCeiling: run.memoryCeiling) { log.info("\(line)") }
    if let line = model.sizesLine { log.info("     \(line)") }
    for sentence in model.assumed { log.info("     \(sentence)") }
    log.debug(
      "model \(model.path), \(model.plan.steps.count) steps, \(model.plan.arenaBytes >> 10) KiB of values")
    log.debug(
      "threads: infer \(threads.inferWorkers), decoder \(threads.decoderThreads), encoder \(threads.encoderThreads)"
    )
    return PreparedRun(run: run, setting: self, servers: servers, outputs: outputs)
  }

  /// What `prepare` would make of it, in lines, with nothing written: for `--dry-run`.
  ///
  /// - Throws: what `prepare` throws.
  public func describe(_ config: PipelineConfig) throws -> [String] {
    _ = try checked(config)
    let source = try OpenedSource(config, flag: opening)
    let (model, plan) = try plan(config, source)
    let ceiling = plan.memoryCeiling(above: ProcessFigures.current.residentBytes)
    return plan.lines(modelPath: model.path, memoryCeiling: ceiling)
      + config.shown.map { "\($0.key.padded(to: 32))\($0.value)" }
  }

  /// What can be known to be wrong before anything is opened.
  private func checked(_ config: PipelineConfig) throws -> OutputCheck {
    try config.check()
    let path = try ModelStore.path(of: config.model.file, precision: config.model.precision)
    let outputs = OutputCheck(config, model: path, overwrite: overwrites, renewsReport: renewsReport)
    try outputs.run()
    return outputs
  }

  /// The model, as it is planned for the source, and what follows from both.
  private func plan(_ config: PipelineConfig, _ source: OpenedSource) throws -> (LoadedModel, RunPlan) {
    let model = try models.model(for: config, source: source.info)
    let plan = try RunPlan(
      config, source: source.info, comesLive: source.comesLive, model: model.description,
      networks: try model.forms(threads: config.threadBudget))
    return (model, plan)
  }
}

extension PipelineConfig {
  /// The size in which the model sees pictures: as asked, else by the shape of the source.
  func pictureSize(for source: SourceInfo, like own: PixelSize) -> PixelSize {
    model.size ?? LoadedModel.picture(for: source, like: own)
  }
}
