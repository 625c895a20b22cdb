// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Files of the system that hold a few lines.
enum SmallFile {
  /// The first 64 KiB of a file, or `nil` if it cannot be read.
  static func text(_ path: String) -> String? { text(path, limit: 65_536) }

  /// The start of a file, or `nil` if it cannot be read.
  static func text(_ path: String, limit: Int) -> String? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: limit)
    var count = 0
    while count < bytes.count {
      let got = bytes.withUnsafeMutableBytes { read(file, $0.baseAddress! + count, $0.count - count) }
      if got < 0 { return nil }
      if got == 0 { break }
      count += got
    }
    return String(decoding: bytes[..<count], as: UTF8.self)
  }

  /// The first whole number in a file.
  static func number(_ path: String) -> Int? {
    text(path).flatMap { Int($0.split { $0 == "\n" || $0 == " " }.first ?? "") }
  }
}
