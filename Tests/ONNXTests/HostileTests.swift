// SPDX-License-Identifier: Apache-2.0

import Buffers
import Foundation
import GraphIR
import TestSupport
import Testing

@testable import ONNX

/// Files that are well formed and wrong.
@Suite struct HostileTests {
  static func model(_ nodes: [ONNXNodeProto], opset: Int64 = 17, initializers: [ONNXTensorProto] = []) throws
    -> [UInt8]
  {
    var model = ONNXModelProto()
    model.irVersion = 8
    var version = ONNXOperatorSetIdProto()
    version.version = opset
    model.opsetImport = [version]
    model.graph.node = nodes
    model.graph.initializer = initializers
    model.graph.input = [value("x", [1, 4, 8, 8])]
    model.graph.output = [value("y", [1])]
    return try model.serializedBytes()
  }

  static func value(_ name: String, _ extents: [Int64]) -> ONNXValueInfoProto {
    var value = ONNXValueInfoProto()
    value.name = name
    value.type.tensorType.elemType = 1
    value.type.tensorType.shape.dim = extents.map { extent in
      var dimension = ONNXTensorShapeProto.Dimension()
      dimension.dimValue = extent
      return dimension
    }
    return value
  }

  static func node(
    _ op: String, _ inputs: [String], _ output: String, _ attributes: [ONNXAttributeProto] = []
  ) -> ONNXNodeProto {
    var node = ONNXNodeProto()
    node.opType = op
    node.name = "node of \(output)"
    node.input = inputs
    node.output = [output]
    node.attribute = attributes
    return node
  }

  static func expect(
    _ bytes: [UInt8], _ parts: String..., sourceLocation: SourceLocation = #_sourceLocation
  ) {
    do {
      _ = try ONNXReader.read(bytes: bytes)
      Issue.record("it was read", sourceLocation: sourceLocation)
    } catch {
      for part in parts {
        #expect("\(error)".contains(part), "\(error)", sourceLocation: sourceLocation)
      }
    }
  }

  @Test func unknownOperatorsAndAttributes() throws {
    Self.expect(
      try Self.model([Self.node("DeformConv", ["x"], "y")]), "'node of y' (DeformConv)", "GridSample")
    Self.expect(
      try Self.model([Self.node("Relu", ["x"], "y", [.int("slope", 1)])]), "(Relu)", "attribute 'slope'")
    Self.expect(
      try Self.model([Self.node("Resize", ["x"], "y", [.string("mode", "cubic")])]), "'mode' is 'cubic'",
      "linear")
    var foreign = Self.node("Relu", ["x"], "y")
    foreign.domain = "com.example"
    Self.expect(try Self.model([foreign]), "com.example")
    Self.expect(try Self.model([Self.node("Relu", ["x"], "y")], opset: 6), "opset", "17")
  }

  @Test func checkListsAllNodes() throws {
    let folder = try TemporaryFolder()
    let bytes = try Self.model([
      Self.node("Relu", ["x"], "a"), Self.node("DeformConv", ["a"], "b"), Self.node("Relu", ["b"], "c"),
      Self.node("Mystery", ["c"], "d"), Self.node("Softmax", ["a"], "e", [.int("axis", 9)]),
      Self.node("Relu", ["d"], "y"),
    ])
    try Data(bytes).write(to: URL(fileURLWithPath: folder.path("a.onnx")))
    let report = try ONNXReader.check(folder.path("a.onnx"))
    #expect(report.problems.map(\.op) == ["DeformConv", "Mystery", "Softmax"])
    #expect(report.operators["Relu"] == 3)
    #expect(!report.canRun)
  }

  @Test func claimsAreCheckedBeforeMemoryIsAsked() throws {
    var tensor = ONNXTensorProto()
    tensor.name = "w"
    tensor.dims = [1 << 14, 1 << 14]
    tensor.dataType = 1
    tensor.rawData = Data(count: 16)
    let relu = Self.node("Relu", ["x"], "y")
    Self.expect(try Self.model([relu], initializers: [tensor]), "'w'", "16 bytes")
    tensor.dims = [1 << 40, 1 << 40]
    Self.expect(try Self.model([relu], initializers: [tensor]), "'w'", "limits")
    tensor.dims = [-4, -1]
    Self.expect(try Self.model([relu], initializers: [tensor]), "limits")
    tensor.dims = [4]
    tensor.dataLocation = .external
    Self.expect(try Self.model([relu], initializers: [tensor]), "one file")
  }

  @Test func hugeAttributes() throws {
    let top = Int.max
    for (op, attributes) in [
      ("MaxPool", [.ints("kernel_shape", [top, top]), .string("auto_pad", "SAME_UPPER")]),
      ("MaxPool", [.ints("kernel_shape", [2, 2]), .ints("strides", [Int.min, 0])]),
      ("AveragePool", [.ints("kernel_shape", [2, 2]), .ints("pads", [top, top, top, top])]),
      ("DepthToSpace", [.int("blocksize", top)]), ("SpaceToDepth", [.int("blocksize", -1)]),
      ("Softmax", [.int("axis", Int.min)]), ("Concat", [.int("axis", Int.min)]),
      ("Flatten", [.int("axis", top)]),
      ("Transpose", [.ints("perm", [0, 0, top, 1])]), ("Split", [.int("axis", top)]),
      ("ArgMax", [.int("axis", -9)]), ("ReduceMean", [.ints("axes", [top])]),
      ("Squeeze", [.ints("axes", [Int.min])]),
      ("Unsqueeze", [.ints("axes", Array(repeating: top, count: 99))]), ("Gather", []), ("Resize", []),
      ("Pad", []),
      ("Slice", []), ("Clip", [.float("min", .nan)]), ("Conv", []), ("BatchNormalization", []), ("Gemm", []),
    ] as [(String, [ONNXAttributeProto])] {
      Self.expect(try Self.model([Self.node(op, ["x"], "y", attributes)]))
    }
  }

  @Test func cyclesAndManyNodes() throws {
    Self.expect(
      try Self.model([
        Self.node("Relu", ["b"], "a"), Self.node("Relu", ["a"], "b"), Self.node("Relu", ["b"], "y"),
      ]),
      "'node of a'", "running order")
    Self.expect(try Self.model([Self.node("Identity", ["y"], "y")]), "nothing before it")
    let many = (0...GraphLimits.nodes).map { Self.node("Relu", ["x"], "v\($0)") }
    Self.expect(try Self.model(many), "20000")
  }

  @Test func doublingGrowsNoFurtherThanTheLimit() throws {
    // Each Concat doubles: 60 of them would be 2^60 times as much.
    var nodes: [ONNXNodeProto] = []
    var last = "x"
    for index in 0..<60 {
      let output = index == 59 ? "y" : "v\(index)"
      nodes.append(Self.node("Concat", [last, last], output, [.int("axis", 1)]))
      last = output
    }
    Self.expect(try Self.model(nodes), "Concat", "elements")
  }

  @Test func numbersInAllTheirForms() throws {
    func read(_ tensor: ONNXTensorProto) throws -> [Float] { try tensor.tensor("w").elements(as: Float.self) }
    var tensor = ONNXTensorProto()
    tensor.dims = [2]
    tensor.dataType = 1
    tensor.floatData = [1, -2]
    #expect(try read(tensor) == [1, -2])
    tensor.floatData = [1]
    #expect(throws: GraphError.self) { try read(tensor) }
    tensor = ONNXTensorProto()
    tensor.dims = [3]
    tensor.dataType = 10
    tensor.int32Data = [0x3C00, 0xC100, 0x0001]
    #expect(try read(tensor) == [1, -2.5, 0x1p-24])
    tensor = ONNXTensorProto()
    tensor.dims = [2]
    tensor.dataType = 11
    tensor.doubleData = [0.5, 3]
    #expect(try read(tensor) == [0.5, 3])
    tensor = ONNXTensorProto()
    tensor.dims = [2]
    tensor.dataType = 3
    tensor.int32Data = [-128, 127]
    #expect(try tensor.tensor("w").elements(as: Int8.self) == [-128, 127])
    tensor.rawData = Data([1, 255])
    tensor.int32Data = []
    #expect(try tensor.tensor("w").elements(as: Int8.self) == [1, -1])
  }
}
