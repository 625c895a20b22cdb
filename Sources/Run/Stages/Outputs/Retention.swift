// SPDX-License-Identifier: Apache-2.0

internal import Frames
internal import Glibc

/// Removes the oldest files of one output until its limits hold. Only files that this output wrote are removed.
///
/// Ages are told by the wall clock, which may be years wrong after a dead battery. Where it leads by more than
/// `plausibleGap` over the newest file, ages count from the start of the run alone, by a clock that does not jump: then
/// what is there stays at least as long again as it was to be kept.
struct Retention {
  let keep: OutputConfig.Keep
  let files: OwnedFiles
  private let startedAt: UInt64
  private let isPlausible: Bool

  /// Half a year without a recording is less likely than a wrong clock.
  static let plausibleGap = 180.0 * 86_400

  /// - Parameter now: of the wall clock, in seconds.
  init(keep: OutputConfig.Keep, files: OwnedFiles, now: time_t = time(nil)) {
    self.keep = keep
    self.files = files
    startedAt = Clock.monotonic.now
    let newest = files.present.map(\.status.st_mtim.tv_sec).max()
    isPlausible = newest.map { Double(now - $0) <= Retention.plausibleGap } ?? true
  }

  /// What is wrong with the clock, where it keeps files from being removed.
  var warning: String? {
    guard !isPlausible, keep.age != nil else { return nil }
    return
      "the clock is half a year or more past the newest recording: nothing is removed for its age until this run "
      + "is as old itself"
  }

  /// - Parameter current: the file that is being written, or about to be.
  /// - Returns: what was removed.
  @discardableResult
  func apply(current: String, now: time_t = time(nil)) -> [String] {
    guard keep != OutputConfig.Keep() else { return [] }
    let runAge = (Clock.monotonic.now &- startedAt).seconds
    var total: Int64 = 0
    var old: [(path: String, changed: timespec, bytes: Int64)] = []
    for (path, status) in files.present {
      total += Int64(status.st_size)
      if path != current { old.append((path, status.st_mtim, Int64(status.st_size))) }
    }
    old.sort {
      ($0.changed.tv_sec, $0.changed.tv_nsec, $0.path) < ($1.changed.tv_sec, $1.changed.tv_nsec, $1.path)
    }
    var removed: [String] = []
    for file in old {
      let age = min(Double(now - file.changed.tv_sec), isPlausible ? .infinity : runAge)
      let isOld = keep.age.map { age > $0.seconds } ?? false
      let isTooMuch = keep.size.map { total > $0.bytes } ?? false
      let isTight = keep.minFree.map { free(beside: file.path) < $0.bytes } ?? false
      guard isOld || isTooMuch || isTight, files.remove(file.path) else { continue }
      total -= file.bytes
      removed.append(file.path)
    }
    return removed
  }

  /// Bytes that a program may still write on the disk.
  private func free(beside path: String) -> Int64 {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { return .max }
    return Int64(status.f_bavail) * Int64(status.f_frsize)
  }
}
