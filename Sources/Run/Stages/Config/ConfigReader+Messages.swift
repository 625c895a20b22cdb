// SPDX-License-Identifier: Apache-2.0

internal import Yams

extension ConfigReader {
  func names<Root>(under prefix: String, _ settings: [Setting<Root>]) -> [String] {
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

  func valid<Root>(under prefix: String, _ settings: [Setting<Root>]) -> String {
    let names = names(under: prefix, settings).joined(separator: ", ")
    return prefix == "stages" ? "stages are \(names)" : "allowed: \(names)"
  }

  func error(_ mark: Mark?, _ problem: String, hint: String) -> ConfigError {
    ConfigError(file: file, line: mark?.line ?? 0, column: mark?.column ?? 0, problem: problem, hint: hint)
  }

  func error(_ failure: YamlError) -> ConfigError {
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
