// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Removes the oldest files of one output until its limits hold. Files of other names are never touched.
struct Retention {
  let keep: OutputConfig.Keep
  let names: PartNames

  /// - Parameter current: the file that is being written, or about to be.
  /// - Returns: what was removed.
  @discardableResult
  func apply(current: String, now: time_t = time(nil)) -> [String] {
    guard keep != OutputConfig.Keep() else { return [] }
    var files: [(path: String, changed: timespec, bytes: Int64)] = []
    var total: Int64 = 0
    for part in names.parts {
      var status = stat()
      guard lstat(part.path, &status) == 0 else { continue }
      total += Int64(status.st_size)
      if part.path != current { files.append((part.path, status.st_mtim, Int64(status.st_size))) }
    }
    files.sort {
      ($0.changed.tv_sec, $0.changed.tv_nsec, $0.path) < ($1.changed.tv_sec, $1.changed.tv_nsec, $1.path)
    }
    var removed: [String] = []
    for file in files {
      let isOld = keep.age.map { Double(now - file.changed.tv_sec) > $0.seconds } ?? false
      let isTooMuch = keep.size.map { total > $0.bytes } ?? false
      let isTight = keep.minFree.map { free < $0.bytes } ?? false
      guard isOld || isTooMuch || isTight else { continue }
      guard unlink(file.path) == 0 else { continue }
      total -= file.bytes
      removed.append(file.path)
    }
    return removed
  }

  /// Bytes that a program may still write on the disk.
  private var free: Int64 {
    var status = statvfs()
    guard statvfs(names.folder.isEmpty ? "." : names.folder, &status) == 0 else { return .max }
    return Int64(status.f_bavail) * Int64(status.f_frsize)
  }
}
