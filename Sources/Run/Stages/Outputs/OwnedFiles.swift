// SPDX-License-Identifier: Apache-2.0

internal import Frames
internal import Glibc

/// The files that one output wrote, in this run and earlier ones, and the right to write more.
///
/// A journal beside them, `.NAME.roadmask`, has a line a file: inode, then name. Only what it lists, and what still is the
/// file that was written, is ever removed; a name that looks like ours is not enough. The journal is locked while the
/// output is open, so that two programs do not write under one pattern.
final class OwnedFiles {
  /// Bytes of a journal that are read; a line has about forty.
  static let journalLimit = 16 << 20

  private let folder: String
  private let path: String
  private var descriptor: Int32
  /// Inode by name.
  private var inodes: [String: UInt64] = [:]

  /// - Parameter pattern: the output's path as it was written, with its directives.
  /// - Throws: busy, where another program writes under it; cannotCreate, permission.
  init(pattern: String) throws {
    let slash = pattern.lastIndex(of: "/").map { pattern.index(after: $0) } ?? pattern.startIndex
    folder = String(pattern[..<slash])
    path = folder + "." + pattern[slash...] + ".roadmask"
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_APPEND, 0o644)
    guard descriptor >= 0 else { throw FramesError(errno: errno, "create", path) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      throw FramesError(
        .exists, "write", pattern, "another program writes files of this name",
        hint: "give each its own folder or name")
    }
    inodes = OwnedFiles.parse(read())
  }

  deinit { close(descriptor) }

  /// The names in the folder that are ours, with what the system says of each; in no order.
  var present: [(path: String, status: stat)] {
    inodes.compactMap { name, inode in
      var status = stat()
      guard lstat(folder + name, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
        UInt64(status.st_ino) == inode
      else { return nil }
      return (folder + name, status)
    }
  }

  /// Notes a file that was just made.
  func add(_ path: String) {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return }
    let name = String(path.dropFirst(folder.count))
    guard !name.contains("\n") else { return }
    inodes[name] = UInt64(status.st_ino)
    append("\(status.st_ino)\t\(name)\n")
  }

  /// Removes a file that is ours.
  ///
  /// - Returns: whether it is gone.
  func remove(_ path: String) -> Bool {
    let name = String(path.dropFirst(folder.count))
    guard let inode = inodes[name] else { return false }
    var status = stat()
    guard lstat(path, &status) == 0, UInt64(status.st_ino) == inode, unlink(path) == 0 else { return false }
    inodes[name] = nil
    append("-\t\(name)\n")
    return true
  }

  /// Later lines beat earlier ones; `-` stands for a file that was removed. What is no line of ours is passed over.
  static func parse(_ text: String) -> [String: UInt64] {
    var inodes: [String: UInt64] = [:]
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: "\t", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2, !parts[1].isEmpty, !parts[1].contains("/") else { continue }
      inodes[parts[1]] = parts[0] == "-" ? nil : UInt64(parts[0])
    }
    return inodes
  }

  private func read() -> String {
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    var all: [UInt8] = []
    lseek(descriptor, 0, SEEK_SET)
    while all.count < OwnedFiles.journalLimit {
      let count = Glibc.read(descriptor, &bytes, bytes.count)
      if count <= 0 { break }
      all += bytes[..<count]
    }
    return String(decoding: all, as: UTF8.self)
  }

  /// A line that a full disk refuses leaves a file that is never removed, which is the safe side.
  private func append(_ line: String) {
    var line = line
    line.withUTF8 { _ = Glibc.write(descriptor, $0.baseAddress, $0.count) }
  }
}
