// SPDX-License-Identifier: Apache-2.0

import Buffers
import GraphIR
import TestSupport
import Testing

@testable import ONNX

/// Small files that ask for much: refused by the published limits, or read in time that grows no faster than
/// the file. Before the limits, each of these took hours or all memory.
@Suite(.enabled(if: !Sanitizer.isThread, "one thread, for minutes"), .timeLimit(.minutes(10)))
struct HostileSizeTests {
  private typealias Files = HostileTests

  private func integers(_ name: String, _ values: [Int64]) -> ONNXTensorProto {
    var tensor = ONNXTensorProto()
    tensor.name = name
    tensor.dims = [Int64(values.count)]
    tensor.dataType = 7
    tensor.int64Data = values
    return tensor
  }

  @Test func manyNodesOfOneName() throws {
    var nodes = (0..<GraphLimits.nodes - 1).map { Files.node("Relu", ["x"], "v\($0)") }
    nodes.append(Files.node("Relu", ["x"], "y"))
    for index in nodes.indices { nodes[index].name = "same" }
    let bytes = try Files.model(nodes)
    let graph = try ONNXReader.read(bytes: bytes)
    #expect(Set(graph.nodes.map(\.name)).count == GraphLimits.nodes)
    // Only one of them is needed.
    #expect(try graph.optimized().nodes.count == 1)
  }

  @Test func constantsThatGrow() throws {
    var nodes = [Files.node("Relu", ["x"], "y")]
    for index in 0..<1000 { nodes.append(Files.node("ConstantOfShape", ["s"], "c\(index)")) }
    let bytes = try Files.model(nodes, initializers: [integers("s", [2048, 2048])])
    Files.expect(bytes, "ConstantOfShape", "\(GraphLimits.knownElements)")
  }

  @Test func giantResize() throws {
    for sizes in [[1, 4, 1 << 26, 1], [1, 4, 1 << 40, 1 << 40], [1, 4, 0, 8], [1, 4, -8, 8]] as [[Int64]] {
      let bytes = try Files.model(
        [Files.node("Resize", ["x", "", "", "s"], "y")], initializers: [integers("s", sizes)])
      Files.expect(bytes, "Resize")
    }
    var scales = integers("s", [])
    scales.dims = [4]
    scales.dataType = 1
    for factor in [1e7, 1e30, .infinity, .nan, -1] as [Float] {
      scales.floatData = [1, 1, factor, 1]
      let bytes = try Files.model([Files.node("Resize", ["x", "", "s"], "y")], initializers: [scales])
      Files.expect(bytes, "Resize")
    }
  }

  @Test func manyInputs() throws {
    let inputs = Array(repeating: "x", count: 1000)
    let nodes = (0..<300).map { Files.node("Concat", inputs, $0 == 0 ? "y" : "v\($0)", [.int("axis", 1)]) }
    let bytes = try Files.model(nodes)
    Files.expect(bytes, "limit is \(GraphLimits.edges)")
  }

  @Test func aMillionNodes() throws {
    var node = ONNXNodeProto()
    (node.opType, node.input, node.output) = ("Relu", ["x"], ["y"])
    let bytes = try Files.model(Array(repeating: node, count: 1_000_000))
    Files.expect(bytes, "1000000 nodes; the limit is \(GraphLimits.nodes)")
  }
}
