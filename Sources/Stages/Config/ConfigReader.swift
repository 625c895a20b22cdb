// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Yams

/// Fills a `PipelineConfig` from pipeline files and `--set` words, strictly: what is not known is an error
/// with its place.
struct ConfigReader {
  /// Nodes that one file may have, aliases counted each time, and aliases at most. Together they bound what
  /// a small hostile file can cost.
  static let nodeLimit = 10_000
  static let aliasLimit = 20
  static let byteLimit = 1 << 20
  static let extendsLimit = 8

  let environment: (String) -> String?
  /// The text of a file, or `nil`.
  let load: (String) -> String?

  private var file = ""
  private var visited = 0

  init(environment: @escaping (String) -> String?, load: @escaping (String) -> String?) {
    self.environment = environment
    self.load = load
  }

  /// Reads `path`, the files it extends first.
  mutating func read(_ path: String, into config: inout PipelineConfig, depth: Int = 0) throws {
    guard let text = load(path) else {
      throw ConfigError(file: path, problem: "cannot be read", hint: "check the spelling of the path")
    }
    try read(text: text, path: path, into: &config, depth: depth)
  }

  mutating func read(text: String, path: String, into config: inout PipelineConfig, depth: Int = 0) throws {
    file = path
    let root = try parse(text)
    guard let mapping = root?.mapping else {
      throw error(root?.mark, "is no mapping of keys", hint: "start with 'version: 1'")
    }
    if let (key, base) = mapping.first(where: { $0.key.string == "extends" }) {
      guard depth < ConfigReader.extendsLimit else {
        throw error(key.mark, "files extend each other too deep", hint: "look for a circle of 'extends'")
      }
      let name = try scalar(base, under: "extends")
      let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
      try read(name.hasPrefix("/") ? name : folder + name, into: &config, depth: depth + 1)
      (file, visited) = (path, 0)
    }
    if depth == 0 && config.name == nil {
      config.name = path.split(separator: "/").last?.split(separator: ".").first.map(String.init)
    }
    try apply(mapping, under: "", settings: PipelineConfig.settings, to: &config) {
      reader, key, node, config in
      switch key {
      case "extends": return true
      case "outputs": config.outputs = try reader.outputs(node)
      case "source.options": config.source.options = try reader.words(node, under: key)
      default: return false
      }
      return true
    }
  }

  /// Applies `key.path=value`; an output is `outputs.0.uri=…`, the one after the last is made.
  mutating func set(_ word: String, in config: inout PipelineConfig) throws {
    file = "--set"
    guard let equals = word.firstIndex(of: "=") else {
      throw error(nil, "'\(word)' has no '='", hint: "write key.path=value, such as pipeline.queue=2")
    }
    let path = String(word[..<equals]), value = String(word[word.index(after: equals)...])
    let parts = path.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    if parts.count == 3, parts[0] == "outputs", let index = Int(parts[1]),
      (0...config.outputs.count).contains(index)
    {
      if index == config.outputs.count { config.outputs.append(OutputConfig(uri: "")) }
      try assign(value, to: parts[2], OutputConfig.settings, in: &config.outputs[index])
    } else if parts.count == 3, path.hasPrefix("source.options.") {
      config.source.options[parts[2]] = value
    } else {
      try assign(value, to: path, PipelineConfig.settings, in: &config)
    }
  }

  private func assign<Root>(
    _ value: String, to path: String, _ settings: [Setting<Root>], in root: inout Root
  ) throws {
    guard let setting = settings.first(where: { $0.path == path }) else {
      let near = Nearest.match(path, among: settings.map(\.path))
      throw error(
        nil, "unknown key '\(path)'",
        hint: near.map { "did you mean '\($0)'?" } ?? "'roadmask config show' lists all keys")
    }
    try put(value, written: value, at: nil, setting, in: &root)
  }

  // MARK: Walking

  private func parse(_ text: String) throws -> Node? {
    guard text.utf8.count <= ConfigReader.byteLimit else {
      throw error(nil, "is larger than 1 MiB", hint: "a pipeline file has some dozen lines")
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
  private mutating func apply<Root>(
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
        let written = value.scalar?.string ?? ""
        let text = try scalar(value, under: path)
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

  private mutating func outputs(_ node: Node) throws -> [OutputConfig] {
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

  private mutating func words(_ node: Node, under path: String) throws -> [String: String] {
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
  private mutating func scalar(_ node: Node, under path: String) throws -> String {
    try visit(node)
    guard let scalar = node.scalar else {
      throw error(node.mark, "'\(path)' must be one value", hint: "lists and keys are not allowed here")
    }
    if scalar.style == .plain && ["", "~", "null", "Null", "NULL"].contains(scalar.string) {
      throw error(node.mark, "'\(path)' has no value", hint: "'none' spells no value")
    }
    return try expand(scalar.string, at: node.mark)
  }

  private func expand(_ text: String, at mark: Mark?) throws -> String {
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
      result += rest[..<start.lowerBound] + value
      rest = rest[rest.index(after: end)...]
    }
    return result + rest
  }

  private func put<Root>(
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

  private mutating func visit(_ node: Node) throws {
    visited += 1
    guard visited <= ConfigReader.nodeLimit else {
      throw error(
        node.mark, "has more than \(ConfigReader.nodeLimit) nodes", hint: "write less, or without aliases")
    }
  }

  // MARK: Messages

  private func names<Root>(under prefix: String, _ settings: [Setting<Root>]) -> [String] {
    let start = prefix.isEmpty ? "" : prefix + "."
    var names: [String] = []
    for setting in settings where setting.path.hasPrefix(start) {
      let name = String(setting.path.dropFirst(start.count).prefix { $0 != "." })
      if !names.contains(name) { names.append(name) }
    }
    if prefix.isEmpty { names += ["extends", "outputs"] }
    if prefix == "source" { names.append("options") }
    return names
  }

  private func valid<Root>(under prefix: String, _ settings: [Setting<Root>]) -> String {
    let names = names(under: prefix, settings).joined(separator: ", ")
    return prefix == "stages" ? "stages are \(names)" : "allowed: \(names)"
  }

  private func error(_ mark: Mark?, _ problem: String, hint: String) -> ConfigError {
    ConfigError(file: file, line: mark?.line ?? 0, column: mark?.column ?? 0, problem: problem, hint: hint)
  }

  private func error(_ failure: YamlError) -> ConfigError {
    switch failure {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      error(mark, "is no YAML: \(problem)", hint: "check indentation, quotes and brackets")
    case .duplicatedKeysInMapping(let keys, let context):
      error(context.mark, "key '\(keys.first ?? "")' appears twice", hint: "keep one of them")
    default: error(nil, "is no YAML", hint: "check that it is UTF-8 text")
    }
  }
}

extension OutputConfig {
  /// The settings with their full names in messages.
  fileprivate static let rooted = settings.map { $0.moved(under: "outputs") }
}

extension PipelineConfig {
  /// Reads a pipeline file.
  ///
  /// - Throws: `ConfigError`.
  public static func load(_ path: String) throws -> PipelineConfig {
    var config = PipelineConfig()
    var reader = ConfigReader(
      environment: { name in getenv(name).map { String(cString: $0) } },
      load: { SmallFile.text($0, limit: ConfigReader.byteLimit + 1) })
    try reader.read(path, into: &config)
    return config
  }

  /// Applies `key.path=value`, as behind `--set`.
  ///
  /// - Throws: `ConfigError`.
  public mutating func set(_ word: String) throws {
    var reader = ConfigReader(environment: { _ in nil }, load: { _ in nil })
    try reader.set(word, in: &self)
  }
}
