// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import Dispatch
public import Frames
internal import Pixels

/// One run of a pipeline, as it was planned: opened, started once, reported at the end.
///
/// Everything that can be wrong with the source, the outputs and the network is told before `start`: a
/// source that cannot be opened the first time is not tried again.
public final class Run: Sendable {
  public let plan: RunPlan
  /// Bytes.
  public let memoryCeiling: Int
  /// How the source is doing; a source that cannot be lost writes nothing here. Outputs that are lost and
  /// come back tell it here too.
  public let journal: SourceJournal
  /// What a `preview` output shows; `nil` without one.
  public let preview: PreviewBoard?

  private let pipeline: Pipeline
  private let trace: RunTrace?
  private let lanes: [OutputLane]
  private let writerFlag = InterruptFlag()
  private let share: WorkerShare
  private let ending = Monitor<RunResult.Status>(.finished)

  /// Joins the stages: decode, resize, infer, argmax, overlay, encode.
  ///
  /// - Parameters:
  ///   - source: the one that was planned for.
  ///   - inferences: one for each of the plan's networks.
  /// - Throws: `FramesError` where an output cannot be opened.
  public init(_ plan: RunPlan, source: sending OpenedSource, inferences: sending [any Inference]) throws {
    self.plan = plan
    journal = source.journal
    preview = plan.has(.preview) ? PreviewBoard() : nil
    let trailer = Trailer(), adaptation = plan.makeAdaptation()
    let outputs = OutputFactory(
      plan: plan, interrupt: writerFlag, journal: journal, trailer: trailer, board: preview)
    lanes = try outputs.make()
    let stats = try outputs.makeStats(), taps = try outputs.makeTaps()
    trace = try outputs.makeTrace()
    memoryCeiling = plan.memoryCeiling(above: ProcessFigures.current.residentBytes)
    share = WorkerShare(plan.threads.inferWorkers)

    let gates = plan.options
    var assembly = PipelineAssembly(options: plan.options, trace: trace)
    let decode = assembly.begin(
      with: DecodeStage(source: source.frames, flag: source.flag, trailer: trailer, journal: journal),
      adaptation: adaptation, tap: taps.decode)
    let resize = assembly.then(
      ResizeStage(
        source: PictureKind(plan.source), targets: plan.targets, level: plan.level,
        inFlight: plan.flight.modelInputs, adaptation: adaptation),
      after: decode, through: gates.entrance, tap: taps.resize)
    let infer = assembly.then(
      InferStage(inferences: inferences, inFlight: plan.flight.logits, adaptation: adaptation, share: share),
      after: resize, through: gates.networkGate(adaptation), tap: taps.infer)
    let argmax = assembly.then(
      ArgmaxStage(
        networks: zip(plan.networks.map(\.logits), plan.targets).map { ($0, $1) },
        size: PixelSize(width: plan.source.width, height: plan.source.height),
        filter: plan.config.argmax.filter, level: plan.level, inFlight: plan.flight.labelMaps,
        keepsLabels: adaptation?.mode == .skip),
      after: infer, through: gates.passage, tap: taps.argmax)
    let overlay = assembly.then(
      OverlayStage(style: plan.style, reserve: plan.policy == .block ? 0 : plan.flight.drawnFrames),
      after: argmax, through: gates.passage, tap: taps.overlay)
    pipeline = assembly.end(
      with: EncodeStage(lanes: lanes, stats: stats), after: overlay, through: gates.passage)
  }

  /// A run with everything opened here.
  public convenience init(
    config: PipelineConfig, model: ModelDescription, inferences: sending [any Inference]
  ) throws {
    try config.check()
    let source = try OpenedSource(config)
    let plan = try RunPlan(
      config, source: source.info, comesLive: source.comesLive, model: model, networks: inferences.map(\.form)
    )
    try self.init(plan, source: source, inferences: inferences)
  }

  public var config: PipelineConfig { plan.config }

  /// Runs until the source ends, `stop`, `cancel`, or an error. Call it once.
  public func start() -> RunResult {
    let before = ProcessFigures.current
    let watch = config.flow.threads == nil ? ThreadBudgetWatch { [unowned self] in follow($0) } : nil
    defer { watch?.stop() }
    pipeline.start()
    var failure: (any Error)?
    do { try pipeline.wait() } catch { failure = error }
    do { try trace?.finish() } catch { failure = failure ?? error }
    let after = ProcessFigures.current
    var report = plan.emptyReport()
    report.figures = pipeline.figures
    report.process = after
    report.cpuSeconds = after.cpuSeconds - before.cpuSeconds
    report.outputs = outputFigures
    report.reconnects = journal.status.reconnects
    report.missingFrames = journal.status.missingFrames
    report.damage = journal.status.damage
    if let was = before.throttleCount, let now = after.throttleCount { report.isThrottled = now > was }
    let ledger = report.figures.ledger
    var status = ending.withLock { $0 }
    if !ledger.isBalanced {
      status = .unbalanced
      failure =
        failure
        ?? RunError(
          .unbalanced, "account for", "all frames",
          "\(ledger.in) in, \(ledger.out) out, \(ledger.dropped) dropped, \(ledger.failed) failed",
          hint: "this is a fault of the program; please report it")
    } else if failure != nil {
      status = .failed
    } else if status == .finished && Double(errors(report)) > Double(ledger.in) * config.decode.maxErrors {
      status = .limitMissed
    }
    var warnings = warnings(report)
    if status == .limitMissed {
      warnings.append(
        "frames damaged or failed: \(errors(report)) of \(ledger.in), more than --max-errors "
          + "\(config.decode.maxErrors) allows")
    }
    return RunResult(report: report, status: status, error: failure, warnings: warnings)
  }

  /// Lets the network work with what `budget` gives it, as far as it has threads: the run keeps those it began with.
  public func use(_ budget: ThreadBudget) { share.workers = budget.inferWorkers }

  private func follow(_ budget: ThreadBudget) {
    use(budget)
    let level: SourceEvent.Level = budget.total < plan.threads.total ? .warning : .info
    journal.note(
      SourceEvent(level, "\(budget.total) of the \(plan.threads.total) CPUs of the start may be used now"))
  }

  /// Frames that failed here, and for a file those that were damaged before: a stream is expected to lose some.
  private func errors(_ report: Report) -> Int {
    report.figures.ledger.failed + (plan.isLive ? 0 : report.damage.pictures)
  }

  private func warnings(_ report: Report) -> [String] {
    let figures = report.figures
    var lines = lanes.compactMap(\.account.failure).map { "output given up: \($0)" }
    if figures.ledger.failed > 0, let last = figures.lastFailure {
      let count = figures.ledger.failed
      lines.append("\(count) frame\(count == 1 ? "" : "s") failed, the last: \(last)")
    }
    let damage = report.damage
    if !plan.isLive, damage.pictures > 0 {
      let count = damage.pictures
      lines.append(
        "\(count) picture\(count == 1 ? "" : "s") of \(report.input.uri) \(count == 1 ? "is" : "are") damaged"
      )
    }
    if damage.missingSeconds > 0 {
      let missing = Format.fixed(damage.missingSeconds, 1)
      lines.append(
        "\(report.input.uri) ends \(missing) s earlier than it announces: it was cut short or is damaged")
    }
    return lines
  }

  /// Ends the source; frames on their way are delivered, outputs finished. For the first signal. What is not
  /// delivered after four seconds is dropped, and after five no output is waited for.
  public func stop() {
    ending.withLock { if $0 == .finished { $0 = .stopped } }
    pipeline.stop()
    let patience = OutputLane.patience
    let queue = DispatchQueue.global()
    queue.asyncAfter(deadline: .now() + patience - 1) { [weak self] in self?.pipeline.cancel() }
    queue.asyncAfter(deadline: .now() + patience) { [weak self] in
      guard let self else { return }
      writerFlag.set()
      for lane in lanes { lane.abandon() }
    }
  }

  /// Ends at once: what waits is dropped, outputs are closed. For the second signal.
  public func cancel() {
    ending.withLock { $0 = .cancelled }
    writerFlag.set()
    pipeline.cancel()
  }

  /// The figures of the moment.
  public var figures: PipelineFigures { pipeline.figures }
  public var outputFigures: [Report.Output] { lanes.map(\.account.figures) }

  var isEnding: Bool { ending.withLock { $0 != .finished } }
}

/// How a run ended.
public struct RunResult: Sendable {
  public enum Status: Sendable, Equatable {
    case finished
    /// Finished, but more frames failed than allowed.
    case limitMissed
    /// By `stop`: all that came in was delivered.
    case stopped
    case cancelled
    /// By `error`.
    case failed
    /// The ledger does not balance: a fault of the program.
    case unbalanced
  }

  public var report: Report
  public var status: Status
  public var error: (any Error)?
  /// Lines for the user about what did not end the run.
  public var warnings: [String]
}
