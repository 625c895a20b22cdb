// SPDX-License-Identifier: Apache-2.0

internal import Addresses
internal import Foundation
internal import Frames
public import Logging
internal import Synchronization

/// How the program says what is going on, on standard error.
public enum LogStyle: String, CaseIterable, Sendable {
  case text, json

  /// Of the last line of a program that fails, too.
  private static let chosen = Mutex(LogStyle.text)
  public static var current: LogStyle {
    get { chosen.withLock { $0 } }
    set { chosen.withLock { $0 = newValue } }
  }

  /// Standard error goes to systemd's journal, which takes a level in front of each line.
  static let isJournal: Bool = {
    guard let named = ProcessInfo.processInfo.environment["JOURNAL_STREAM"] else { return false }
    var status = stat()
    return fstat(2, &status) == 0 && named == "\(status.st_dev):\(status.st_ino)"
  }()

  /// Writes one message.
  ///
  /// - Parameters:
  ///   - id: of a message that docs/messages.md explains.
  ///   - figures: a JSON object that belongs to it, under its name.
  public func write(
    _ level: Logger.Level, _ message: String, pipeline: String? = nil, id: String? = nil, hint: String? = nil,
    figures: (name: String, json: String)? = nil
  ) {
    switch self {
    case .text:
      var text = level == .info ? "" : "\(level): "
      text += (pipeline.map { "\($0): " } ?? "") + message + (id.map { "  [\($0)]" } ?? "")
      if let hint { text += "\n hint: \(hint)" }
      if LogStyle.isJournal {
        text = text.split(separator: "\n").map { "<\(level.journalPriority)>\($0)" }.joined(separator: "\n")
      }
      Console.message(text)
    case .json:
      let fields: [(String, String?)] = [
        ("time", Date().ISO8601Format(.init(includingFractionalSeconds: true))), ("level", "\(level)"),
        ("pipeline", pipeline), ("id", id), ("message", message), ("hint", hint),
      ]
      var parts = fields.compactMap { name, value in value.map { "\"\(name)\":\(quoted($0))" } }
      if let figures { parts.append("\"\(figures.name)\":\(figures.json)") }
      Console.message("{\(parts.joined(separator: ","))}")
    }
  }

  private func quoted(_ text: String) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    let data = try? encoder.encode(Secrets.hidden(in: text))
    return data.map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
  }
}

extension Logger.Level {
  /// As of syslog.
  fileprivate var journalPriority: Int {
    switch self {
    case .trace, .debug: 7
    case .info: 6
    case .notice: 5
    case .warning: 4
    case .error: 3
    case .critical: 2
    }
  }
}
