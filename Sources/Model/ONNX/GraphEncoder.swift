// SPDX-License-Identifier: Apache-2.0

import Buffers
import Foundation
import GraphIR

/// Turns a graph into its message, front to back.
///
/// A Constant node stands before the first node that reads it; initialisers stand in the order of first use.
struct GraphEncoder {
  let graph: Graph
  let facts: Facts
  private var proto = ONNXGraphProto()
  private var written: Set<ValueID> = []
  private var names: Set<String>

  init(_ graph: Graph) throws {
    self.graph = graph
    facts = try graph.facts()
    names = Set(facts.values.map { graph.names[$0] }).union(graph.nodes.map(\.name))
  }

  mutating func encode() throws -> ONNXGraphProto {
    proto.name = graph.name
    proto.input = graph.inputs.map { Self.value(graph.names[$0.value], $0.fact) }
    proto.output = graph.outputs.map { Self.value(graph.names[$0], facts[$0]) }
    for node in graph.nodes {
      for input in node.inputs { place(input) }
      try add(node)
    }
    for output in graph.outputs { place(output) }
    return proto
  }

  /// Writes a constant, once.
  private mutating func place(_ value: ValueID) {
    guard let constant = graph.constants[value], written.insert(value).inserted else { return }
    let name = graph.names[value]
    if constant.isParameter {
      proto.initializer.append(constant.tensor.proto(name))
    } else {
      append(constant.tensor, name)
    }
  }

  private mutating func append(_ tensor: Tensor, _ name: String) {
    var node = ONNXNodeProto()
    node.opType = "Constant"
    node.name = name
    node.output = [name]
    node.attribute = [.tensor("value", tensor.proto(name))]
    proto.node.append(node)
  }

  /// A Constant node for what ONNX takes as an input and the graph as an attribute.
  ///
  /// - Returns: its value's name, made of the node's name and `part`.
  mutating func operand(_ tensor: Tensor, _ node: Node, _ part: String) -> String {
    var name = "\(node.name).\(part)"
    while !names.insert(name).inserted { name += "_" }
    append(tensor, name)
    return name
  }

  mutating func append(_ proto: ONNXNodeProto) { self.proto.node.append(proto) }

  /// A name that nothing has yet.
  mutating func fresh(_ wanted: String) -> String {
    var name = wanted
    while !names.insert(name).inserted { name += "_" }
    return name
  }

  private static func value(_ name: String, _ fact: Fact) -> ONNXValueInfoProto {
    var value = ONNXValueInfoProto()
    value.name = name
    value.type.tensorType.elemType = Int32(fact.dtype.proto.rawValue)
    value.type.tensorType.shape.dim = fact.shape.extents.map { extent in
      var dimension = ONNXTensorShapeProto.Dimension()
      dimension.dimValue = Int64(extent)
      return dimension
    }
    return value
  }
}

extension Tensor {
  /// This tensor as a message, with raw bytes.
  func proto(_ name: String) -> ONNXTensorProto {
    var proto = ONNXTensorProto()
    proto.name = name
    proto.dims = shape.extents.map(Int64.init)
    proto.dataType = Int32(dtype.proto.rawValue)
    proto.rawData = Data(bytes: bytes.pointer, count: shape.count * dtype.byteCount)
    return proto
  }
}

extension DType {
  var proto: ONNXTensorProto.DataType {
    switch self {
    case .float32: .float
    case .float16: .float16
    case .uint8: .uint8
    case .int8: .int8
    case .int32: .int32
    case .int64: .int64
    case .bool: .bool
    }
  }
}

extension ONNXAttributeProto {
  private static func named(_ name: String, _ type: AttributeType) -> ONNXAttributeProto {
    var attribute = ONNXAttributeProto()
    attribute.name = name
    attribute.type = type
    return attribute
  }

  static func int(_ name: String, _ value: Int) -> ONNXAttributeProto {
    var attribute = named(name, .int)
    attribute.i = Int64(value)
    return attribute
  }

  static func ints(_ name: String, _ values: [Int]) -> ONNXAttributeProto {
    var attribute = named(name, .ints)
    attribute.ints = values.map(Int64.init)
    return attribute
  }

  static func float(_ name: String, _ value: Float) -> ONNXAttributeProto {
    var attribute = named(name, .float)
    attribute.f = value
    return attribute
  }

  static func string(_ name: String, _ value: String) -> ONNXAttributeProto {
    var attribute = named(name, .string)
    attribute.s = Data(value.utf8)
    return attribute
  }

  static func tensor(_ name: String, _ value: ONNXTensorProto) -> ONNXAttributeProto {
    var attribute = named(name, .tensor)
    attribute.t = value
    return attribute
  }
}
