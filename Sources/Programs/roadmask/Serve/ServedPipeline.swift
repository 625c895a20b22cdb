// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import Frames
import Logging
import Stages
import Synchronization

/// A pipeline of `serve`: starts it, says how it goes, and starts it again as its file says.
final class ServedPipeline: Sendable {
  enum Phase: Sendable {
    /// Since when, in seconds of a clock that does not jump.
    case starting(Double)
    case running(Run, RunObserver)
    case waiting
    case ended(ExitStatus)
  }

  private struct State {
    var phase = Phase.starting(0)
    var liveness: Liveness
    var isStopping = false
    /// Ends the opening of the source.
    var opening = InterruptFlag()
    var lastReport = 0.0
    /// Its share of all threads; runs to come begin with as many.
    var threads: Int?
  }

  let name: String
  /// Left once, when the first start has succeeded or failed.
  let firstStart = DispatchGroup()
  private let config: PipelineConfig
  private let models: ModelCache
  private let servers: WebServers
  private let log: Logger
  private let state: Mutex<State>
  private let stopped = DispatchSemaphore(value: 0)

  /// Seconds that a start may take: a source may need its connect timeout, a model seconds to be planned.
  private static let startLimit = 60.0

  /// - Parameter hangLimit: seconds that frames may stand still before the pipeline counts as hanging.
  init(
    _ plan: ServicePlan.Pipeline, models: ModelCache, servers: WebServers, logging: LogOptions,
    hangLimit: Double
  ) {
    name = plan.name
    config = plan.config
    self.models = models
    self.servers = servers
    log = logging.logger(pipeline: plan.name)
    state = Mutex(
      State(liveness: Liveness(limit: hangLimit, stallTime: plan.config.source.stallTimeout.seconds)))
    firstStart.enter()
  }

  var phase: Phase { state.withLock { $0.phase } }

  /// Runs until it has ended for good, or `stop`.
  func work() {
    var schedule = RestartSchedule(config.restart)
    var isFirst = true
    while true {
      let begin = now
      enter(.starting(begin))
      var status = ExitStatus.success
      do {
        let (run, check) = try start()
        enter(.running(run, RunObserver(run)))
        if let threads = state.withLock({ $0.threads }) { run.use(ThreadBudget(total: threads)) }
        if isFirst { firstStart.leave() }
        isFirst = false
        if isStopping { run.stop() }
        status = try conclude(run.start(), check)
      } catch {
        let problem = Problem(error)
        status = problem.status
        if !isStopping { log.report(problem) }
        if isFirst { firstStart.leave() }
        isFirst = false
      }
      guard !isStopping,
        let wait = schedule.wait(
          afterRunning: now - begin, failed: status != .success && status != .limitMissed,
          chance: .random(in: -1...1))
      else { return enter(.ended(status)) }
      enter(.waiting)
      log.info("starts again in \(String(format: "%.1f", wait)) s")
      if stopped.wait(timeout: .now() + wait) == .success { return enter(.ended(.success)) }
    }
  }

  private func start() throws -> (Run, OutputCheck) {
    var config = config
    config.flow.threads = state.withLock { $0.threads } ?? config.flow.threads
    config.numberOutputs()
    let path = try ModelStore.path(of: config.model.file, precision: config.model.precision)
    let check = OutputCheck(config, model: path, overwrite: false, renewsReport: true)
    try check.run()
    let opening = state.withLock { state in
      state.opening = InterruptFlag()
      if state.isStopping { state.opening.set() }
      return state.opening
    }
    let source = try OpenedSource(config, flag: opening)
    let model = try models.model(for: config, source: source.info)
    try Problem.needMemory(model.plan.sessionBytes(threads: config.threadBudget.inferWorkers), for: name)
    let run = try Run(
      config: config, source: source, model: model.description,
      inferences: try model.inferences(threads: config.threadBudget))
    do {
      try Problem.needMemory(run.memoryCeiling - ProcessFigures.current.residentBytes, for: name)
    } catch {
      check.removeTargets()
      throw error
    }
    servers.attach(run)
    for line in run.startLines { log.info("\(line)") }
    if let line = model.sizesLine { log.info("     \(line)") }
    let log = log
    run.journal.listen { event in
      log.log(level: event.level == .warning ? .warning : .info, "\(event.text)")
    }
    return (run, check)
  }

  /// Says how a run ended.
  private func conclude(_ result: RunResult, _ check: OutputCheck) throws -> ExitStatus {
    var result = result
    // Files without a frame play nowhere.
    if result.report.figures.ledger.in == 0 { check.removeTargets() }
    for warning in result.lesserWarnings { log.warning("\(warning)") }
    for line in LogCollector.shared.lines {
      log.debug("ffmpeg: \(line.text)\(line.count > 1 ? " (\(line.count) times)" : "")")
    }
    let isOrdered = isStopping
    var (status, problem) = result.outcome(of: config, caught: nil)
    if isOrdered && result.error == nil { (status, problem) = (.success, nil) }
    result.complete(status)
    if let problem { log.report(problem) }
    let report = result.report
    if LogStyle.current == .json {
      log.info("ended", metadata: ["report": "\(report.json)"])
    } else {
      log.info("ended")
      for line in report.text.split(separator: "\n") { log.info("\(line)") }
    }
    if let file = config.report.file, let text = report.written(as: config.report.format) {
      try Output.writeReport(text, to: file)
    }
    return status
  }

  /// Ends it for good; what is on its way is finished.
  func stop() {
    let run = state.withLock { state -> Run? in
      state.isStopping = true
      if case .starting = state.phase { state.opening.set() }
      if case .running(let run, _) = state.phase { return run }
      return nil
    }
    stopped.signal()
    run?.stop()
  }

  /// Gives it another share of all threads.
  func use(threads: Int) {
    let phase = state.withLock { state in
      state.threads = threads
      return state.phase
    }
    if case .running(let run, _) = phase { run.use(ThreadBudget(total: threads)) }
  }

  /// Ends it at once.
  func cancel() {
    if case .running(let run, _) = phase { run.cancel() }
  }

  /// Whether it makes progress, or has a reason not to.
  var isAlive: Bool {
    let now = now
    switch phase {
    case .waiting, .ended: return true
    case .starting(let since): return now - since <= ServedPipeline.startLimit
    case .running(let run, _):
      let sign = run.sign
      return state.withLock { $0.liveness.isAlive(sign, at: now) }
    }
  }

  /// How it goes, in a line.
  var line: String {
    switch phase {
    case .starting: "starting"
    case .running(_, let observer): observer.sample().line()
    case .waiting: "failed, starts again"
    case .ended(let status): status == .success ? "done" : "ended with \(status.rawValue)"
    }
  }

  /// Writes a line into the log where its period is over.
  func reportIfDue() {
    guard let period = config.report.period?.seconds, case .running(_, let observer) = phase else { return }
    let now = now
    let isDue = state.withLock { state in
      if state.lastReport == 0 { state.lastReport = now }
      guard now - state.lastReport >= period else { return false }
      state.lastReport = now
      return true
    }
    if isDue { log.info("\(observer.sample().line())") }
  }

  private func enter(_ phase: Phase) { state.withLock { $0.phase = phase } }
  private var isStopping: Bool { state.withLock { $0.isStopping } }
  private var now: Double { Double(Clock.monotonic.now()) / 1e9 }
}
