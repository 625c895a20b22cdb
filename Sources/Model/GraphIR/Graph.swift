// SPDX-License-Identifier: Apache-2.0

public import Buffers

/// The order of a rank-4 tensor's axes in memory, for every value of a graph alike.
public enum Layout: String, Sendable, Hashable {
  /// `[batch, channels, rows, columns]`; convolution weights `[out, in/groups, rows, columns]`. As in ONNX.
  case channelsFirst
  /// `[batch, rows, columns, channels]`; convolution weights `[out, rows, columns, in/groups]`. What runs.
  case channelsLast
}

/// What is known about a value before anything runs.
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

/// A named input of a graph.
public struct GraphInput: Sendable, Hashable {
  public var name: String
  public var fact: Fact

  public init(_ name: String, _ fact: Fact) {
    self.name = name
    self.fact = fact
  }
}

/// One operation: reads values by name, gives values by name.
public struct Node: Sendable, Hashable {
  /// Unique in the graph; appears in messages, profiles and dumps.
  public var name: String
  public var op: Operator
  /// As many as the operator takes; an omitted optional input is "".
  public var inputs: [String]
  public var outputs: [String]

  public init(_ name: String, _ op: Operator, inputs: [String], outputs: [String]) {
    self.name = name
    self.op = op
    self.inputs = inputs
    self.outputs = outputs
  }
}

/// A network: operators in an order in which every value exists before it is read.
///
/// Values are names, as in ONNX; each is given by an input, a constant, or one output of one node.
public struct Graph: Sendable {
  public var name: String
  public var layout: Layout
  public var inputs: [GraphInput]
  public var outputs: [String]
  public var nodes: [Node]
  public var constants: [String: Constant]
  /// Free text carried through files: classes, normalisation, data set, licence.
  public var metadata: [String: String]

  public init(name: String, layout: Layout = .channelsFirst) {
    self.name = name
    self.layout = layout
    inputs = []
    outputs = []
    nodes = []
    constants = [:]
    metadata = [:]
  }
}
