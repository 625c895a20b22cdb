// SPDX-License-Identifier: Apache-2.0

internal import GraphIR
internal import ONNX
internal import Planning
internal import Workers

/// What model files say about themselves.
public enum ModelText {
  /// The forms in which every node is written.
  public enum Dump: String, CaseIterable, Sendable { case text, json, dot }

  /// The installed models with their files.
  public static var installed: [String] {
    let models = ModelStore.installed
    let width = models.map(\.name.count).max() ?? 0
    return models.isEmpty
      ? ["no models are installed"] : models.map { $0.name.padded(to: width + 2) + $0.path }
  }

  /// What a model takes, gives and costs, or all of its nodes.
  ///
  /// - Parameter file: an installed name, or a path.
  /// - Throws: `Problem`, or the error of reading it.
  public static func describe(_ file: String, dump: Dump?) throws -> String {
    let path = try ModelStore.path(of: file, precision: .fp32)
    let graph = try ONNXReader.read(path, .picture())
    switch dump {
    case .text: return try graph.text()
    case .json: return try graph.json()
    case .dot: return try graph.dot()
    case nil: break
    }
    var lines = ["file        \(path)"]
    for key in [
      "roadmask.network", "precision", "classes", "picture", "order", "mean", "scale", "dataset", "license",
    ] {
      guard let text = graph.metadata[key] else { continue }
      lines.append((key == "roadmask.network" ? "network" : key).padded(to: 12) + text)
    }
    if graph.metadata["license"] == nil { lines.append("license     unknown") }
    return (lines + ["\(try GraphSummary(graph))"]).joined(separator: "\n")
  }

  /// Says whether a model can run, line by line, and names every node that cannot.
  ///
  /// - Throws: `Problem` where it cannot.
  public static func check(_ file: String, say: (String) -> Void) throws {
    let path = try ModelStore.path(of: file, precision: .fp32)
    let report = try ONNXReader.check(path, .picture())
    say("opset      \(report.opset)")
    let operators = report.operators.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    say("operators  \(operators.joined(separator: ", "))")
    guard report.problems.isEmpty else {
      for line in grouped(report.problems) { say("cannot run \(line)") }
      throw Problem(
        .badData, "RM-MODEL-007", "\(path): \(report.problems.count) of its nodes cannot run",
        hint: "export it again without them; the lines above say why each cannot")
    }
    let model = try LoadedModel(path: path, level: .best)
    // What a run would refuse is refused here.
    _ = try model.inferences(pool: WorkerPool(threads: 1))
    for sentence in model.assumed { say("assumed    \(sentence)") }
    say("runs       \(model.plan.steps.count) steps, \(model.plan.arenaBytes >> 10) KiB of working memory")
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
