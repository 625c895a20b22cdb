// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import GraphIR
import ONNX
import Runs
import Workers

struct ModelInfo: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info",
    abstract: "Say what a model takes, gives and costs; without FILE list installed models.")

  @Argument(help: "An installed name, or an .onnx file.") var file: String?
  @Option(help: "Write every node instead: text, json, dot.") var dump: Dump?

  enum Dump: String, ExpressibleByArgument { case text, json, dot }

  func run() throws {
    guard let file else { return list() }
    let path = try ModelStore.path(of: file, precision: .fp32)
    let graph = try ONNXReader.read(path, .picture())
    switch dump {
    case .text: print(try graph.text())
    case .json: print(try graph.json())
    case .dot: print(try graph.dot())
    case nil: try describe(graph, path)
    }
  }

  private func list() {
    let models = ModelStore.installed
    if models.isEmpty { print("no models are installed") }
    let width = models.map(\.name.count).max() ?? 0
    for model in models { print(model.name.padded(to: width + 2) + model.path) }
  }

  private func describe(_ graph: Graph, _ path: String) throws {
    print("file        \(path)")
    for key in [
      "roadmask.network", "precision", "classes", "picture", "order", "mean", "scale", "dataset", "license",
    ] {
      guard let text = graph.metadata[key] else { continue }
      print((key == "roadmask.network" ? "network" : key).padded(to: 12) + text)
    }
    if graph.metadata["license"] == nil { print("license     unknown") }
    print(try GraphSummary(graph))
  }
}

struct ModelCheck: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Say whether a model file can run, and name every node that cannot.")

  @Argument(help: "An installed name, or an .onnx file.") var file: String

  func run() throws {
    let path = try ModelStore.path(of: file, precision: .fp32)
    let report = try ONNXReader.check(path, .picture())
    print("opset      \(report.opset)")
    let operators = report.operators.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    print("operators  \(operators.joined(separator: ", "))")
    guard report.problems.isEmpty else {
      for line in Self.grouped(report.problems) { print("cannot run \(line)") }
      throw Problem(
        .badData, "RM-MODEL-007", "\(path): \(report.problems.count) of its nodes cannot run",
        hint: "export it again without them; the lines above say why each cannot")
    }
    let model = try LoadedModel(path: path, level: .best)
    // What a run would refuse is refused here.
    _ = try model.inferences(pool: WorkerPool(threads: 1))
    for sentence in model.assumed { print("assumed    \(sentence)") }
    print("runs       \(model.plan.steps.count) steps, \(model.plan.arenaBytes >> 10) KiB of working memory")
  }

  /// A line for each kind of problem, the most frequent first: how many nodes, why, and which is the first.
  private static func grouped(_ problems: [GraphError]) -> [String] {
    struct Kind: Hashable {
      var op: String?
      var problem: String
    }
    let kinds = Dictionary(grouping: problems.enumerated()) {
      Kind(op: $0.element.op, problem: $0.element.problem)
    }
    let sorted = kinds.sorted { a, b in
      (b.value.count, a.value[0].offset) < (a.value.count, b.value[0].offset)
    }
    return sorted.map { kind, members in
      let first = members[0].element
      return "\(members.count) x \(kind.op ?? "graph"): \(kind.problem)"
        + (first.node.map { "; first '\($0)'" } ?? "") + (first.hint.map { "; \($0)" } ?? "")
    }
  }
}
