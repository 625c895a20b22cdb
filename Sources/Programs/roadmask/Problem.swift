// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Frames
import GraphIR
import Networks
import ONNX
import Planning
import Scenes
import Stages

/// What the user is told when something cannot be done: one line of what and why, one line that helps.
struct Problem: Error {
  var status: ExitStatus
  /// Stable, and explained in docs/messages.md.
  var id: String
  /// "cannot open clip.mp4: no such file".
  var text: String
  var hint: String?

  init(_ status: ExitStatus, _ id: String, _ text: String, hint: String? = nil) {
    self.status = status
    self.id = id
    self.text = text
    self.hint = hint
  }

  /// The lines for standard error.
  ///
  /// - Parameter columns: width of the terminal; the id stands at its right edge where there is room.
  func lines(columns: Int) -> String {
    let line = "error: \(text)"
    let tag = "[\(id)]"
    let gap = columns - line.count - tag.count - 1
    let first = line + String(repeating: " ", count: max(2, gap)) + tag
    guard let hint else { return first + "\n" }
    return first + "\n hint: \(hint)\n"
  }
}

extension Problem {
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
