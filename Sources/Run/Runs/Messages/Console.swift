// SPDX-License-Identifier: Apache-2.0

internal import Addresses
public import Foundation
internal import Frames
internal import Stages

/// What the program says and writes outside of a run.
public enum Console {
  /// A line on standard error.
  public static func message(_ text: String) {
    StandardError.write(printable(Secrets.hidden(in: text)) + "\n")
  }

  /// A line on standard output that may name what nobody shall read.
  public static func data(_ text: String) { print(printable(Secrets.hidden(in: text))) }

  /// Writes a file aside and renames it; what is no regular file, as a device or a pipe, is written to, and
  /// `-` is standard output.
  public static func write(_ data: Data, to path: String) throws {
    if OutputAddress(path) == .standardOutput { return try FileHandle.standardOutput.write(contentsOf: data) }
    guard let found = FileIdentity(path), !found.isRegular else {
      return try data.write(to: URL(fileURLWithPath: path), options: .atomic)
    }
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    try file.write(contentsOf: data)
    try file.close()
  }

  /// - Throws: `Problem` where `path` stands for standard output; for what has no stream's form.
  public static func refuseDash(_ path: String) throws {
    guard OutputAddress(path) == .standardOutput else { return }
    throw Problem(
      .usage, "RM-USE-002", "cannot write -: this file does not go to standard output",
      hint: "give it a name; ./- is a file called -")
  }

  /// - Throws: `Problem` where `path` exists and may not be overwritten.
  public static func refuseExisting(_ path: String, overwrite: Bool) throws {
    guard !overwrite, FileManager.default.fileExists(atPath: path) else { return }
    throw Problem(
      .cannotCreate, "RM-OUT-001", "cannot write \(path): it exists",
      hint: "-y overwrites; or choose another name")
  }
}

extension String {
  /// Filled up with spaces to `width` characters.
  public func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
