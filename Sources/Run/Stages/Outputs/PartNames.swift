// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The names of the files that one output writes, one after the other.
///
/// `front-%Y%m%d-%H%M%S.mp4` is filled in with the local time; a name without directives gets a number,
/// `front-000.mp4`, and so does a time that was used already.
struct PartNames: Sendable {
  private enum Token: Equatable {
    case text(String)
    case digits(Int)
  }

  /// The path as it was written.
  let pattern: String
  /// With the slash, or empty.
  let folder: String
  private let stem: String
  private let ending: String
  private let tokens: [Token]
  /// The first file has the plain name.
  private let startsPlain: Bool

  /// `nil` where the name holds directives other than `%Y %m %d %H %M %S %j %%`.
  init?(_ path: String, isCut: Bool) {
    let slash = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
    let name = path[slash...]
    let dot = name.lastIndex(of: ".") ?? name.endIndex
    pattern = path
    folder = String(path[..<slash])
    stem = String(name[..<dot])
    ending = String(name[dot...])
    guard let tokens = PartNames.tokens(stem) else { return nil }
    self.tokens = tokens
    startsPlain = !isCut && !tokens.contains { if case .digits = $0 { true } else { false } }
  }

  var isTimed: Bool { tokens.contains { if case .digits = $0 { true } else { false } } }

  /// The name with no number and nothing filled in, `%%` being a percent sign.
  var plainPath: String { folder + plainText + ending }

  private var plainText: String {
    tokens.map { if case .text(let text) = $0 { text } else { "" } }.joined()
  }

  /// The name without what changes, for files beside it.
  var plainStem: String {
    guard isTimed else { return folder + plainText }
    var plain = ""
    for case .text(let text) in tokens {
      func isGap(_ character: Character) -> Bool { "-_ ".contains(character) }
      let word = String(text.drop(while: isGap).reversed().drop(while: isGap).reversed())
      plain += plain.isEmpty || word.isEmpty || word.hasPrefix(".") ? word : "-" + word
    }
    return folder + (plain.isEmpty || plain.hasPrefix(".") ? "labels" + plain : plain)
  }

  /// A name that no file has.
  ///
  /// - Parameters:
  ///   - isFirst: of this run.
  ///   - overwrite: a plain first name may exist.
  func next(isFirst: Bool, time: time_t = Glibc.time(nil)) -> String {
    if startsPlain && isFirst { return plainPath }
    var start = 0
    if isTimed {
      let path = folder + filled(time) + ending
      if access(path, F_OK) != 0 { return path }
      start = 1
    }
    let base = isTimed ? filled(time) : plainText
    if !isTimed { start = (numbers.max() ?? -1) + 1 }
    var number = startsPlain ? max(1, start) : start
    while true {
      let digits = String(number)
      let path =
        folder + base + "-" + String(repeating: "0", count: max(0, 3 - digits.count)) + digits + ending
      if access(path, F_OK) != 0 { return path }
      number += 1
    }
  }

  /// Higher numbers are somebody else's: a date, say.
  private static let highest = 999_999

  /// Of the files of this name that are there, in no order.
  private var numbers: [Int] {
    guard let handle = opendir(folder.isEmpty ? "." : folder) else { return [] }
    defer { closedir(handle) }
    var found: [Int] = []
    while let entry = readdir(handle) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if case .some(let number?) = match(name), number <= PartNames.highest { found.append(number) }
    }
    return found
  }

  /// Whether `name` is one of ours, and its number; plain names without a time are not counted as parts.
  func match(_ name: String) -> Int?? {
    guard name.hasSuffix(ending) else { return nil }
    var rest = name.dropLast(ending.count)
    for token in tokens {
      switch token {
      case .text(let text):
        guard rest.hasPrefix(text) else { return nil }
        rest = rest.dropFirst(text.count)
      case .digits(let count):
        guard rest.count >= count, rest.prefix(count).allSatisfy(\.isASCIIDigit) else { return nil }
        rest = rest.dropFirst(count)
      }
    }
    if rest.isEmpty { return isTimed ? .some(nil) : nil }
    guard rest.first == "-", rest.count >= 4, rest.dropFirst().allSatisfy(\.isASCIIDigit),
      let number = Int(rest.dropFirst())
    else { return nil }
    return .some(number)
  }

  private func filled(_ time: time_t) -> String {
    var time = time
    var parts = tm()
    localtime_r(&time, &parts)
    var buffer = [CChar](repeating: 0, count: 512)
    let count = strftime(&buffer, buffer.count, stem, &parts)
    return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private static func tokens(_ stem: String) -> [Token]? {
    var tokens: [Token] = []
    var text = ""
    var rest = stem[...]
    while let letter = rest.popFirst() {
      guard letter == "%" else {
        text.append(letter)
        continue
      }
      guard let directive = rest.popFirst() else { return nil }
      if directive == "%" {
        text.append("%")
        continue
      }
      let widths: [Character: Int] = ["Y": 4, "m": 2, "d": 2, "H": 2, "M": 2, "S": 2, "j": 3]
      guard let width = widths[directive] else { return nil }
      if !text.isEmpty { tokens.append(.text(text)) }
      text = ""
      tokens.append(.digits(width))
    }
    if !text.isEmpty { tokens.append(.text(text)) }
    return tokens
  }
}

extension Character {
  fileprivate var isASCIIDigit: Bool { isASCII && isNumber }
}
