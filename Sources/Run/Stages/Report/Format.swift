// SPDX-License-Identifier: Apache-2.0

/// How figures are written for people.
enum Format {
  /// `value` with exactly `places` digits behind the point; "-" if there is none.
  static func fixed(_ value: Double?, _ places: Int) -> String {
    guard let value, value.isFinite, value.magnitude < 1e15 else { return "-" }
    var unit = 1
    for _ in 0..<places { unit *= 10 }
    let scaled = Int((value.magnitude * Double(unit)).rounded())
    let sign = value < 0 && scaled > 0 ? "-" : ""
    guard places > 0 else { return "\(sign)\(scaled)" }
    return "\(sign)\(scaled / unit).\(left("\(scaled % unit)", places, with: "0"))"
  }

  /// A share as a whole percentage.
  static func percent(_ share: Double?) -> String {
    guard let share else { return "-" }
    return fixed(share * 100, 0) + "%"
  }

  /// Bytes in decimal units: whole megabytes, gigabytes with a decimal.
  static func bytes(_ count: Int) -> String {
    switch count {
    case ..<1_000_000: "\(fixed(Double(count) / 1e3, 0)) kB"
    case ..<10_000_000_000: "\(fixed(Double(count) / 1e6, 0)) MB"
    default: "\(fixed(Double(count) / 1e9, 1)) GB"
    }
  }

  /// Seconds as `HH:MM:SS`, rounded down.
  static func time(_ seconds: Double) -> String {
    let total = Int(max(0, min(seconds, 1e9)))
    return [total / 3600, total / 60 % 60, total % 60].map { left("\($0)", 2, with: "0") }
      .joined(separator: ":")
  }

  /// `text` at the right of a field, filled up on the left.
  static func left(_ text: String, _ width: Int, with filler: Character = " ") -> String {
    String(repeating: filler, count: max(0, width - text.count)) + text
  }

  /// `text` at the left of a field, filled up on the right.
  static func right(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}
