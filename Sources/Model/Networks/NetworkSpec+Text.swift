// SPDX-License-Identifier: Apache-2.0

extension NetworkSpec: CustomStringConvertible {
  /// The choices as `key=value` words; parsing them gives the same specification.
  public var description: String {
    [
      "backbone=\(backbone.text)",
      "context=\(context.text)",
      "merge=\(Self.list(merges.map(\.text)))",
      "fuse=\(Self.list(fuses.map(\.rawValue)))",
      "refine=\(Self.list(refinements.map(\.text)))",
      "width=\(width)",
      "tail=\(classifierKernel)x\(classifierKernel)",
      "classes=\(classes.text)",
    ].joined(separator: " ")
  }

  /// One word where all levels agree.
  private static func list(_ words: [String]) -> String {
    Set(words).count == 1 ? words[0] : words.joined(separator: ",")
  }

  /// Reads `preset`, `preset key=value …` or `key=value …`; later words overrule earlier ones.
  ///
  /// Levels are listed from coarse to fine, comma-separated, or once for all:
  /// - `backbone=mobilenetv2`, `mobilenetv2-0.5`, `efficientnet-lite0` to `-lite2`, `stdc1`, `stdc2`, `stdc1-0.5`
  /// - `context=none`, `crm-gate`, `crm-affinity`, `mcibi-pixel@16`, `mcibi-classkey@32`
  /// - `merge=add`, `srm`, `srm:upsampled`, `srm:nomask`, `rsp`, `rsp:k3:d32` (strides 16, 8, 4)
  /// - `fuse=dense`, `separable`, `light`, `residual` (strides 16, 8, 4)
  /// - `refine=none`, `crp4`, `rcu-crp2` (strides 32, 16, 8, 4)
  /// - `width=64`, `tail=1x1` or `3x3`, `classes=camvid`, `cityscapes` or a comma-separated list
  ///
  /// - Throws: `NetworkError` naming the word and what may stand there.
  public init(parsing text: String) throws {
    self.init()
    for (index, word) in Self.words(text).enumerated() {
      guard let equals = word.firstIndex(of: "=") else {
        guard index == 0 else { throw NetworkError("'\(word)' is not key=value") }
        guard let preset = Self.presets.first(where: { $0.name == word }) else {
          throw NetworkError(
            "no network is called '\(word)'",
            hint: "there are " + Self.presets.map(\.name).joined(separator: ", "))
        }
        self = preset.spec
        continue
      }
      try set(String(word[..<equals]), String(word[word.index(after: equals)...]))
    }
    try check()
  }

  /// Splits at blanks; class names with blanks stand in double quotes.
  private static func words(_ text: String) -> [String] {
    var words: [String] = []
    var word = ""
    var quoted = false
    for character in text {
      if character == "\"" {
        quoted.toggle()
      } else if character.isWhitespace, !quoted {
        if !word.isEmpty { words.append(word) }
        word = ""
      } else {
        word.append(character)
      }
    }
    if !word.isEmpty { words.append(word) }
    return words
  }

  private mutating func set(_ key: String, _ value: String) throws {
    let items = value.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    switch key {
    case "backbone": backbone = try Backbone(text: value)
    case "context": context = try Context(text: value)
    case "merge": merges = try Self.levels(key, items, count: 3).map(Merge.init(text:))
    case "fuse":
      fuses = try Self.levels(key, items, count: 3).map { item in
        guard let fuse = Fuse(rawValue: item) else {
          throw NetworkError(
            "fuse '\(item)'", hint: "one of " + Fuse.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return fuse
      }
    case "refine": refinements = try Self.levels(key, items, count: 4).map(Refinement.init(text:))
    case "width":
      guard let number = Int(value) else { throw NetworkError("width '\(value)' is not a number") }
      width = number
    case "tail":
      guard value == "1x1" || value == "3x3" else {
        throw NetworkError("tail '\(value)'", hint: "1x1 or 3x3")
      }
      classifierKernel = value == "1x1" ? 1 : 3
    case "classes": classes = ClassList(text: value)
    default:
      throw NetworkError(
        "'\(key)' is no choice of a network",
        hint: "there are backbone, context, merge, fuse, refine, width, tail, classes")
    }
  }

  private static func levels(_ key: String, _ items: [String], count: Int) throws -> [String] {
    if items.count == 1 { return Array(repeating: items[0], count: count) }
    guard items.count == count else {
      throw NetworkError(
        "\(key) for \(items.count) levels", hint: "give one word for all, or \(count), coarse to fine")
    }
    return items
  }

  /// - Throws: `NetworkError` where a choice is out of its range.
  func check() throws {
    guard width >= 8, width <= 1024, width % 8 == 0 else {
      throw NetworkError("width \(width)", hint: "a multiple of 8 from 8 to 1024")
    }
    guard (2...256).contains(classes.names.count) else {
      throw NetworkError("\(classes.names.count) classes", hint: "from 2 to 256")
    }
    guard Set(classes.names).count == classes.names.count, !classes.names.contains("") else {
      throw NetworkError("class names must differ and not be empty")
    }
    guard merges.count == 3, fuses.count == 3, refinements.count == 4 else {
      throw NetworkError("\(merges.count) merges, \(fuses.count) fuses, \(refinements.count) refinements")
    }
    for (merge, fuse) in zip(merges, fuses) where merge != .add && (fuse == .light || fuse == .residual) {
      throw NetworkError("fuse=\(fuse.rawValue) with merge=\(merge.text)", hint: "it goes with merge=add")
    }
  }
}
