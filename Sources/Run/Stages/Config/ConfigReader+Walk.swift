// SPDX-License-Identifier: Apache-2.0

internal import Addresses
internal import Frames
internal import Yams

extension ConfigReader {
  func parse(_ text: String) throws -> Node? {
    guard text.utf8.count <= ConfigReader.byteLimit else {
      throw error(nil, "is larger than 32 KiB", hint: "a pipeline file has some dozen lines")
    }
    var aliases = 0
    var previous: UInt8 = 0
    for byte in text.utf8 {
      let isName = byte == 95 || byte == 45 || (48...57).contains(byte) || (65...90).contains(byte | 32 ^ 32)
      if previous == UInt8(ascii: "*") && isName { aliases += 1 }
      previous = byte
    }
    guard aliases <= ConfigReader.aliasLimit else {
      throw error(nil, "has more than \(ConfigReader.aliasLimit) aliases", hint: "write values out")
    }
    do {
      return try Yams.compose(yaml: text)
    } catch let failure as YamlError {
      throw error(failure)
    }
  }

  /// Goes through the keys of `mapping`. `special` takes the keys that are no settings.
  mutating func apply<Root>(
    _ mapping: Node.Mapping, under prefix: String, settings: [Setting<Root>], to root: inout Root,
    special: (inout ConfigReader, String, Node, inout Root) throws -> Bool
  ) throws {
    for (key, value) in mapping {
      try visit(key)
      guard let name = key.string else {
        throw error(key.mark, "a key must be a word", hint: valid(under: prefix, settings))
      }
      let path = prefix.isEmpty ? name : "\(prefix).\(name)"
      if try special(&self, path, value, &root) { continue }
      if let setting = settings.first(where: { $0.path == path }) {
        var written = value.scalar?.string ?? ""
        let text: String
        if setting.isList, let list = value.sequence {
          written = list.map { $0.scalar?.string ?? "" }.joined(separator: ", ")
          text = try list.map { try scalar($0, under: path) }.joined(separator: ", ")
        } else {
          text = try scalar(value, under: path)
        }
        try put(text, written: written, at: value.mark, setting, in: &root)
      } else if settings.contains(where: { $0.path.hasPrefix(path + ".") }) {
        guard let inner = value.mapping else {
          throw error(value.mark, "'\(path)' holds keys, not a value", hint: valid(under: path, settings))
        }
        try visit(value)
        try apply(inner, under: path, settings: settings, to: &root, special: special)
      } else {
        let place = prefix.isEmpty ? "" : " under '\(prefix)'"
        let near = Nearest.match(name, among: names(under: prefix, settings))
        let guess = near.map { "; did you mean '\($0)'?" } ?? ""
        throw error(key.mark, "unknown key '\(name)'\(place)", hint: valid(under: prefix, settings) + guess)
      }
    }
  }

  mutating func outputs(_ node: Node) throws -> [OutputConfig] {
    guard let sequence = node.sequence else {
      throw error(node.mark, "'outputs' must be a list", hint: "write '- { uri: out.mp4 }' below it")
    }
    return try sequence.map { item in
      try visit(item)
      guard let mapping = item.mapping else {
        throw error(item.mark, "an output must be a mapping", hint: "write '- { uri: out.mp4 }'")
      }
      var output = OutputConfig(uri: "")
      try apply(mapping, under: "outputs", settings: OutputConfig.rooted, to: &output) { _, _, _, _ in false }
      if output.uri.isEmpty && output.kind != .null {
        throw error(item.mark, "an output needs 'uri'", hint: "write '- { uri: out.mp4 }'")
      }
      return output
    }
  }

  mutating func words(_ node: Node, under path: String) throws -> [String: String] {
    guard let mapping = node.mapping else {
      throw error(node.mark, "'\(path)' holds keys, not a value", hint: "write '{ key: value }'")
    }
    var words: [String: String] = [:]
    for (key, value) in mapping {
      try visit(key)
      words[key.string ?? ""] = try scalar(value, under: "\(path).\(key.string ?? "")")
    }
    return words
  }

  /// The word at `node`, with `${NAME}` replaced from the environment.
  mutating func scalar(_ node: Node, under path: String) throws -> String {
    try visit(node)
    guard let scalar = node.scalar else {
      throw error(node.mark, "'\(path)' must be one value", hint: "lists and keys are not allowed here")
    }
    if scalar.style == .plain && ["", "~", "null", "Null", "NULL"].contains(scalar.string) {
      throw error(node.mark, "'\(path)' has no value", hint: "'none' spells no value")
    }
    return try expand(scalar.string, at: node.mark)
  }

  func expand(_ text: String, at mark: Mark?) throws -> String {
    var result = ""
    var rest = text[...]
    while let start = rest.range(of: "${") {
      guard let end = rest[start.upperBound...].firstIndex(of: "}") else {
        throw error(mark, "'${' without '}'", hint: "write ${NAME}")
      }
      let name = String(rest[start.upperBound..<end])
      guard let value = environment(name) else {
        throw error(mark, "the environment has no '\(name)'", hint: "export \(name)=… before the start")
      }
      Secrets.add(value)
      result += rest[..<start.lowerBound] + value
      rest = rest[rest.index(after: end)...]
    }
    return result + rest
  }

  func put<Root>(
    _ text: String, written: String, at mark: Mark?, _ setting: Setting<Root>, in root: inout Root
  ) throws {
    do throws(Setting<Root>.Problem) {
      try setting.set(&root, text)
    } catch {
      switch error {
      case .form(let form):
        let words = form.split(separator: ", ").map(String.init).filter { $0.count > 2 && !$0.contains(" ") }
        let near = written.count > 2 ? Nearest.match(written, among: words) : nil
        let guess = near.map { "; did you mean '\($0)'?" } ?? ""
        throw self.error(
          mark, "'\(setting.path)' cannot be '\(redacted(written))'", hint: "allowed: \(form)\(guess)")
      case .range(let range):
        func short(_ value: Double) -> String {
          value == value.rounded() ? Format.fixed(value, 0) : "\(value)"
        }
        throw self.error(
          mark, "'\(setting.path)' is \(redacted(written))",
          hint: "allowed: \(short(range.lowerBound)) to \(short(range.upperBound))")
      }
    }
  }

  mutating func visit(_ node: Node) throws {
    visited += 1
    guard visited <= ConfigReader.nodeLimit else {
      throw error(
        node.mark, "has more than \(ConfigReader.nodeLimit) nodes", hint: "write less, or without aliases")
    }
  }
}

extension OutputConfig {
  /// The settings with their full names in messages.
  fileprivate static let rooted = settings.map { $0.moved(under: "outputs") }
}
