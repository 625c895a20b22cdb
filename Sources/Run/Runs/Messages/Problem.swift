// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Stages

/// What the user is told when something cannot be done: one line of what and why, one line that helps.
public struct Problem: Error {
  public var status: ExitStatus
  /// Stable, and explained in docs/messages.md.
  public var id: String
  /// "cannot open clip.mp4: no such file".
  public var text: String
  public var hint: String?

  public init(_ status: ExitStatus, _ id: String, _ text: String, hint: String? = nil) {
    self.status = status
    self.id = id
    self.text = text
    self.hint = hint
  }

  /// The lines for standard error.
  ///
  /// - Parameter columns: width of the terminal; the id stands at its right edge where there is room.
  public func lines(columns: Int) -> String {
    let line = "error: \(text)"
    let tag = "[\(id)]"
    let gap = columns - line.count - tag.count - 1
    let first = line + String(repeating: " ", count: max(2, gap)) + tag
    guard let hint else { return first + "\n" }
    return first + "\n hint: \(hint)\n"
  }
}

extension Problem {
  /// Says it in the style of the log, and ends the program.
  public func end() -> Never {
    switch LogStyle.current {
    case .text: Console.message(String(lines(columns: Terminal.columns).dropLast()))
    case .json: LogStyle.json.write(.error, text, id: id, hint: hint)
    }
    // Without memory, libraries that clean up behind themselves may wait for ever.
    StandardError.flush()
    if status == .noResources { _exit(status.rawValue) }
    exit(status.rawValue)
  }

  /// Asks the system whether it has `bytes` more.
  ///
  /// - Throws: `Problem` where it has not.
  static func needMemory(_ bytes: Int, for subject: String) throws {
    guard !MemoryRoom.has(bytes) else { return }
    throw Problem(
      .noResources, "RM-SYS-001", "cannot run \(subject): the system refuses the memory for it",
      hint: "close other programs; a smaller --infer-size, --threads or --queue needs less")
  }
}

/// How the program ends; the numbers from 64 on are those of sysexits.h.
public enum ExitStatus: Int32, Sendable {
  case success = 0
  /// The work is done, but a limit that was asked for is missed.
  case limitMissed = 1
  case usage = 64
  case badData = 65
  case noInput = 66
  case unavailable = 69
  case internalFault = 70
  case noResources = 71
  case cannotCreate = 73
  case writeFailed = 74
  case noPermission = 77
  case configuration = 78
  case interrupted = 130
  case terminated = 143
}
