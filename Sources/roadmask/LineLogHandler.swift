// SPDX-License-Identifier: Apache-2.0

import Logging

/// Writes log messages as lines on standard error: information as it is, other levels behind their name.
struct LineLogHandler: LogHandler {
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let prefix = event.level == .info ? "" : "\(event.level): "
    Output.message(prefix + event.message.description)
  }
}

extension RunOptions {
  /// Where a run says what is going on: errors alone with `-q`, details with `-v`.
  var log: Logger {
    let level: Logger.Level = quiet ? .error : verbose ? .debug : .info
    return Logger(label: "roadmask") { _ in LineLogHandler(logLevel: level) }
  }
}
