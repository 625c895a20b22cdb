// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import Dispatch
public import Frames
internal import Pixels

/// One run of a pipeline: opened from its description, started once, reported at the end.
///
/// Everything that can be wrong with the source, the outputs and the network is told before `start`: a
/// source that cannot be opened the first time is not tried again.
public final class Run: Sendable {
  public let config: PipelineConfig
  public let policy: OverloadPolicy
  public let threads: ThreadBudget
  /// Bytes.
  public let memoryCeiling: Int
  /// What the user is told before the first frame, in lines.
  public let startLines: [String]
  /// Length of the media in seconds, where the source knows it.
  public let duration: Double?
  /// How the source is doing; a source that cannot be lost writes nothing here. Outputs that are lost and
  /// come back tell it here too.
  public let journal: SourceJournal
  public let isLive: Bool
  /// What a `preview` output shows; `nil` without one.
  public let preview: PreviewBoard?

  private let options: PipelineOptions
  private let pipeline: Pipeline
  private let lanes: [OutputLane]
  private let writerFlag: InterruptFlag
  private let template: Report
  private let share: WorkerShare
  private let ending = Monitor<RunResult.Status>(.finished)

  /// As the other `init`, with the source opened here.
  public convenience init(
    config: PipelineConfig, model: ModelDescription, inference: sending any Inference
  ) throws {
    try config.check()
    try self.init(config: config, source: try OpenedSource(config), model: model, inferences: [inference])
  }

  /// - Parameters:
  ///   - source: opened as `config` says.
  ///   - inferences: one network made for `config.threadBudget`; for `adapt: resolution` the same for several
  ///     sizes of picture, the largest first.
  /// - Throws: `FramesError` or `RunError`.
  public init(
    config: PipelineConfig, source: sending OpenedSource, model: ModelDescription,
    inferences: sending [any Inference]
  ) throws {
    let threads = config.threadBudget
    let level = config.flow.cpu ?? .best
    let inputs = inferences.map(\.input), logits = inferences.map(\.logits)
    let networkBytes = inferences.reduce(0) { $0 + $1.byteCount }
    var options = source.options
    options.adaptation = try config.adaptation(of: inputs, under: options.policy)
    let adaptation = options.adaptation
    let kinds = try config.outputs.map(OutputFactory.kind)
    let flight = FlightPlan(
      policy: options.policy, places: options.places, skips: adaptation?.mode == .skip,
      held: try OutputFactory.held(config, options.policy))
    let palette = try config.palette(of: model)
    let wantsTruth = config.outputs.contains { $0.kind == .truth }
    guard model.palette.names.count == logits[0].classes else {
      throw RunError(
        .model, "run", model.name,
        "it gives \(logits[0].classes) classes but names \(model.palette.names.count)",
        hint: "write the names of all classes into its metadata")
    }
    let journal = source.journal
    let writerFlag = InterruptFlag()
    let info = source.info
    let isLive = options.isPaced || source.comesLive
    let outputs = OutputFactory(
      config: config, source: info, model: model, palette: palette, threads: threads, isLive: isLive,
      policy: options.policy, interrupt: writerFlag, journal: journal, trailer: Trailer(),
      board: kinds.contains(.preview) ? PreviewBoard() : nil)
    lanes = try outputs.make()
    let stats = try outputs.makeStats()

    let taps = config.outputs.filter { $0.kind == .hash }.map(\.tap)
    let targets = inputs.map {
      $0.placing(
        width: info.width, height: info.height, aspect: info.video.sampleAspectRatio.value,
        fit: config.resize.fit)
    }
    let target = targets[0]
    let style = OverlayStage.Style(
      palette: palette, alpha: Float(config.overlay.alpha), view: config.overlay.view, level: level,
      isIdle: !kinds.isEmpty && kinds.allSatisfy { [.mask, .png, .truth, .hash].contains($0) }
        && !taps.contains(.overlay),
      keepsSource: taps.contains(.decode))
    memoryCeiling =
      MemoryCeiling(
        base: ProcessFigures.current.residentBytes + networkBytes,
        flight: flight, video: info.video,
        inputBytes: target.byteCount, logitBytes: logits[0].byteCount, hasTruth: wantsTruth,
        drawnWidth: config.overlay.view == .side ? (info.width + 1) / 2 * 4 : info.width,
        videoOutputs: kinds.count { $0 == .video },
        labelOutputs: kinds.count { $0 == .mask || $0 == .truth },
        hasWeb: kinds.contains(.preview) || config.web.listen != nil, threads: threads
      ).bytes

    var assembly = PipelineAssembly(options: options)
    let decode = assembly.begin(
      with: DecodeStage(source: source.frames, flag: source.flag, trailer: outputs.trailer, journal: journal))
    let resize = assembly.then(
      ResizeStage(
        source: PictureResizer.Source(
          format: info.video.format, width: info.width, height: info.height, matrix: info.color.matrix,
          range: info.color.range),
        targets: targets, level: level, inFlight: flight.modelInputs, adaptation: adaptation),
      after: decode)
    share = WorkerShare(threads.inferWorkers)
    let infer = assembly.then(
      InferStage(inferences: inferences, inFlight: flight.logits, adaptation: adaptation, share: share),
      after: resize)
    let argmax = assembly.then(
      ArgmaxStage(
        networks: zip(logits, targets).map { ($0, $1) },
        size: PixelSize(width: info.width, height: info.height), filter: config.argmax.filter, level: level,
        inFlight: flight.labelMaps, keepsLabels: adaptation?.mode == .skip),
      after: infer)
    let overlay = assembly.then(
      OverlayStage(style: style, reserve: options.policy == .block ? 0 : flight.drawnFrames), after: argmax)
    pipeline = assembly.end(
      with: EncodeStage(lanes: lanes, stats: stats), after: overlay)

    self.journal = journal
    self.isLive = isLive
    preview = outputs.board
    self.config = config
    self.options = options
    self.threads = threads
    self.writerFlag = writerFlag
    policy = options.policy
    duration = info.duration
    template = config.emptyReport(
      source: info, policy: policy, model: model, input: target, threads: threads, level: level)
    startLines = config.startLines(
      source: info, isLive: isLive, policy: policy, model: model, input: target, level: level,
      threads: threads, memoryCeiling: memoryCeiling, keepsAudio: outputs.keepsAudio)
  }

  /// Runs until the source ends, `stop`, `cancel`, or an error. Call it once.
  public func start() -> RunResult {
    let before = ProcessFigures.current
    let watch = config.flow.threads == nil ? ThreadBudgetWatch { [unowned self] in follow($0) } : nil
    defer { watch?.stop() }
    pipeline.start()
    var failure: (any Error)?
    do { try pipeline.wait() } catch { failure = error }
    let after = ProcessFigures.current
    var report = template
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
    let level: SourceEvent.Level = budget.total < threads.total ? .warning : .info
    journal.note(
      SourceEvent(level, "\(budget.total) of the \(threads.total) CPUs of the start may be used now"))
  }

  /// Frames that failed here, and for a file those that were damaged before: a stream is expected to lose some.
  private func errors(_ report: Report) -> Int {
    report.figures.ledger.failed + (isLive ? 0 : report.damage.pictures)
  }

  private func warnings(_ report: Report) -> [String] {
    let figures = report.figures
    var lines = lanes.compactMap(\.account.failure).map { "output given up: \($0)" }
    if figures.ledger.failed > 0, let last = figures.lastFailure {
      let count = figures.ledger.failed
      lines.append("\(count) frame\(count == 1 ? "" : "s") failed, the last: \(last)")
    }
    let damage = report.damage
    if !isLive, damage.pictures > 0 {
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
