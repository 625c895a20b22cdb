// SPDX-License-Identifier: Apache-2.0

import Buffers

extension Pass {
  /// - Parameter size: rows and columns of every input of rank 4.
  public static func resizeInputs(to size: Pair) -> Pass {
    Pass(name: "resizeInputs", summary: "take inputs of \(size.columns)x\(size.rows)") { graph in
      let before = graph.inputs
      graph = try graph.resized(toRows: size.rows, columns: size.columns)
      return zip(before, graph.inputs).count { $0 != $1 }
    }
  }
}

extension Graph {
  /// Metadata: the nodes whose constants depend on the input size although no shape shows it, comma-separated.
  public static let sizedNodesKey = "roadmask.sized"

  /// This graph for inputs of another size; every input of rank 4 takes it.
  ///
  /// - Throws: `GraphError` naming the first node that depends on the size that the graph was made for.
  public func resized(toRows rows: Int, columns: Int) throws -> Graph {
    let before = try facts()
    var graph = self
    for index in graph.inputs.indices {
      guard var map = MapShape(inputs[index].fact.shape.extents, layout: layout) else { continue }
      guard (1...GraphLimits.attribute).contains(rows), (1...GraphLimits.attribute).contains(columns) else {
        throw GraphError("\(columns)x\(rows) is no input size")
      }
      map.rows = rows
      map.columns = columns
      let extents = map.extents(layout)
      guard let count = Shape.checkedCount(extents), count <= GraphLimits.elements else {
        throw GraphError("an input of \(columns)x\(rows) is beyond the limits")
      }
      graph.inputs[index].fact.shape = Shape(extents)
    }
    guard graph.inputs != inputs else { return self }

    let marked = Set((metadata[Graph.sizedNodesKey] ?? "").split(separator: ",").map(String.init))
    var table = FactTable(layout: layout)
    for input in graph.inputs { try table.declare(input.value, input.fact, as: "input", names) }
    for (value, constant) in constants {
      try table.declare(value, Fact(constant.tensor.dtype, constant.tensor.shape), as: "constant", names)
    }
    for node in nodes {
      let source = node.inputs[0]
      let changed = node.inputs.contains { !$0.isOmitted && table[$0] != before.find($0) }
      if marked.contains(node.name) || changed && node.op.isSized(from: before[source], layout: layout) {
        throw dependent(node, "its attributes or constants belong to one input size")
      }
      do {
        try table.add(node, names)
      } catch let error as GraphError where changed {
        throw dependent(node, error.problem)
      }
    }
    return graph
  }

  private func dependent(_ node: Node, _ problem: String) -> GraphError {
    GraphError(
      node: node.name, op: node.op.name, "it depends on the input size: \(problem)",
      hint: "build or export the network at the size that is wanted")
  }
}

extension Operator {
  /// Whether an attribute was chosen for the size of `x`, so that another size would give another network.
  fileprivate func isSized(from x: Fact, layout: Layout) -> Bool {
    switch self {
    case .resize(let resize):
      if case .size = resize.target { return true }
      return false
    case .averagePool(let pooling), .maxPool(let pooling):
      // A window over the whole map.
      guard let map = MapShape(x.shape.extents, layout: layout) else { return false }
      return pooling.kernel == Pair(rows: map.rows, columns: map.columns) && pooling.kernel != Pair(1)
    case .slice(_, let ends, let axes, _):
      // An end that counts from the start of rows or columns.
      guard x.shape.rank == 4 else { return false }
      return zip(ends, axes).contains { end, axis in
        let axis = axis < 0 ? axis + 4 : axis
        return (axis == layout.rowAxis || axis == layout.columnAxis) && end > 0 && end < 1 << 31
      }
    case .reshape(let target):
      // Rows or columns given as numbers to what had none.
      guard target.extents.count == 4, x.shape.rank != 4 else { return false }
      return target.extents[layout.rowAxis] > 1 || target.extents[layout.columnAxis] > 1
    default: return false
    }
  }
}
