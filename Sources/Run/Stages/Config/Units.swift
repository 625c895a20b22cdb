// SPDX-License-Identifier: Apache-2.0

/// A length of time, written with its unit or as a clock shows it.
public struct TimeSpan: Sendable, Hashable, CustomStringConvertible {
  public var seconds: Double

  /// Thirty years, in seconds.
  static let longest = 1e9

  public init(seconds: Double) { self.seconds = seconds }

  /// Reads `120ms`, `1.5s`, `10m`, `24h`, `00:01:30.5`, `1:30`, or plain seconds, as FFmpeg does.
  public init?(_ text: String) {
    if text.contains(":") {
      let fields = text.split(separator: ":", omittingEmptySubsequences: false)
      guard (2...3).contains(fields.count) else { return nil }
      var total = 0.0
      for (index, field) in fields.enumerated() {
        guard field.first?.isNumber == true, let value = Double(field), value >= 0,
          index == 0 || value < 60, index == fields.count - 1 || !field.contains(".")
        else { return nil }
        total = total * 60 + value
      }
      guard total <= TimeSpan.longest else { return nil }
      seconds = total
      return
    }
    let units: [(name: String, seconds: Double)] = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("", 1)]
    guard let unit = units.first(where: { text.hasSuffix($0.name) }),
      let value = Double(text.dropLast(unit.name.count)), value >= 0, value * unit.seconds <= TimeSpan.longest
    else { return nil }
    seconds = value * unit.seconds
  }

  public var nanoseconds: UInt64 { UInt64(max(0, min(seconds, TimeSpan.longest)) * 1e9) }

  public var description: String {
    func short(_ value: Double) -> String {
      value == value.rounded() ? Format.fixed(value, 0) : "\(value)"
    }
    return seconds > 0 && seconds < 1 ? "\(short((seconds * 1e6).rounded() / 1e3))ms" : "\(short(seconds))s"
  }
}

/// A number of bytes, written with its unit.
public struct ByteCount: Sendable, Hashable, CustomStringConvertible {
  public var bytes: Int64

  public init(bytes: Int64) { self.bytes = bytes }

  private static let units: [(name: String, bytes: Double)] = [
    ("KiB", 1024), ("MiB", 1_048_576), ("GiB", 1_073_741_824), ("TiB", 1_099_511_627_776),
    ("kB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12),
  ]

  /// Reads `20GB`, `1.5 MiB`.
  public init?(_ text: String) {
    guard let unit = ByteCount.units.first(where: { text.hasSuffix($0.name) }) else { return nil }
    let digits = text.dropLast(unit.name.count)
    guard let value = Double(digits.hasSuffix(" ") ? digits.dropLast() : digits), value >= 0,
      value * unit.bytes <= 1e18
    else { return nil }
    bytes = Int64(value * unit.bytes)
  }

  public var description: String {
    let unit = ByteCount.units.last {
      bytes >= Int64($0.bytes) && bytes % Int64($0.bytes) == 0 && $0.name.count == 2
    }
    return unit.map { "\(bytes / Int64($0.bytes))\($0.name)" } ?? "\(Double(bytes) / 1e3)kB"
  }
}

/// Width and height in pixels.
public struct PixelSize: Sendable, Hashable, CustomStringConvertible {
  public var width: Int
  public var height: Int

  public init(width: Int, height: Int) {
    self.width = width
    self.height = height
  }

  /// Reads `1024x512`; each side 1…16384.
  public init?(_ text: String) {
    let sides = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
    guard sides.count == 2, sides.allSatisfy({ (1...16384).contains($0) }) else { return nil }
    self.init(width: sides[0], height: sides[1])
  }

  public var description: String { "\(width)x\(height)" }
}

/// A shortest and a longest time.
public struct TimeSpanRange: Sendable, Hashable {
  public var shortest: TimeSpan
  public var longest: TimeSpan

  public init(shortest: TimeSpan, longest: TimeSpan) {
    self.shortest = shortest
    self.longest = longest
  }
}

/// Words in a row.
public struct Words: Sendable, Hashable, ExpressibleByArrayLiteral {
  public var list: [String]

  public init(_ list: [String] = []) { self.list = list }
  public init(arrayLiteral elements: String...) { list = elements }
}

/// How often something is tried.
public enum Attempts: Sendable, Hashable {
  case times(Int)
  case forever

  /// `nil` for no limit.
  public var limit: Int? {
    switch self {
    case .times(let count): count
    case .forever: nil
    }
  }
}

extension Attempts: CustomStringConvertible {
  public var description: String { limit.map(String.init) ?? "forever" }
}
