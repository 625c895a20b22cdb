// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import GraphIR
import ONNX

struct ModelInfo: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info", abstract: "Say what a model takes, gives and costs; without FILE list installed models.")

  @Argument(help: "An installed name, or an .onnx file.") var file: String?
  @Option(help: "Write every node instead: text, json, dot.") var dump: Dump?

  enum Dump: String, ExpressibleByArgument { case text, json, dot }

  func run() throws {
    guard let file else { return list() }
    let path = try ModelStore.path(of: file)
    let graph = try ONNXReader.read(path)
    switch dump {
    case .text: print(try graph.dumpText())
    case .json: print(try graph.dumpJSON())
    case .dot: print(try graph.dumpDOT())
    case nil: try describe(graph, path)
    }
  }

  private func list() {
    let models = ModelStore.installed
    if models.isEmpty { print("no models are installed") }
    for model in models { print("\(model.name)  \(model.path)") }
  }

  private func describe(_ graph: Graph, _ path: String) throws {
    let facts = try graph.facts()
    print("file       \(path)")
    for key in ["roadmask.network", "classes", "picture", "dataset", "license"] {
      guard let text = graph.metadata[key] else { continue }
      print((key == "roadmask.network" ? "network" : key).padded(to: 11) + text)
    }
    if graph.metadata["license"] == nil { print("license    unknown") }
    for input in graph.inputs { print("input      \(input.name) \(input.fact)") }
    for output in graph.outputs { print("output     \(output) \(facts[output].map { "\($0)" } ?? "")") }
    print("contents   \(try GraphSummary(graph))")
  }
}

struct ModelCheck: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Say whether a model file can run, and name every node that cannot.")

  @Argument(help: "An installed name, or an .onnx file.") var file: String

  func run() throws {
    let path = try ModelStore.path(of: file)
    let findings = try ONNXReader.check(path)
    guard findings.isEmpty else {
      for finding in findings { print(finding) }
      throw Problem(
        .badData, "RM-MODEL-007", "\(path): \(findings.count) of its nodes cannot run",
        hint: "export it again without them, or run it elsewhere")
    }
    _ = try LoadedModel(path: path, level: .best, size: nil)
    print("\(path) can run")
  }
}

extension String {
  func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
