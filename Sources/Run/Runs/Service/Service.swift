// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
internal import Foundation
internal import Logging
internal import Stages

/// Runs all pipelines of a plan until they have ended or a signal comes, and tells systemd about it.
public final class Service: @unchecked Sendable {
  // @unchecked: `caught` and the timer are touched on `queue` alone, or before and after all work.

  private let plan: ServicePlan
  private let pipelines: [ServedPipeline]
  private let servers: WebServers
  private let log: Logger
  private let notifier = ServiceNotifier()
  private let queue = DispatchQueue(label: "roadmask.service")
  private let ended = DispatchGroup()
  private var timer: (any DispatchSourceTimer)?
  private var caught: Int32?
  private var wasAlive = true
  private var threads: ThreadBudget

  /// Seconds in which pipelines may finish their outputs after a signal.
  private static let drainLimit = 5.0

  /// - Throws: `FramesError` where a port to listen at is taken.
  public init(_ plan: ServicePlan, logging: LogSettings) throws {
    self.plan = plan
    threads = plan.threads
    let log = logging.logger()
    let servers = try WebServers(plan.pipelines.map(\.config)) { log.warning("\($0)") }
    self.servers = servers
    let models = ModelCache()
    let hangLimit = notifier.watchdogInterval ?? 10
    pipelines = plan.pipelines.map {
      ServedPipeline($0, models: models, servers: servers, logging: logging, hangLimit: hangLimit)
    }
    self.log = log
    let many = pipelines.count == 1 ? "" : "s"
    log.info("serve: \(pipelines.count) pipeline\(many), \(sharing)")
  }

  /// "3 threads (front 2, rear 1)".
  private var sharing: String {
    let shares = zip(pipelines, plan.shares(of: threads)).map { "\($0.name) \($1)" }
    return "\(threads.total) thread\(threads.total == 1 ? "" : "s") (\(shares.joined(separator: ", ")))"
  }

  /// Returns when all is well; else ends the program with the code of the first pipeline that failed.
  public func run() {
    signal(SIGHUP, SIG_IGN)
    SignalEvents.take(on: queue) { [self] in take($0) }
    for pipeline in pipelines {
      DispatchQueue(label: "roadmask.\(pipeline.name)").async(group: ended) { pipeline.work() }
    }
    queue.async { [self] in startTimer() }
    let started = DispatchGroup()
    for pipeline in pipelines {
      started.enter()
      pipeline.firstStart.notify(queue: queue) { started.leave() }
    }
    started.notify(queue: queue) { [self] in
      if caught == nil { notifier.send("READY=1", "STATUS=\(status)") }
    }
    ended.wait()
    servers.stop()
    queue.sync {
      timer?.cancel()
      if caught == nil { notifier.send("STOPPING=1") }
    }
    if caught != nil { return log.info("serve: stopped") }
    for pipeline in pipelines {
      if case .ended(let status) = pipeline.phase, status != .success { Foundation.exit(status.rawValue) }
    }
  }

  /// The first signal ends the sources, so that what is on its way is finished; the second ends at once.
  private func take(_ number: Int32) {
    guard caught == nil else { return end(with: 128 + number) }
    caught = number
    notifier.send("STOPPING=1", "STATUS=stopping")
    log.info("serve: stopping")
    for pipeline in pipelines { pipeline.stop() }
    queue.asyncAfter(deadline: .now() + Service.drainLimit) { [self] in
      log.warning("serve: not all outputs were finished in time")
      end(with: 0)
    }
  }

  /// Ends at once; what is in the files plays.
  private func end(with code: Int32) {
    for pipeline in pipelines { pipeline.cancel() }
    queue.asyncAfter(deadline: .now() + 0.15) { _exit(code) }
  }

  private func startTimer() {
    let interval = min(1, (notifier.watchdogInterval ?? 2) / 2)
    let timer = DispatchSource.makeTimerSource(queue: queue)
    timer.setEventHandler { [self] in tick() }
    timer.schedule(deadline: .now() + interval, repeating: interval, leeway: .milliseconds(50))
    timer.resume()
    self.timer = timer
  }

  private func tick() {
    if plan.followsMachine { followMachine() }
    for pipeline in pipelines { pipeline.reportIfDue() }
    let hanging = pipelines.filter { !$0.isAlive }.map(\.name)
    if hanging.isEmpty != wasAlive {
      wasAlive = hanging.isEmpty
      if wasAlive {
        log.info("serve: all pipelines make progress again")
      } else {
        log.error("serve: no progress: \(hanging.joined(separator: ", "))")
      }
    }
    if hanging.isEmpty, notifier.watchdogInterval != nil { notifier.send("WATCHDOG=1") }
    if caught == nil { notifier.send("STATUS=\(status)") }
  }

  /// Quota and affinity may change at any time.
  private func followMachine() {
    let now = ThreadBudget.available
    guard now != threads else { return }
    threads = now
    for (pipeline, share) in zip(pipelines, plan.shares(of: now)) { pipeline.use(threads: share) }
    log.info("serve: the machine allows \(sharing) now")
  }

  /// One line about all pipelines.
  private var status: String {
    let running = pipelines.count { if case .running = $0.phase { true } else { false } }
    return "\(running) of \(pipelines.count) run; "
      + pipelines.map { "\($0.name): \($0.line)" }.joined(separator: "; ")
  }
}
