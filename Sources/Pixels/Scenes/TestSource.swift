// SPDX-License-Identifier: Apache-2.0

/// A source that the program draws itself, as written on the command line.
public enum TestSource: Sendable, Equatable {
  case street(StreetScene.Parameters)
  /// Colour bars; the seed plays no part.
  case bars(StreetScene.Parameters)

  public var parameters: StreetScene.Parameters {
    switch self {
    case .street(let parameters), .bars(let parameters): parameters
    }
  }

  /// It knows the true class of each pixel.
  public var isStreet: Bool {
    if case .street = self { true } else { false }
  }

  static let names = ["street", "bars"]
  static let keys = ["size", "rate", "seconds", "seed"]
  /// What bars have no use for.
  static let streetKeys = ["scene", "light", "weather"]

  /// Reads `test:NAME?key=value&key=value`; keys left out keep their defaults.
  ///
  /// `rate` is a number or a fraction such as `30000/1001`; `seconds=0` never ends. `scene` is a place, `light` and
  /// `weather` are by the seed where they are left out; all three are of streets alone.
  public static func parse(_ text: String) throws(TestSourceError) -> TestSource {
    func fail(_ problem: String, hint: String) -> TestSourceError {
      TestSourceError(source: text, problem: problem, hint: hint)
    }
    guard text.hasPrefix("test:") else {
      throw fail("does not start with test:", hint: "write test:street or test:bars")
    }
    let parts = text.dropFirst(5).split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let name = String(parts[0])
    guard names.contains(name) else {
      throw fail("there is no test source '\(name)'", hint: suggestion(for: name, among: names))
    }
    let allowed = name == "bars" ? keys : keys + streetKeys
    var parameters = StreetScene.Parameters()
    var seen: [String] = []
    let pairs = parts.count > 1 ? parts[1].split(separator: "&") : []
    for pair in pairs {
      let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let key = String(halves[0])
      guard allowed.contains(key) else {
        throw fail("unknown key '\(key)'", hint: suggestion(for: key, among: allowed))
      }
      guard !seen.contains(key) else { throw fail("'\(key)' is given twice", hint: "keep one of them") }
      seen.append(key)
      let value = halves.count > 1 ? String(halves[1]) : ""
      guard parameters.set(key, to: value) else {
        throw fail("'\(value)' is no \(key)", hint: expectation(of: key))
      }
    }
    return name == "bars" ? .bars(parameters) : .street(parameters)
  }

  private static func expectation(of key: String) -> String {
    switch key {
    case "size": "size is WIDTHxHEIGHT, each 1…16384, such as 1280x720"
    case "rate": "rate is frames per second, up to 1000, such as 30 or 30000/1001"
    case "seconds": "seconds is 0 (for ever) to 1000000, such as 10"
    case "scene": "scene is one of: " + list(StreetScene.Place.self)
    case "light": "light is one of: " + list(StreetScene.Daylight.self)
    case "weather": "weather is one of: " + list(StreetScene.Weather.self)
    default: "seed is a whole number from 0 to 18446744073709551615"
    }
  }

  private static func list<Choice: CaseIterable & RawRepresentable<String>>(_: Choice.Type) -> String {
    Choice.allCases.map(\.rawValue).joined(separator: ", ")
  }

  private static func suggestion(for word: String, among words: [String]) -> String {
    let valid = "valid: " + words.joined(separator: ", ")
    guard word.utf8.count <= 64 else { return valid }
    let near = words.map { (editDistance(word, $0), $0) }.min { $0.0 < $1.0 }
    guard let near, near.0 <= 3, near.0 < max(word.count, 2) else { return valid }
    return "did you mean '\(near.1)'? \(valid)"
  }
}

/// Why a `test:` source could not be read.
public struct TestSourceError: Error, Sendable, Equatable, CustomStringConvertible {
  public let source: String
  public let problem: String
  public let hint: String

  public var description: String { "cannot read source '\(source)': \(problem); \(hint)" }
}

extension StreetScene.Parameters {
  /// Takes a value as written; false, and no change, if it is none.
  fileprivate mutating func set(_ key: String, to value: String) -> Bool {
    switch key {
    case "size":
      let sides = value.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
      guard sides.count == 2, sides.allSatisfy({ (1...16384).contains($0) }) else { return false }
      (width, height) = (sides[0], sides[1])
    case "rate":
      let terms = value.split(separator: "/", omittingEmptySubsequences: false).map { Double($0) ?? .nan }
      guard terms.count == 1 || terms.count == 2 else { return false }
      let quotient = terms.count == 2 ? terms[0] / terms[1] : terms[0]
      guard quotient > 0, quotient <= 1000 else { return false }
      rate = quotient
    case "seconds":
      guard let number = Double(value), number >= 0, number <= 1_000_000 else { return false }
      seconds = number
    case "scene":
      guard let choice = StreetScene.Place(rawValue: value) else { return false }
      place = choice
    case "light":
      guard let choice = StreetScene.Daylight(rawValue: value) else { return false }
      light = choice
    case "weather":
      guard let choice = StreetScene.Weather(rawValue: value) else { return false }
      weather = choice
    default:
      guard let number = UInt64(value) else { return false }
      seed = number
    }
    return true
  }
}

/// Letters to insert, remove or replace to make `a` into `b` (Levenshtein).
private func editDistance(_ a: String, _ b: String) -> Int {
  let b = Array(b)
  var row = Array(0...b.count)
  for (i, letter) in a.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for j in b.indices {
      let best = min(row[j] + 1, row[j + 1] + 1, diagonal + (letter == b[j] ? 0 : 1))
      diagonal = row[j + 1]
      row[j + 1] = best
    }
  }
  return row[b.count]
}
