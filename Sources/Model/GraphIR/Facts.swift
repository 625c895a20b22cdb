// SPDX-License-Identifier: Apache-2.0

import Buffers

/// The facts of all values of a sound graph.
public struct Facts: Sendable, Equatable {
  private var table = ValueTable<Fact>()

  init() {}

  /// - Precondition: the value is one of the graph's.
  public subscript(value: ValueID) -> Fact {
    guard let fact = table[value] else { preconditionFailure("a value that the graph does not give") }
    return fact
  }

  /// The fact of a value; `nil` for one that is omitted, or that came to be later.
  public func find(_ value: ValueID) -> Fact? { table[value] }

  public var values: [ValueID] { table.values }

  mutating func set(_ value: ValueID, _ fact: Fact) { table[value] = fact }
}

extension Graph {
  /// The type and shape of every value; the check that a graph is sound.
  ///
  /// - Throws: `GraphError` naming the first node that reads what does not exist yet, gives what exists
  ///   already, does not fit its inputs, or asks for more than `GraphLimits` allows.
  public func facts() throws -> Facts {
    var table = FactTable(layout: layout)
    guard nodes.count <= GraphLimits.nodes else {
      throw GraphError("\(nodes.count) nodes; the limit is \(GraphLimits.nodes)")
    }
    let given = inputs.count + constants.count
    guard given <= GraphLimits.values else {
      throw GraphError("\(given) inputs and constants; the limit is \(GraphLimits.values)")
    }
    for input in inputs { try table.declare(input.value, input.fact, as: "input", names) }
    for (value, constant) in constants {
      try table.declare(value, Fact(constant.tensor.dtype, constant.tensor.shape), as: "constant", names)
    }
    var taken: Set<String> = []
    for node in nodes {
      guard taken.insert(node.name).inserted else {
        throw GraphError(node: node.name, op: node.op.name, "another node has the same name")
      }
      try table.add(node, names)
    }
    for output in outputs where table[output] == nil {
      throw GraphError(
        "output '\(names[output])' is given by no node", hint: "nodes must stand in running order")
    }
    guard !outputs.isEmpty else { throw GraphError("the graph has no output") }
    return table.facts
  }
}

/// Facts worked out one node at a time, for whoever builds a graph as it goes.
public struct FactTable: Sendable {
  public let layout: Layout
  public private(set) var facts = Facts()
  private var macs = 0

  public init(layout: Layout) { self.layout = layout }

  public subscript(value: ValueID) -> Fact? { facts.find(value) }

  /// Enters a value that no node gives. `role` is what an error calls it.
  public mutating func declare(_ value: ValueID, _ fact: Fact, as role: String, _ names: ValueNames) throws {
    guard !value.isOmitted else { throw GraphError("an \(role) has no name") }
    guard facts.find(value) == nil else { throw GraphError("\(role) '\(names[value])' is given twice") }
    let extents = fact.shape.extents
    guard extents.count <= GraphLimits.rank, extents.allSatisfy({ $0 <= GraphLimits.attribute }),
      fact.shape.count <= GraphLimits.elements
    else { throw GraphError("\(role) '\(names[value])': shape \(fact.shape) is beyond the limits") }
    facts.set(value, fact)
  }

  /// Checks `node` against what is known and enters its output.
  ///
  /// - Returns: the fact of the output.
  @discardableResult
  public mutating func add(_ node: Node, _ names: ValueNames) throws -> Fact {
    let rule = try FactRule(node, layout: layout, facts: facts, names: names)
    let fact = try rule.infer()
    let work = node.macs(inputs: rule.facts, output: fact, layout: layout)
    let (total, overflow) = macs.addingReportingOverflow(work ?? .max)
    guard work != nil, !overflow, total <= GraphLimits.macs else {
      throw rule.fail("the graph would need more than 2^48 multiply-adds")
    }
    macs = total
    facts.set(node.outputs[0], fact)
    return fact
  }
}
