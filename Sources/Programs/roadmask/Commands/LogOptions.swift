// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Logging

extension LogStyle: ExpressibleByArgument {}

/// What the program says while it works, and in which form.
struct LogOptions: ParsableArguments {
  enum Level: String, CaseIterable, ExpressibleByArgument { case debug, info, warning, error }

  @Option(help: "Form of messages on standard error: text, or json with a line for each. (default: text)")
  var logFormat: LogStyle?

  @Option(help: "Least important messages: debug, info, warning, error. (default: info)")
  var logLevel: Level?

  @Flag(name: .shortAndLong, help: "Show FFmpeg's own lines and the details of errors.")
  var verbose = false

  @Flag(name: .shortAndLong, help: "Say nothing but warnings and errors.")
  var quiet = false

  /// Where the program says what is going on.
  ///
  /// - Parameter pipeline: whose messages these are, where there are several.
  func logger(pipeline: String? = nil) -> Logger {
    let level = logLevel ?? (quiet ? .warning : verbose ? .debug : .info)
    let least = Logger.Level(rawValue: level.rawValue) ?? .info
    let style = logFormat ?? .text
    LogStyle.current = style
    var logger = Logger(label: "roadmask") { _ in StyledLogHandler(style: style, logLevel: least) }
    if let pipeline { logger[metadataKey: "pipeline"] = "\(pipeline)" }
    return logger
  }
}
