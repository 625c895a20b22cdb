// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
internal import Foundation
internal import Frames
internal import Logging
internal import Stages
internal import Synchronization

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
  private let setting: RunSetting
  private let state: Mutex<State>
  private let stopped = DispatchSemaphore(value: 0)

  /// Seconds that a start may take: a source may need its connect timeout, a model seconds to be planned.
  private static let startLimit = 60.0

  /// - Parameter hangLimit: seconds that frames may stand still before the pipeline counts as hanging.
  init(
    _ plan: ServicePlan.Pipeline, models: ModelCache, servers: WebServers, logging: LogSettings,
    hangLimit: Double
  ) {
    name = plan.name
    config = plan.config
    var setting = RunSetting(log: logging.logger(pipeline: plan.name))
    setting.renewsReport = true
    setting.models = models
    setting.servers = servers
    self.setting = setting
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
        let prepared = try prepare()
        let run = prepared.run
        enter(.running(run, RunObserver(run)))
        if let threads = state.withLock({ $0.threads }) { run.use(ThreadBudget(total: threads)) }
        if isFirst { firstStart.leave() }
        isFirst = false
        if isStopping { run.stop() }
        let result = run.start()
        status = try tell(prepared.conclude(result, ordered: isStopping ? .success : nil))
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

  private func prepare() throws -> PreparedRun {
    var config = config
    var setting = setting
    config.numberOutputs()
    state.withLock { state in
      config.flow.threads = state.threads ?? config.flow.threads
      state.opening = InterruptFlag()
      if state.isStopping { state.opening.set() }
      setting.opening = state.opening
    }
    let prepared = try setting.prepare(config)
    prepared.run.journal.listen { [log] event in
      log.log(level: event.level == .warning ? .warning : .info, "\(event.text)")
    }
    return prepared
  }

  /// Says how a run ended.
  private func tell(_ end: Conclusion) throws -> ExitStatus {
    if let problem = end.problem { log.report(problem) }
    if LogStyle.current == .json {
      log.info("ended", metadata: ["report": "\(end.report.json)"])
    } else {
      log.info("ended")
      for line in end.report.text.split(separator: "\n") { log.info("\(line)") }
    }
    try end.report.write(as: config.report)
    return end.status
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
  private var log: Logger { setting.log }
  private var isStopping: Bool { state.withLock { $0.isStopping } }
  private var now: Double { Double(Clock.monotonic.now()) / 1e9 }
}
