// SPDX-License-Identifier: Apache-2.0

/// The first and the longest of waits that grow: `[1s, 30s]`.
public struct WaitRange: Sendable, Hashable, CustomStringConvertible {
  public var first: TimeSpan
  public var longest: TimeSpan

  public init(first: TimeSpan, longest: TimeSpan) {
    self.first = first
    self.longest = longest
  }

  public var description: String { "[\(first), \(longest)]" }
}

extension WaitRange: ConfigValue {
  static var form: String { "two times such as [1s, 30s], the longer last" }

  init?(configText text: String) {
    guard text.first == "[", text.last == "]" else { return nil }
    let words = text.dropFirst().dropLast().split(separator: ",").map {
      String($0.drop { $0 == " " })
    }
    let times = words.compactMap { TimeSpan(configText: $0) }
    guard words.count == 2, times.count == 2, times[0].seconds > 0, times[0].seconds <= times[1].seconds
    else { return nil }
    self.init(first: times[0], longest: times[1])
  }

  var configText: String { description }
}
