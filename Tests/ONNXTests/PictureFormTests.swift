// SPDX-License-Identifier: Apache-2.0

import Buffers
import Foundation
import GraphIR
import Testing

@testable import ONNX

/// Picture networks in the forms that exporters write, brought into one.
struct PictureFormTests {
  private static func graph(
    _ nodes: [ONNXNodeProto], input: [Int64], type: Int32 = 1, _ initializers: [ONNXTensorProto] = [],
    opset: Int64 = 17, outputs: [String] = ["y"], output: String? = nil
  ) throws -> Graph {
    var model = ONNXModelProto()
    model.irVersion = 8
    var version = ONNXOperatorSetIdProto()
    version.version = opset
    model.opsetImport = [version]
    model.graph.node = nodes
    model.graph.initializer = initializers
    var value = HostileTests.value("x", input)
    value.type.tensorType.elemType = type
    model.graph.input = [value]
    model.graph.output = outputs.map { HostileTests.value($0, [1]) }
    let bytes: [UInt8] = try model.serializedBytes()
    return try ONNXReader.read(bytes: bytes, .picture(output: output))
  }

  private static func floats(_ name: String, _ dims: [Int64], _ values: [Float]) -> ONNXTensorProto {
    var tensor = ONNXTensorProto()
    tensor.name = name
    tensor.dataType = 1
    tensor.dims = dims
    tensor.floatData = values
    return tensor
  }

  private static let head = [
    floats("w", [4, 3, 1, 1], (0..<12).map { Float($0) }), floats("half", [], [0.5]),
    floats("byte", [], [255]), floats("one", [1, 3, 1, 1], [1, 2, 3]),
  ]

  private static func outputShape(_ graph: Graph) throws -> Shape {
    try #require(try graph.facts()[graph.outputs[0]]).shape
  }

  @Test func bytesWithRowsOfPixels() throws {
    let graph = try Self.graph(
      [
        HostileTests.node("Cast", ["x"], "real", [.int("to", 1)]),
        HostileTests.node("Div", ["real", "byte"], "small"),
        HostileTests.node("Transpose", ["small"], "t", [.ints("perm", [0, 3, 1, 2])]),
        HostileTests.node("Conv", ["t", "w"], "y"),
      ], input: [1, 8, 16, 3], type: 2, Self.head)
    #expect(graph.inputs[0].fact == Fact(.float32, [1, 3, 8, 16]))
    #expect(graph.metadata["mean"].map { $0.contains("0.0") } == true)
    #expect(graph.metadata["scale"].flatMap { Float($0.split(separator: ",")[0]) } == Float(1) / 255)
    #expect(!graph.nodes.contains { $0.op == .div })
  }

  @Test func oneChannelIsTwoClasses() throws {
    let weights = Self.floats("s", [1, 3, 1, 1], [1, 1, 1])
    let graph = try Self.graph(
      [
        HostileTests.node("Conv", ["x", "s"], "z"), HostileTests.node("Sigmoid", ["z"], "p"),
        HostileTests.node("Greater", ["p", "half"], "b"),
        HostileTests.node("Cast", ["b"], "y", [.int("to", 2)]),
      ], input: [1, 3, 8, 16], Self.head + [weights])
    #expect(try Self.outputShape(graph) == [1, 2, 8, 16])
    #expect(!graph.nodes.contains { $0.op == .sigmoid })
  }

  @Test func labelsBehindCasts() throws {
    let graph = try Self.graph(
      [
        HostileTests.node("Conv", ["x", "w"], "z"),
        HostileTests.node("ArgMax", ["z"], "a", [.int("axis", 1), .int("keepdims", 0)]),
        HostileTests.node("Cast", ["a"], "y", [.int("to", 2)]),
      ], input: [1, 3, 8, 16], Self.head)
    #expect(try Self.outputShape(graph) == [1, 1, 8, 16])
  }

  @Test func outputsAreChosen() throws {
    let nodes = [
      HostileTests.node("Conv", ["x", "w"], "y"), HostileTests.node("Mystery", ["y"], "aux"),
    ]
    let graph = try Self.graph(nodes, input: [1, 3, 8, 16], Self.head, outputs: ["y", "aux"])
    #expect(try Self.outputShape(graph) == [1, 4, 8, 16])
    #expect(throws: GraphError.self) {
      try Self.graph(nodes, input: [1, 3, 8, 16], Self.head, outputs: ["y", "aux"], output: "aux")
    }
  }

  @Test func openSizesAndNewOpsets() throws {
    let nodes = [HostileTests.node("Conv", ["x", "w"], "y")]
    for opset: Int64 in [7, 21, 28] {
      let graph = try Self.graph(nodes, input: [1, 3, 0, 0], Self.head, opset: opset)
      #expect(graph.metadata[Graph.openSizeKey] != nil)
      #expect(try Self.outputShape(graph) == [1, 4, 256, 512])
    }
  }
}
