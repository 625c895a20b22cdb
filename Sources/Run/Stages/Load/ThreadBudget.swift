// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The threads of a whole process, and how a run shares them out.
///
/// `infer` gets all but a quarter (rounded down) of the total; the decoder and the encoder get an eighth
/// each, and at least one. From 8 threads on the parts add up to the total; below, one-thread codecs
/// and the three light stages share cores with `infer`.
///
/// | total | infer | decoder | encoder |
/// |---|---|---|---|
/// | 1 | 1 | 1 | 1 |
/// | 2 | 2 | 1 | 1 |
/// | 4 | 3 | 1 | 1 |
/// | 8 | 6 | 1 | 1 |
/// | 16 | 12 | 2 | 2 |
public struct ThreadBudget: Sendable, Equatable {
  public let total: Int

  public init(total: Int) {
    precondition(total > 0, "a process has a thread")
    self.total = total
  }

  /// Workers of a session, the calling thread included.
  public var inferWorkers: Int { total - total / 4 }
  public var decoderThreads: Int { max(1, total / 8) }
  public var encoderThreads: Int { max(1, total / 8) }

  /// What this process may use: the CPUs of its affinity mask, or its control group's quota, rounded
  /// up, if that is less.
  public static var available: ThreadBudget {
    available(affinity: affinityCount, quota: CPUQuota.current)
  }

  static func available(affinity: Int, quota: Double?) -> ThreadBudget {
    let allowed = quota.map { Int($0.rounded(.up)) } ?? affinity
    return ThreadBudget(total: max(1, min(affinity, allowed)))
  }

  private static var affinityCount: Int {
    SmallFile.text("/proc/self/status").flatMap(affinityCount(status:))
      ?? max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
  }

  /// The CPUs in the affinity mask that `/proc/self/status` shows.
  static func affinityCount(status: String) -> Int? {
    guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("Cpus_allowed:") }) else {
      return nil
    }
    let count = line.dropFirst("Cpus_allowed:".count)
      .reduce(0) { $0 + ($1.hexDigitValue?.nonzeroBitCount ?? 0) }
    return count > 0 ? count : nil
  }
}

/// The CPU time that a control group allows, in CPUs.
enum CPUQuota {
  static var current: Double? {
    guard let groups = SmallFile.text("/proc/self/cgroup") else { return nil }
    return read(groups: groups, root: "/sys/fs/cgroup", file: SmallFile.text)
  }

  /// The least quota of the group and those above it, in either version of control groups.
  ///
  /// - Parameter groups: what `/proc/self/cgroup` says.
  static func read(groups: String, root: String, file: (String) -> String?) -> Double? {
    var least: Double?
    for line in groups.split(separator: "\n") {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      let controllers = fields[1].split(separator: ",")
      let isSecond = fields[0] == "0" && controllers.isEmpty
      guard isSecond || controllers.contains("cpu") else { continue }
      // A container sees its own group as the root, whatever the path says: the root is asked too.
      var path = fields[2].split(separator: "/")
      while true {
        let group = path.isEmpty ? "" : "/" + path.joined(separator: "/")
        let quota =
          isSecond
          ? second(file("\(root)\(group)/cpu.max"))
          : first(
            file("\(root)/cpu\(group)/cpu.cfs_quota_us"), file("\(root)/cpu\(group)/cpu.cfs_period_us"))
        if let quota { least = min(least ?? quota, quota) }
        if path.isEmpty { break }
        path.removeLast()
      }
    }
    return least
  }

  /// `cpu.max`: quota and period in microseconds, or "max" for no limit.
  private static func second(_ text: String?) -> Double? {
    let numbers = (text ?? "").split { $0 == " " || $0 == "\n" }.map { Double($0) }
    guard numbers.count == 2, let quota = numbers[0], let period = numbers[1], period > 0 else { return nil }
    return quota / period
  }

  /// Quota −1 means no limit.
  private static func first(_ quota: String?, _ period: String?) -> Double? {
    func number(_ text: String?) -> Double? { text.flatMap { Double($0.split(separator: "\n").first ?? "") } }
    guard let quota = number(quota), quota > 0, let period = number(period), period > 0 else { return nil }
    return quota / period
  }
}
