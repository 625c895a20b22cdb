// SPDX-License-Identifier: Apache-2.0

import Buffers

extension Pass {
  public static let foldConstants = Pass(
    name: "foldConstants", summary: "work out what depends on constants alone, and drop what changes nothing"
  ) { graph in
    let facts = try graph.facts()
    let kept = Set(graph.outputs)
    var work = 0
    var replacements = ValueTable<ValueID>()
    var nodes: [Node] = []
    for var node in graph.nodes {
      for position in node.inputs.indices {
        if let other = replacements[node.inputs[position]] { node.inputs[position] = other }
      }
      let output = node.outputs[0]
      work += node.foldingWork(graph)
      if kept.contains(output) || work > GraphLimits.foldingWork {
        nodes.append(node)
      } else if let source = identity(node, graph, facts) {
        replacements[output] = source
      } else if let tensor = try constant(node, graph) {
        let trained = node.inputs.contains { graph.constants[$0]?.isParameter == true }
        graph.constants[output] = Constant(tensor, isParameter: trained)
      } else {
        nodes.append(node)
      }
    }
    defer { graph.nodes = nodes }
    return graph.nodes.count - nodes.count
  }

  private static func constant(_ node: Node, _ graph: Graph) throws -> Tensor? {
    let inputs = node.inputs.compactMap { graph.constants[$0]?.tensor }
    guard inputs.count == node.inputs.count else { return nil }
    return try ConstantEvaluator.evaluate(node.op, of: node.name, inputs, layout: graph.layout)
  }

  /// The value that `node` merely repeats, if it does.
  private static func identity(_ node: Node, _ graph: Graph, _ facts: Facts) -> ValueID? {
    let output = facts[node.outputs[0]]
    /// The other operand, where the one at `index` has `number` everywhere and does not stretch it.
    func without(_ index: Int, _ number: Float) -> ValueID? {
      guard let values = graph.floats(node.inputs[index]), values.allSatisfy({ $0 == number }) else {
        return nil
      }
      let other = node.inputs[1 - index]
      return facts.find(other)?.shape == output.shape && graph.constants[other] == nil ? other : nil
    }
    // Constants that earlier nodes folded into have no entry in `facts` of their own.
    guard let x = facts.find(node.inputs[0]) else { return nil }
    let repeats: Bool
    switch node.op {
    case .add: return without(1, 0) ?? without(0, 0)
    case .mul: return without(1, 1) ?? without(0, 1)
    case .sub: return without(1, 0)
    case .div: return without(1, 1)
    case .reshape, .slice, .pad: repeats = x == output && !node.op.reverses
    case .concat: repeats = node.inputs.count == 1
    case .transpose(let permutation): repeats = permutation == Array(permutation.indices)
    case .clip(let low, let high): repeats = low == -.infinity && high == .infinity
    case .resize: repeats = x == output
    default: repeats = false
    }
    return repeats ? node.inputs[0] : nil
  }
}

extension Node {
  /// What looking at the constants that it reads, and working it out, costs at most.
  fileprivate func foldingWork(_ graph: Graph) -> Int {
    let shapes = inputs.compactMap { graph.constants[$0]?.tensor.shape }
    var work = shapes.reduce(0) { $0 + $1.count }
    if case .matMul = op, shapes.count == 2, let columns = shapes[1].extents.last {
      work += Shape.checkedCount([shapes[0].count, columns]) ?? GraphLimits.foldingWork + 1
    }
    return min(work, GraphLimits.foldingWork + 1)
  }
}

extension Operator {
  /// A slice that takes everything, but backwards.
  fileprivate var reverses: Bool {
    guard case .slice(_, _, _, let steps) = self else { return false }
    return steps.contains { $0 < 0 }
  }
}
