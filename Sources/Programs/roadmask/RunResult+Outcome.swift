// SPDX-License-Identifier: Apache-2.0

import Foundation
import Frames
import Stages

extension RunResult {
  /// How the program ends after this run, and what it says then.
  ///
  /// - Parameter caught: the signal that ended it.
  func outcome(of config: PipelineConfig, caught: Int32?) -> (ExitStatus, Problem?) {
    var problem: Problem?
    if let error {
      problem =
        status == .unbalanced
        ? Problem(
          .internalFault, "RM-BUG-002", "\(error)", hint: "this is a fault of roadmask; please report it")
        : Problem(error)
    } else if let caught {
      return (caught == SIGINT ? .interrupted : .terminated, nil)
    } else if report.figures.ledger.in == 0 {
      problem = Problem(
        .badData, "RM-IN-004", "cannot read \(report.input.uri): no frame of it was asked for",
        hint: config.source.start == nil
          ? "the part to use is empty: see --to and -t" : "--ss may lie behind the end")
    }
    return (problem?.status ?? (status == .limitMissed ? .limitMissed : .success), problem)
  }

  /// Puts in what only the program knows.
  mutating func complete(_ status: ExitStatus) {
    report.exit = Int(status.rawValue)
    report.version = Roadmask.version
    report.machine.ffmpeg = FFmpegBuild.version
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
}

extension Output {
  /// - Throws: `Problem` where `file` cannot be written.
  static func writeReport(_ text: String, to file: String) throws {
    do {
      try write(Data(text.utf8), to: file)
    } catch {
      throw Problem(
        .cannotCreate, "RM-OUT-002", "cannot write the report to \(file): \(error.localizedDescription)",
        hint: "check that the folder exists and may be written")
    }
  }
}
