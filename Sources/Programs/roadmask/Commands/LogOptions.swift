// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Logging
import Runs

/// What the program says while it works, and in which form.
struct LogOptions: ParsableArguments {
  enum Form: String, CaseIterable, ExpressibleByArgument { case text, json }
  enum Level: String, CaseIterable, ExpressibleByArgument { case debug, info, warning, error }

  @Option(help: "Form of messages on standard error: text, or json with a line for each. (default: text)")
  var logFormat: Form?

  @Option(help: "Least important messages: debug, info, warning, error. (default: info)")
  var logLevel: Level?

  @Flag(name: .shortAndLong, help: "Show FFmpeg's own lines and the details of errors.")
  var verbose = false

  @Flag(name: .shortAndLong, help: "Say nothing but warnings and errors.")
  var quiet = false

  var settings: LogSettings {
    let level = logLevel ?? (quiet ? .warning : verbose ? .debug : .info)
    return LogSettings(
      style: logFormat == .json ? .json : .text, level: Logger.Level(rawValue: level.rawValue) ?? .info)
  }
}
