// SPDX-License-Identifier: Apache-2.0

import Foundation

/// How often a test of chance is repeated: a few times, or as often as `ROADMASK_ROUNDS` says.
enum Rounds {
  static let count = Int(ProcessInfo.processInfo.environment["ROADMASK_ROUNDS"] ?? "") ?? 10
  /// In scripts/reliability.
  static var isLong: Bool { count > 10 }
  static var all: Range<Int> { 0..<count }
}

/// What scripts/reliability prints a table of: lines `name value` in the file that `ROADMASK_FIGURES` names.
enum Figures {
  static func note(_ name: String, _ value: Double) {
    guard let path = ProcessInfo.processInfo.environment["ROADMASK_FIGURES"],
      let file = FileHandle(forWritingAtPath: path)
    else { return }
    _ = try? file.seekToEnd()
    try? file.write(contentsOf: Data("\(name)\t\(value)\n".utf8))
    try? file.close()
  }
}
