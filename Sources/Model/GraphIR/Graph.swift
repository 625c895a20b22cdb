// SPDX-License-Identifier: Apache-2.0

public import Buffers

/// The order of a rank-4 tensor's axes in memory, for every value of a graph alike.
public enum Layout: String, Sendable, Hashable {
  /// `[batch, channels, rows, columns]`; convolution weights `[out, in/groups, rows, columns]`. As in ONNX.
  case channelsFirst
  /// `[batch, rows, columns, channels]`; convolution weights `[out, rows, columns, in/groups]`. What runs.
  case channelsLast
}

/// Type and shape of a value, known before anything runs.
public struct Fact: Sendable, Hashable, CustomStringConvertible {
  public var dtype: DType
  public var shape: Shape

  public init(_ dtype: DType, _ shape: Shape) {
    self.dtype = dtype
    self.shape = shape
  }

  public var description: String { "\(dtype.rawValue)\(shape)" }
}

/// A tensor that the graph carries.
public struct Constant: Sendable, Equatable {
  public var tensor: Tensor
  /// An ONNX initialiser, which training may change and weights files name; otherwise a Constant node.
  public var isParameter: Bool

  public init(_ tensor: Tensor, isParameter: Bool) {
    self.tensor = tensor
    self.isParameter = isParameter
  }
}

/// An input of a graph.
public struct GraphInput: Sendable, Hashable {
  public var value: ValueID
  public var fact: Fact
  /// Scale and zero point of an input that comes in as u8, where a pass has taken its conversion away.
  public var quantization: Quantization?

  public init(_ value: ValueID, _ fact: Fact) {
    self.value = value
    self.fact = fact
  }
}

/// One operation: reads values, gives values.
public struct Node: Sendable, Hashable {
  /// Unique in the graph; appears in messages, profiles and dumps.
  public var name: String
  public var op: Operator
  /// As many as the operator takes; `.omitted` for an optional input that is left out.
  public var inputs: [ValueID]
  public var outputs: [ValueID]

  public init(_ name: String, _ op: Operator, inputs: [ValueID], outputs: [ValueID]) {
    self.name = name
    self.op = op
    self.inputs = inputs
    self.outputs = outputs
  }

  /// The input at `index`; `nil` where it is left out.
  public func input(_ index: Int) -> ValueID? {
    guard index < inputs.count, !inputs[index].isOmitted else { return nil }
    return inputs[index]
  }
}

/// A network: operators in an order in which every value exists before it is read.
///
/// Each value is given by an input, a constant, or one output of one node.
public struct Graph: Sendable {
  public var name: String
  public var layout: Layout
  public var inputs: [GraphInput]
  public var outputs: [ValueID]
  public var nodes: [Node]
  public var constants: ValueTable<Constant>
  /// Names of all values that the graph has or had; those that it has differ.
  public var names: ValueNames
  /// Free text carried through files: classes, normalization, data set, licence.
  public var metadata: [String: String]

  public init(name: String, layout: Layout = .channelsFirst) {
    self.name = name
    self.layout = layout
    inputs = []
    outputs = []
    nodes = []
    constants = ValueTable()
    names = ValueNames()
    metadata = [:]
  }
}

// By name: for builders of graphs and for whoever looks into one from the outside.
extension Graph {
  /// The value called `name`, a new one where there is none.
  public mutating func value(_ name: String) -> ValueID { names.value(name) }

  public mutating func addInput(_ name: String, _ fact: Fact) { inputs.append(GraphInput(value(name), fact)) }

  /// Adds a node whose values are called as told.
  public mutating func addNode(_ name: String, _ op: Operator, inputs: [String], outputs: [String]) {
    nodes.append(Node(name, op, inputs: inputs.map { value($0) }, outputs: outputs.map { value($0) }))
  }

  /// The constant of that name.
  public func constant(named name: String) -> Constant? { names.find(name).flatMap { constants[$0] } }

  public mutating func setConstant(_ name: String, _ constant: Constant) { constants[value(name)] = constant }

  public var constantsByName: [String: Constant] {
    Dictionary(uniqueKeysWithValues: constants.map { (names[$0.value], $0.element) })
  }

  public var inputsByName: [String: Fact] {
    Dictionary(uniqueKeysWithValues: inputs.map { (names[$0.value], $0.fact) })
  }

  public var outputNames: [String] { outputs.map { names[$0] } }

  /// The nodes with the names of their values, in order: what two graphs can be compared by.
  public var nodesByName: [NamedNode] {
    nodes.map { node in
      NamedNode(
        name: node.name, op: node.op, inputs: node.inputs.map { names[$0] },
        outputs: node.outputs.map { names[$0] })
    }
  }

  /// The facts of all values by their names.
  ///
  /// - Throws: as `facts()`.
  public func factsByName() throws -> [String: Fact] {
    let facts = try facts()
    return Dictionary(uniqueKeysWithValues: facts.values.map { (names[$0], facts[$0]) })
  }
}

/// A node with the names of its values; an input that is left out is "".
public struct NamedNode: Sendable, Hashable {
  public var name: String
  public var op: Operator
  public var inputs: [String]
  public var outputs: [String]
}
