// SPDX-License-Identifier: Apache-2.0

internal import Addresses
internal import Frames
internal import Glibc
internal import Yams

/// Fills a `PipelineConfig` from pipeline files and `--set` words, strictly: what is not known is an error
/// with its place.
struct ConfigReader {
  /// Nodes that one file may have, aliases counted each time, and aliases at most. Together they bound what
  /// a small hostile file can cost.
  static let nodeLimit = 10_000
  static let aliasLimit = 20
  static let byteLimit = 32 << 10
  static let extendsLimit = 8

  let environment: (String) -> String?
  /// The text of a file, or `nil`.
  let load: (String) -> String?

  var file = ""
  var visited = 0

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
    if parts.count > 2, parts[0] == "outputs", let index = Int(parts[1]),
      (0...config.outputs.count).contains(index)
    {
      if index == config.outputs.count { config.outputs.append(OutputConfig(uri: "")) }
      let key = parts[2...].joined(separator: ".")
      try assign(value, to: key, OutputConfig.settings, in: &config.outputs[index])
    } else if parts.count > 2, parts[0] == "source", parts[1] == "options" {
      config.source.options[parts[2...].joined(separator: ".")] = value
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
}

extension PipelineConfig {
  /// Reads a pipeline file.
  ///
  /// - Throws: `ConfigError`.
  public static func load(_ path: String) throws -> PipelineConfig {
    var config = PipelineConfig()
    try config.read(path)
    return config
  }

  /// Reads a pipeline file over what is set already.
  ///
  /// - Throws: `ConfigError`.
  public mutating func read(_ path: String) throws {
    var reader = ConfigReader(
      environment: { name in getenv(name).map { String(cString: $0) } },
      load: { SmallFile.text($0, limit: ConfigReader.byteLimit + 1) })
    try reader.read(path, into: &self)
    hideSecrets()
  }

  /// Keeps passwords in addresses out of all that the program says.
  public func hideSecrets() {
    Secrets.add(fromAddress: source.uri)
    for (name, value) in source.options { Secrets.add(value, ofOption: name) }
    for output in outputs { Secrets.add(fromAddress: output.uri) }
  }

  /// Applies `key.path=value`, as behind `--set`.
  ///
  /// - Throws: `ConfigError`.
  public mutating func set(_ word: String) throws {
    var reader = ConfigReader(environment: { _ in nil }, load: { _ in nil })
    try reader.set(word, in: &self)
  }
}
