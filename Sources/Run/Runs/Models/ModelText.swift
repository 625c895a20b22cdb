// SPDX-License-Identifier: Apache-2.0

internal import GraphIR
internal import ONNX
internal import Planning

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
    let graph = try ONNXReader.read(path)
    switch dump {
    case .text: return try graph.text()
    case .json: return try graph.json()
    case .dot: return try graph.dot()
    case nil: break
    }
    var lines = ["file        \(path)"]
    for key in ["roadmask.network", "precision", "classes", "picture", "dataset", "license"] {
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
    let report = try ONNXReader.check(path)
    say("opset      \(report.opset)")
    let operators = report.operators.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    say("operators  \(operators.joined(separator: ", "))")
    guard report.problems.isEmpty else {
      for problem in report.problems { say("cannot run \(problem)") }
      throw Problem(
        .badData, "RM-MODEL-007", "\(path): \(report.problems.count) of its nodes cannot run",
        hint: "export it again without them; the lines above say why each cannot")
    }
    let model = try LoadedModel(path: path, level: .best)
    say("runs       \(model.plan.steps.count) steps, \(model.plan.arenaBytes >> 10) KiB of working memory")
  }
}
