// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Frames
internal import Logging
public import Stages

/// How the program, or one pipeline of `serve`, ends after a run.
public struct Conclusion: Sendable {
  public var status: ExitStatus
  /// Why, where it is no success; nobody has told it yet.
  public var problem: Problem?
  public var report: Report
}

extension PreparedRun {
  /// Tells what is left to tell about a run, and takes away what it left behind without use.
  ///
  /// - Parameter ordered: the status of an end that somebody ordered, and that is no fault.
  func conclude(_ result: RunResult, ordered: ExitStatus?) -> Conclusion {
    let log = setting.log
    // Files without a frame play nowhere.
    if result.report.figures.ledger.in == 0 { outputs.removeTargets() }
    for warning in result.lesserWarnings { log.warning("\(warning)") }
    for line in LogCollector.shared.lines {
      log.debug("ffmpeg: \(line.text)\(line.count > 1 ? " (\(line.count) times)" : "")")
    }
    var end = result.outcome(of: run.config, ordered: ordered)
    end.report.exit = Int(end.status.rawValue)
    end.report.machine.ffmpeg = FFmpegBuild.version
    return end
  }
}

extension RunResult {
  /// - Parameter ordered: the status of an end that somebody ordered.
  func outcome(of config: PipelineConfig, ordered: ExitStatus?) -> Conclusion {
    if let error {
      let problem =
        status == .unbalanced
        ? Problem(
          .internalFault, "RM-BUG-002", "\(error)", hint: "this is a fault of roadmask; please report it")
        : Problem(error)
      return Conclusion(status: problem.status, problem: problem, report: report)
    }
    if let ordered { return Conclusion(status: ordered, report: report) }
    if report.figures.ledger.in == 0 {
      let problem = Problem(
        .badData, "RM-IN-004", "cannot read \(report.input.uri): no frame of it was asked for",
        hint: config.source.start == nil
          ? "the part to use is empty: see --to and -t" : "--ss may lie behind the end")
      return Conclusion(status: problem.status, problem: problem, report: report)
    }
    return Conclusion(status: status == .limitMissed ? .limitMissed : .success, report: report)
  }

  /// What did not end the run; what did is told as its error.
  var lesserWarnings: [String] {
    let told = error.map { "\($0)" }
    return warnings.filter { warning in told.map(warning.hasSuffix) != true }
  }
}

extension Report {
  /// In the form that `config` asks for; `nil` for none.
  func written(as form: PipelineConfig.ReportOptions.Form) -> String? {
    switch form {
    case .text: text + "\n"
    case .json: json + "\n"
    case .markdown: markdown + "\n"
    case .none: nil
    }
  }

  /// Writes it into the file that `options` names, if they name one.
  ///
  /// - Throws: `Problem` where it cannot be written.
  func write(as options: PipelineConfig.ReportOptions) throws {
    guard let file = options.file, let text = written(as: options.format) else { return }
    do {
      try Console.write(Data(text.utf8), to: file)
    } catch {
      throw Problem(
        .cannotCreate, "RM-OUT-002", "cannot write the report to \(file): \(error.localizedDescription)",
        hint: "check that the folder exists and may be written")
    }
  }
}
