// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Which programs hold a device open, as far as this user may see.
enum DeviceHolders {
  /// `obs (pid 4711)`, or `this program`; those of other users stay hidden from all but root.
  static func names(of path: String) -> [String] {
    let device = SystemFile.resolved(path) ?? path
    return SystemFile.entries("/proc").compactMap { name -> String? in
      guard let pid = Int32(name) else { return nil }
      let files = "/proc/\(name)/fd"
      let count = SystemFile.entries(files).count { SystemFile.target(of: "\(files)/\($0)") == device }
      // One handle of ours is the one that was just refused; with a second one we read the camera twice.
      if pid == getpid() { return count > 1 ? "this program" : nil }
      guard count > 0 else { return nil }
      return "\(SystemFile.text("/proc/\(name)/comm") ?? "a program") (pid \(pid))"
    }
  }
}
