// SPDX-License-Identifier: Apache-2.0

public import Logging

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

/// What the program says while it works, and in which form.
public struct LogSettings: Sendable {
  public var style: LogStyle
  /// Of the least important message that is said.
  public var level: Logger.Level

  public init(style: LogStyle = .text, level: Logger.Level = .info) {
    self.style = style
    self.level = level
  }

  /// Where the program says what is going on.
  ///
  /// - Parameter pipeline: whose messages these are, where there are several.
  public func logger(pipeline: String? = nil) -> Logger {
    LogStyle.current = style
    var logger = Logger(label: "roadmask") { [self] _ in StyledLogHandler(style: style, logLevel: level) }
    if let pipeline { logger[metadataKey: "pipeline"] = "\(pipeline)" }
    return logger
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
