// SPDX-License-Identifier: Apache-2.0

/// A graph in a few numbers.
public struct GraphSummary: Sendable, CustomStringConvertible {
  public var name: String
  public var layout: Layout
  /// Names and facts.
  public var inputs: [(name: String, fact: Fact)]
  public var outputs: [(name: String, fact: Fact)]
  public var nodes: Int
  /// How many nodes of each operator, by ONNX name.
  public var operators: [String: Int]
  /// Numbers that training may change; of weights that are stored as integers the integers, not their scales.
  public var parameters: Int
  /// Multiply-adds of convolutions and matrix products for one run.
  public var macs: Int

  /// - Throws: `GraphError` where the graph is unsound.
  public init(_ graph: Graph) throws {
    let facts = try graph.facts()
    name = graph.name
    layout = graph.layout
    inputs = graph.inputs.map { (graph.names[$0.value], $0.fact) }
    outputs = graph.outputs.map { (graph.names[$0], facts[$0]) }
    nodes = graph.nodes.count
    operators = graph.nodes.reduce(into: [:]) { $0[$1.op.name, default: 0] += 1 }
    var (stored, scales) = (Set<ValueID>(), Set<ValueID>())
    for node in graph.nodes {
      switch node.op {
      case .dequantizeLinear:
        stored.insert(node.inputs[0])
        scales.formUnion(node.inputs.dropFirst())
      case .quantizeLinear: scales.formUnion(node.inputs.dropFirst())
      default: break
      }
    }
    parameters = graph.constants.reduce(0) { count, entry in
      let (value, constant) = entry
      let counts = (constant.isParameter || stored.contains(value)) && !scales.contains(value)
      return counts ? count + constant.tensor.shape.count : count
    }
    macs = graph.macs(facts).reduce(0, +)
  }

  /// Several lines of `key value`.
  public var description: String {
    let list = operators.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    let lines = [
      ("input", inputs.map { "\($0.name) \($0.fact)" }.joined(separator: ", ")),
      ("output", outputs.map { "\($0.name) \($0.fact)" }.joined(separator: ", ")),
      ("parameters", Self.short(parameters)),
      ("MACs", Self.short(macs)),
      ("nodes", "\(nodes): " + list.map { "\($0.key) \($0.value)" }.joined(separator: ", ")),
    ]
    return lines.map { key, value in key + String(repeating: " ", count: 12 - key.count) + value }
      .joined(separator: "\n")
  }

  /// `number` in thousands (k), millions (M) or thousands of millions (G), to a tenth of the unit.
  static func short(_ number: Int) -> String {
    for (unit, size) in [("G", 10_000_000_000), ("M", 1_000_000), ("k", 1_000)] where number >= size {
      let base = unit == "G" ? 1_000_000_000 : size
      let tenths = (number + base / 20) / (base / 10)
      return "\(tenths / 10).\(tenths % 10) \(unit)"
    }
    return "\(number)"
  }
}
