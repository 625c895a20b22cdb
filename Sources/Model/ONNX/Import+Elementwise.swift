// SPDX-License-Identifier: Apache-2.0

import Buffers
import GraphIR

extension Importer {
  static let elementwise: [String: Rule] = [
    "Add": plain(.add),
    "Sub": plain(.sub),
    "Mul": plain(.mul),
    "Div": plain(.div),
    "Relu": plain(.relu),
    "Sigmoid": plain(.sigmoid),
    "HardSwish": plain(.hardSwish),
    "HardSigmoid": { importer, node in
      let op = Operator.hardSigmoid(alpha: try node.float("alpha", 0.2), beta: try node.float("beta", 0.5))
      try importer.add(op, node.inputs, output: try node.output(), node)
    },
    "Clip": { importer, node in
      // Limits are inputs since opset 11; older exporters leave them as attributes.
      let low = try importer.float(node.input(1), "min", node, try node.float("min", -.infinity))
      let high = try importer.float(node.input(2), "max", node, try node.float("max", .infinity))
      try importer.add(.clip(min: low, max: high), [node.input(0)], output: try node.output(), node)
    },
    "Softmax": { try $0.softmax(&$1) },
  ]

  static func plain(_ op: Operator) -> Rule {
    { importer, node in try importer.add(op, node.inputs, output: try node.output(), node) }
  }

  private mutating func softmax(_ node: inout NodeReader) throws {
    let given = try node.int("axis")
    let rank = try fact(node.input(0), node).shape.rank
    guard opset < 13 else {
      try add(.softmax(axis: given ?? -1), node.inputs, output: try node.output(), node)
      return
    }
    // Until opset 12, all axes from this one on form one.
    let axis = given ?? 1
    let resolved = axis < 0 ? axis + rank : axis
    guard resolved == rank - 1 else {
      throw node.fail(
        "axis \(axis) of rank \(rank) at opset \(opset) means all axes from there on",
        hint: "export with opset 13 or later")
    }
    try add(.softmax(axis: resolved), node.inputs, output: try node.output(), node)
  }
}
