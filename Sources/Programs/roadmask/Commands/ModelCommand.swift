// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Runs

/// What has to do with model files.
struct ModelCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "model", abstract: "Build a network, or look into a model file.",
    subcommands: [ModelBuild.self, ModelInfo.self, ModelCheck.self])
}

struct ModelInfo: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info",
    abstract: "Say what a model takes, gives and costs; without FILE list installed models.")

  @Argument(help: "An installed name, or an .onnx file.") var file: String?
  @Option(help: "Write every node instead: text, json, dot.") var dump: Dump?

  enum Dump: String, ExpressibleByArgument { case text, json, dot }

  func run() throws {
    guard let file else { return ModelText.installed.forEach { print($0) } }
    print(try ModelText.describe(file, dump: dump.flatMap { ModelText.Dump(rawValue: $0.rawValue) }))
  }
}

struct ModelCheck: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Say whether a model file can run, and name every node that cannot.")

  @Argument(help: "An installed name, or an .onnx file.") var file: String

  func run() throws { try ModelText.check(file) { print($0) } }
}
