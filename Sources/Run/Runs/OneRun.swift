// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
internal import Foundation
internal import Frames
internal import Logging
public import Stages

/// One run as the user of a command sees it: start lines, progress, signals, report, exit code.
public struct OneRun {
  private let config: PipelineConfig
  private let setting: RunSetting
  private let isQuiet: Bool

  /// - Parameter isQuiet: only what is lost is told, and the report where it was asked for.
  public init(_ config: PipelineConfig, logging: LogSettings, overwrites: Bool, isQuiet: Bool) {
    self.config = config
    self.isQuiet = isQuiet
    var setting = RunSetting(log: logging.logger())
    setting.overwrites = overwrites
    self.setting = setting
  }

  /// Says what would be done.
  ///
  /// - Throws: what `start` would throw before its first frame.
  public func describe() throws { for line in try setting.describe(config) { Console.data(line) } }

  /// Runs to the end. Called once, on the main thread.
  ///
  /// - Returns: the status that the program ends with.
  /// - Throws: `Problem`, or an error that it words.
  public func start() throws -> ExitStatus {
    let prepared = try setting.prepare(config)
    let run = prepared.run
    let signals = SignalWatch(run)
    let progress = ProgressPrinter(run, form: config.report.progress)
    run.journal.listen { [isQuiet] event in
      if event.level == .warning || !isQuiet { progress.print("\(event.level): \(event.text)") }
    }
    progress.start()
    let result = run.start()
    progress.stop()
    prepared.servers.stop()
    let end = prepared.conclude(
      result, ordered: signals.first.map { $0 == SIGINT ? .interrupted : .terminated })
    try tell(end.report)
    if let problem = end.problem { throw problem }
    return end.status
  }

  private func tell(_ report: Report) throws {
    let options = config.report
    if options.file != nil { return try report.write(as: options) }
    if isQuiet && options.format == .text { return }
    guard let text = report.written(as: options.format) else { return }
    if options.format == .json {
      print(text, terminator: "")
    } else {
      Console.message("\n" + text.dropLast())
    }
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
