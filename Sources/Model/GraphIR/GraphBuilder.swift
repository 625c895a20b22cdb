// SPDX-License-Identifier: Apache-2.0

public import Buffers

/// Builds a graph front to back. Every step is checked at once, so that an error names the node that is
/// wrong and not one that suffers from it.
///
/// Values go in and come out by their names.
public struct GraphBuilder: Sendable {
  public private(set) var graph: Graph
  private var table: FactTable

  public init(name: String, layout: Layout = .channelsFirst) {
    graph = Graph(name: name, layout: layout)
    table = FactTable(layout: layout)
  }

  public mutating func input(_ name: String, _ dtype: DType, _ shape: Shape) throws -> String {
    try table.declare(graph.value(name), Fact(dtype, shape), as: "input", graph.names)
    graph.addInput(name, Fact(dtype, shape))
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
    let fact = Fact(constant.tensor.dtype, constant.tensor.shape)
    try table.declare(graph.value(name), fact, as: "constant", graph.names)
    graph.setConstant(name, constant)
    return name
  }

  /// Adds a node, whose output is called `output` or like the node.
  public mutating func node(
    _ name: String, _ op: Operator, _ inputs: [String], output: String? = nil
  ) throws -> String {
    graph.addNode(name, op, inputs: inputs, outputs: [output ?? name])
    do { try table.add(graph.nodes[graph.nodes.count - 1], graph.names) } catch {
      graph.nodes.removeLast()
      throw error
    }
    return output ?? name
  }

  public mutating func setMetadata(_ key: String, _ value: String) { graph.metadata[key] = value }

  /// - Precondition: the builder has given `value`.
  public func shape(_ value: String) -> Shape {
    guard let fact = graph.names.find(value).flatMap({ table[$0] }) else {
      preconditionFailure("the builder has not given '\(value)'")
    }
    return fact.shape
  }

  /// Rows and columns of a map.
  ///
  /// - Precondition: the builder has given `value`, and it is of rank 4.
  public func map(_ value: String) -> MapShape {
    guard let map = MapShape(shape(value).extents, layout: graph.layout) else {
      preconditionFailure("'\(value)' is not of rank 4")
    }
    return map
  }

  /// Ends the work with the values that the graph gives.
  public mutating func finish(outputs: [String]) throws -> Graph {
    graph.outputs = outputs.map { graph.value($0) }
    _ = try graph.facts()
    return graph
  }
}
