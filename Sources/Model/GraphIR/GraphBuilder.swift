// SPDX-License-Identifier: Apache-2.0

public import Buffers

/// Builds a graph front to back. Every step is checked at once, so that an error names the node that is
/// wrong and not one that suffers from it.
public struct GraphBuilder: Sendable {
  public private(set) var graph: Graph
  private var table: FactTable

  public init(name: String, layout: Layout = .channelsFirst) {
    graph = Graph(name: name, layout: layout)
    table = FactTable(layout: layout)
  }

  public mutating func input(_ name: String, _ dtype: DType, _ shape: Shape) throws -> String {
    try table.declare(name, Fact(dtype, shape), as: "input")
    graph.inputs.append(GraphInput(name, Fact(dtype, shape)))
    return name
  }

  /// Adds a tensor that training may change and that weights files name.
  public mutating func parameter(_ name: String, _ tensor: Tensor) throws -> String {
    try add(name, Constant(tensor, isParameter: true))
  }

  /// Adds a fixed tensor.
  public mutating func constant(_ name: String, _ tensor: Tensor) throws -> String {
    try add(name, Constant(tensor, isParameter: false))
  }

  private mutating func add(_ name: String, _ constant: Constant) throws -> String {
    try table.declare(name, Fact(constant.tensor.dtype, constant.tensor.shape), as: "constant")
    graph.constants[name] = constant
    return name
  }

  /// Adds a node, whose output is called `output` or like the node.
  public mutating func node(
    _ name: String, _ op: Operator, _ inputs: [String], output: String? = nil
  ) throws -> String {
    let node = Node(name, op, inputs: inputs, outputs: [output ?? name])
    try table.add(node)
    graph.nodes.append(node)
    return node.outputs[0]
  }

  public mutating func setMetadata(_ key: String, _ value: String) { graph.metadata[key] = value }

  /// - Precondition: the builder has given `value`.
  public func shape(_ value: String) -> Shape { table[value]!.shape }

  /// Rows and columns of a map.
  ///
  /// - Precondition: the builder has given `value`, and it is of rank 4.
  public func map(_ value: String) -> MapShape { MapShape(shape(value).extents, layout: graph.layout)! }

  /// Ends the work with the values that the graph gives.
  public mutating func finish(outputs: [String]) throws -> Graph {
    graph.outputs = outputs
    _ = try graph.facts()
    return graph
  }
}
