// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Looks whether a file of the MP4 family has its index, without which nothing of it plays.
enum MovieIndex {
  /// True for a recording that was cut off before its index (`moov`) was written: power lost, card pulled.
  static func isMissing(from path: String) -> Bool {
    // O_NONBLOCK: opening a FIFO must not wait for its writer.
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return false }
    var offset = 0
    var hasMedia = false
    for number in 0..<10_000 {
      var head = [UInt8](repeating: 0, count: 16)
      let got = pread(descriptor, &head, 16, offset)
      guard got >= 8 else { return number > 0 && hasMedia }
      let kind = String(decoding: head[4..<8], as: UTF8.self)
      if number == 0, !["ftyp", "mdat", "wide", "free", "skip"].contains(kind) { return false }
      if kind == "moov" || kind == "moof" { return false }
      if kind == "mdat" { hasMedia = true }
      var size = head[0..<4].reduce(0) { $0 << 8 | Int($1) }
      if size == 1, got == 16 { size = head[8..<16].reduce(0) { ($0 << 8 | Int($1)) & (1 << 60 - 1) } }
      // 0: up to the end of the file.
      guard size >= 8 else { return hasMedia }
      offset += size
    }
    return false
  }
}
