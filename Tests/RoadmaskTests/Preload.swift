// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The C of `Preload/`, compiled into a test's folder.
enum Preload {
  private static let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appending(path: "Preload").path

  /// The path of a library to be loaded before the program's own.
  static func library(_ name: String, in work: Workplace) throws -> String {
    try compile(name, to: "\(name).so", ["-shared", "-fPIC", "-pthread"], ["-ldl"], in: work)
  }

  /// The path of a program.
  static func program(_ name: String, in work: Workplace) throws -> String {
    try compile(name, to: name, [], [], in: work)
  }

  private static func compile(
    _ name: String, to output: String, _ options: [String], _ libraries: [String], in work: Workplace
  ) throws -> String {
    let words = options + ["-o", output, "\(sources)/\(name).c"] + libraries
    let made = try #require(try Program.tool("cc", words, in: work.path), "there is no C compiler")
    try #require(made.status == 0, "\(name).c: \(made.err)")
    return work(output)
  }
}
