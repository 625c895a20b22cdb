// SPDX-License-Identifier: Apache-2.0

import Buffers
import GraphIR
import Testing

@Suite struct FactsTests {
  /// A graph of one node over `x`, with more inputs as constants of ones.
  static func graph(
    _ op: Operator, _ x: Shape, _ constants: Shape..., layout: Layout = .channelsFirst
  ) -> Graph {
    var graph = Graph(name: "test", layout: layout)
    graph.addInput("x", Fact(.float32, x))
    var inputs = ["x"]
    for (index, shape) in constants.enumerated() {
      inputs.append("c\(index)")
      graph.setConstant(
        "c\(index)",
        Constant(Tensor([Float](repeating: 1, count: shape.count), shape: shape), isParameter: false))
    }
    graph.addNode("n", op, inputs: inputs, outputs: ["y"])
    graph.outputs = [graph.value("y")]
    return graph
  }

  static func shape(_ op: Operator, _ x: Shape, _ constants: Shape..., layout: Layout = .channelsFirst) throws
    -> Shape?
  {
    var graph = graph(op, x, layout: layout)
    for (index, shape) in constants.enumerated() {
      graph.nodes[0].inputs.append(graph.value("c\(index)"))
      graph.setConstant(
        "c\(index)",
        Constant(Tensor([Float](repeating: 1, count: shape.count), shape: shape), isParameter: false))
    }
    return try graph.factsByName()["y"]?.shape
  }

  @Test func convolutions() throws {
    let op = Operator.conv(
      Convolution(
        kernel: Pair(3), strides: Pair(2), pads: Pads(top: 0, left: 0, bottom: 1, right: 1), groups: 2))
    #expect(try Self.shape(op, [1, 4, 8, 10], [6, 2, 3, 3]) == [1, 6, 4, 5])
    #expect(try Self.shape(op, [1, 8, 10, 4], [6, 3, 3, 2], layout: .channelsLast) == [1, 4, 5, 6])
    #expect(throws: GraphError.self) { try Self.shape(op, [1, 5, 8, 10], [6, 2, 3, 3]) }
    #expect(throws: GraphError.self) { try Self.shape(op, [1, 4, 1, 10], [6, 2, 3, 3]) }
  }

  /// Whole numbers where floats are read.
  @Test func constantsMustBeReal() throws {
    let maps = LocalAttention(region: 3, scale: 1)
    let examples: [(Operator, [Shape])] = [
      (.conv(Convolution(kernel: Pair(1))), [[4, 4, 1, 1], [4]]),
      (.batchNormalization(epsilon: 1e-5), [[4], [4], [4], [4]]),
      (.localAttention(maps), [[1, 4, 4, 4], [1, 4, 4, 4], [1, 36, 1, 1]]),
    ]
    for (op, shapes) in examples {
      for index in shapes.indices {
        var graph = Self.graph(op, [1, 4, 8, 8])
        for (other, shape) in shapes.enumerated() {
          graph.nodes[0].inputs.append(graph.value("c\(other)"))
          let tensor =
            other == index
            ? Tensor([Int32](repeating: 1, count: shape.count), shape: shape)
            : Tensor([Float](repeating: 1, count: shape.count), shape: shape)
          graph.setConstant("c\(other)", Constant(tensor, isParameter: false))
        }
        let error = #expect(throws: GraphError.self) { try graph.facts() }
        #expect(error?.problem.contains("is int32") == true, "\(op.name), \(shapes[index])")
      }
    }
  }

  @Test(
    arguments: [
      (Operator.relu, []), (.softmax(axis: -1), []), (.cast(.float16), []), (.quantizeLinear(axis: 0), [[]]),
      (.add, [[1]]), (.argMax(axis: 0, keepDims: true), []),
    ] as [(Operator, [Shape])])
  func nothingIsComputedFromNothing(op: Operator, others: [Shape]) throws {
    var graph = Self.graph(op, [1])
    for (name, shape) in [("empty", [0])] + others.enumerated().map({ ("c\($0)", $1) }) {
      let ones = Tensor([Float](repeating: 1, count: shape.count), shape: shape)
      graph.setConstant(name, Constant(ones, isParameter: false))
    }
    graph.nodes[0].inputs = (["empty"] + others.indices.map { "c\($0)" }).map { graph.value($0) }
    let error = #expect(throws: GraphError.self) { try graph.facts() }
    #expect(error?.problem == "input 'empty' has no elements")
  }

  @Test func cyclesAndGapsAreRefused() throws {
    var graph = Self.graph(.relu, [1, 2])
    graph.nodes = []
    graph.addNode("a", .relu, inputs: ["q"], outputs: ["p"])
    graph.addNode("b", .relu, inputs: ["p"], outputs: ["q"])
    graph.outputs = [graph.value("q")]
    let error = #expect(throws: GraphError.self) { try graph.facts() }
    #expect(error?.node == "a")
    graph.nodes = []
    graph.addNode("a", .relu, inputs: ["x"], outputs: ["y"])
    graph.addNode("b", .relu, inputs: ["x"], outputs: ["y"])
    #expect(throws: GraphError.self) { try graph.facts() }
  }

  @Test(arguments: [
    Operator.resize(Resize(.size(Pair(Int.max)))), .resize(Resize(.scales(rows: 1e30, columns: 1))),
    .resize(Resize(.scales(rows: .nan, columns: 1))), .resize(Resize(.size(Pair(1 << 30)))),
    .pad(before: [0, 0, Int.max, 0], after: [0, 0, 1, 0], value: 0),
    .pad(before: [0, 0, -1, 0], after: [0, 0, 0, 0], value: 0),
    .reshape(Reshape([Int.max, Int.max, 2])), .reshape(Reshape([-1, -1])), .reshape(Reshape([-2])),
    .averagePool(Pooling(kernel: Pair(Int.max), strides: Pair(1))),
    .maxPool(Pooling(kernel: Pair(2), strides: Pair(0))),
    .maxPool(Pooling(kernel: Pair(2), strides: Pair(rows: 1 << 31, columns: 1))),
    .maxPool(Pooling(kernel: Pair(2), strides: Pair(rows: 1, columns: GraphLimits.side + 1))),
    .maxPool(Pooling(kernel: Pair(2), strides: Pair(1), pads: Pads(Int.max))),
    .depthToSpace(block: Int.max, mode: .dcr),
    .spaceToDepth(block: 0), .slice(starts: [Int.min], ends: [Int.min], axes: [2], steps: [Int.min]),
    .slice(starts: [0], ends: [Int.max], axes: [2], steps: [0]), .transpose(permutation: [0, 1, 2, 2]),
    .softmax(axis: 4), .softmax(axis: Int.min), .clip(min: 1, max: 0),
    .reduceSum(axes: [1, 1], keepDims: true),
    .warp(Warp(scale: Int.max)), .localAttention(LocalAttention(region: Int.max, scale: 1)),
  ])
  func hostileAttributesAreRefused(_ op: Operator) {
    #expect(throws: GraphError.self) { try Self.shape(op, [1, 4, 8, 8]) }
  }
}
