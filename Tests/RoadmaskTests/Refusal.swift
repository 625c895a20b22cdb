// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The messages that docs/messages.md explains.
enum MessageIndex {
  /// Exit code by id.
  static let codes: [String: Int32] = {
    let text = (try? String(contentsOfFile: Program.package + "/docs/messages.md", encoding: .utf8)) ?? ""
    var codes: [String: Int32] = [:]
    for line in text.split(separator: "\n") where line.hasPrefix("| RM-") {
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      guard cells.count >= 2, let code = Int32(cells[1]) else { continue }
      let ids = cells[0].components(separatedBy: ", ")
      for id in ids { codes[id.hasPrefix("RM-") ? id : String(ids[0].dropLast(4)) + id] = code }
    }
    return codes
  }()
}

/// Expects that the program refused: with this id, the exit code that goes with it, and a hint.
///
/// - Parameter words: what the message or its hint must say.
func expectRefusal(
  _ result: Program.Result, _ id: String, _ words: String...,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  let lines = result.err.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  let first = lines.first ?? ""
  #expect(first.hasPrefix("error: "), "\(result.err)", sourceLocation: sourceLocation)
  #expect(first.hasSuffix("  [\(id)]"), "\(result.err)", sourceLocation: sourceLocation)
  #expect(lines.count > 1 && lines[1].hasPrefix(" hint: "), "\(result.err)", sourceLocation: sourceLocation)
  #expect(
    lines.count == 3 && lines.last == "", "more than two lines: \(result.err)", sourceLocation: sourceLocation
  )
  let code = MessageIndex.codes[id]
  #expect(code != nil, "docs/messages.md does not explain \(id)", sourceLocation: sourceLocation)
  #expect(result.status == code, "\(result.err)", sourceLocation: sourceLocation)
  #expect(result.out == "", sourceLocation: sourceLocation)
  for word in words {
    #expect(result.err.contains(word), "no '\(word)' in: \(result.err)", sourceLocation: sourceLocation)
  }
}
