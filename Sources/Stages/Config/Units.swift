// SPDX-License-Identifier: Apache-2.0

/// A length of time, written with its unit or as a clock shows it.
public struct TimeSpan: Sendable, Hashable, CustomStringConvertible {
  public var seconds: Double

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
      seconds = total
      return
    }
    let units: [(name: String, seconds: Double)] = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("", 1)]
    guard let unit = units.first(where: { text.hasSuffix($0.name) }),
      let value = Double(text.dropLast(unit.name.count)), value >= 0, value * unit.seconds <= 1e9
    else { return nil }
    seconds = value * unit.seconds
  }

  public var nanoseconds: UInt64 { UInt64(max(0, min(seconds, 1e9)) * 1e9) }

  public var description: String {
    func short(_ value: Double) -> String {
      value == value.rounded() ? Format.fixed(value, 0) : "\(value)"
    }
    return seconds > 0 && seconds < 1 ? "\(short((seconds * 1e6).rounded() / 1e3))ms" : "\(short(seconds))s"
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
