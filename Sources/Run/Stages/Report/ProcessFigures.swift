// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// What the system says about this process and the machine.
public struct ProcessFigures: Sendable, Equatable {
  /// CPU time of all threads since the process began, user and system.
  public var cpuSeconds: Double
  public var residentBytes: Int
  public var peakResidentBytes: Int
  /// The hottest CPU sensor in degrees Celsius; `nil` where none can be read.
  public var temperature: Double?
  /// How often the CPU lowered its clock for heat; `nil` where it does not tell.
  public var throttleCount: Int?

  public init(
    cpuSeconds: Double, residentBytes: Int, peakResidentBytes: Int, temperature: Double?,
    throttleCount: Int?
  ) {
    self.cpuSeconds = cpuSeconds
    self.residentBytes = residentBytes
    self.peakResidentBytes = peakResidentBytes
    self.temperature = temperature
    self.throttleCount = throttleCount
  }

  public static var current: ProcessFigures { read() }

  static func read(root: String = "") -> ProcessFigures {
    var usage = rusage()
    getrusage(RUSAGE_SELF.rawValue, &usage)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    let pages = SmallFile.text("\(root)/proc/self/statm")?.split(separator: " ")
    let resident = pages.flatMap { $0.count > 1 ? Int($0[1]) : nil } ?? 0
    return ProcessFigures(
      cpuSeconds: seconds(usage.ru_utime) + seconds(usage.ru_stime),
      residentBytes: resident * sysconf(Int32(_SC_PAGESIZE)), peakResidentBytes: usage.ru_maxrss * 1024,
      temperature: temperature(root: root), throttleCount: throttleCount(root: root))
  }

  private static func temperature(root: String) -> Double? {
    var hottest: Double?
    for zone in 0..<64 {
      let folder = "\(root)/sys/class/thermal/thermal_zone\(zone)"
      guard let kind = SmallFile.text("\(folder)/type") else { break }
      let name = kind.lowercased()
      guard ["cpu", "pkg", "soc", "core"].contains(where: name.contains),
        let value = SmallFile.number("\(folder)/temp"), value > 0
      else { continue }
      hottest = max(hottest ?? 0, Double(value) / 1000)
    }
    return hottest
  }

  private static func throttleCount(root: String) -> Int? {
    var sum: Int?
    for cpu in 0..<1024 {
      let folder = "\(root)/sys/devices/system/cpu/cpu\(cpu)/thermal_throttle"
      guard let count = SmallFile.number("\(folder)/core_throttle_count") else { break }
      sum = (sum ?? 0) + count
    }
    return sum
  }
}
