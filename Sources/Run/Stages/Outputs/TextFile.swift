// SPDX-License-Identifier: Apache-2.0

internal import Addresses
internal import Frames
internal import Glibc

/// A file of lines that is written a few kilobytes at a time.
final class TextFile {
  static let chunk = 16_384

  private let path: String
  private var descriptor: Int32
  private var waiting: [UInt8] = []
  private(set) var bytesWritten: Int64 = 0

  /// - Throws: `FramesError` of kind exists, cannotCreate, permission.
  init(_ path: String, overwrite: Bool) throws {
    self.path = path
    waiting.reserveCapacity(2 * TextFile.chunk)
    if OutputAddress(path) == .standardOutput {
      descriptor = STDOUT_FILENO
      return
    }
    var status = stat()
    let exists = stat(path, &status) == 0
    // A device or a pipe is written to as it is.
    let isSpecial = exists && status.st_mode & S_IFMT != S_IFREG
    let mode = isSpecial ? 0 : overwrite ? O_TRUNC : O_EXCL
    descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | mode, 0o666)
    if descriptor < 0 {
      switch errno {
      case EEXIST where exists:
        throw FramesError(
          .exists, "create", path, "it exists", hint: "overwrite it with -y, or choose another name")
      case EACCES, EPERM, EROFS:
        throw FramesError(.permission, "create", path, "permission denied", hint: "check the folder: ls -ld")
      default:
        throw FramesError(
          .cannotCreate, "create", path, String(cString: strerror(errno)).lowercased(),
          hint: "check that the folder exists")
      }
    }
  }

  deinit { if descriptor > STDERR_FILENO { close(descriptor) } }

  func append(_ bytes: [UInt8]) throws {
    waiting.append(contentsOf: bytes)
    if waiting.count >= TextFile.chunk { try flush() }
  }

  func flush() throws {
    var done = 0
    defer { waiting.removeAll(keepingCapacity: true) }
    while done < waiting.count {
      let count = waiting.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + done, $0.count - done) }
      if count < 0 {
        if errno == EINTR { continue }
        let kind: FramesError.Kind = [ENOSPC, EDQUOT, EFBIG].contains(errno) ? .diskFull : .io
        throw FramesError(
          kind, "write", path, String(cString: strerror(errno)).lowercased(),
          hint: "free some space, or write to another disk")
      }
      done += count
      bytesWritten += Int64(count)
    }
  }

  func finish() throws {
    try flush()
    if descriptor > STDERR_FILENO { close(descriptor) }
    descriptor = -1
  }
}
