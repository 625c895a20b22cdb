// SPDX-License-Identifier: Apache-2.0

import Logging

/// Writes log messages on standard error in the style that was asked for.
///
/// Metadata it knows: `pipeline`, `id`, `hint`, and `report`, which is JSON.
struct StyledLogHandler: LogHandler {
  let style: LogStyle
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let metadata = metadata.merging(event.metadata ?? [:]) { $1 }
    func word(_ key: String) -> String? { metadata[key].map { "\($0)" } }
    style.write(
      event.level, event.message.description, pipeline: word("pipeline"), id: word("id"),
      hint: word("hint"), figures: word("report").map { ("report", $0) })
  }
}

extension Logger {
  /// Says what cannot be done.
  func report(_ problem: Problem) {
    var metadata: Logger.Metadata = ["id": "\(problem.id)"]
    if let hint = problem.hint { metadata["hint"] = "\(hint)" }
    error("\(problem.text)", metadata: metadata)
  }
}
