// SPDX-License-Identifier: Apache-2.0

import Buffers

extension Graph {
  /// The type and shape of every value, by name; the check that a graph is sound.
  ///
  /// - Throws: `GraphError` naming the first node that reads what does not exist yet, gives what exists
  ///   already, does not fit its inputs, or asks for more than `GraphLimits` allows.
  public func facts() throws -> [String: Fact] {
    var table = FactTable(layout: layout)
    guard nodes.count <= GraphLimits.nodes else {
      throw GraphError("\(nodes.count) nodes; the limit is \(GraphLimits.nodes)")
    }
    guard inputs.count + constants.count <= GraphLimits.values else {
      throw GraphError(
        "\(inputs.count + constants.count) inputs and constants; the limit is \(GraphLimits.values)")
    }
    for input in inputs { try table.declare(input.name, input.fact, as: "input") }
    for (name, constant) in constants {
      try table.declare(name, Fact(constant.tensor.dtype, constant.tensor.shape), as: "constant")
    }
    var given: Set<String> = []
    for node in nodes {
      guard given.insert(node.name).inserted else {
        throw GraphError(node: node.name, op: node.op.name, "another node has the same name")
      }
      try table.add(node)
    }
    for output in outputs where table.facts[output] == nil {
      throw GraphError("output '\(output)' is given by no node", hint: "nodes must stand in running order")
    }
    guard !outputs.isEmpty else { throw GraphError("the graph has no output") }
    return table.facts
  }
}

/// Facts worked out one node at a time, for whoever builds a graph as it goes.
public struct FactTable: Sendable {
  public let layout: Layout
  public private(set) var facts: [String: Fact] = [:]
  private var macs = 0

  public init(layout: Layout) { self.layout = layout }

  public subscript(value: String) -> Fact? { facts[value] }

  /// Enters a value that no node gives.
  public mutating func declare(_ name: String, _ fact: Fact, as role: String) throws {
    guard !name.isEmpty else { throw GraphError("an \(role) has no name") }
    guard facts[name] == nil else { throw GraphError("\(role) '\(name)' is given twice") }
    let extents = fact.shape.extents
    guard extents.count <= GraphLimits.rank, extents.allSatisfy({ $0 <= GraphLimits.attribute }),
      fact.shape.count <= GraphLimits.elements
    else { throw GraphError("\(role) '\(name)': shape \(fact.shape) is beyond the limits") }
    facts[name] = fact
  }

  /// Checks `node` against what is known and enters its output.
  ///
  /// - Returns: the fact of the output.
  @discardableResult
  public mutating func add(_ node: Node) throws -> Fact {
    let rule = try FactRule(node, layout: layout, facts: facts)
    let fact = try rule.infer()
    let work = node.macs(inputs: rule.facts, output: fact, layout: layout)
    let (total, overflow) = macs.addingReportingOverflow(work ?? .max)
    guard work != nil, !overflow, total <= GraphLimits.macs else {
      throw rule.fail("the graph would need more than 2^48 multiply-adds")
    }
    macs = total
    facts[node.outputs[0]] = fact
    return fact
  }
}
