// SPDX-License-Identifier: Apache-2.0

import Buffers
import GraphIR
import Testing

/// Operators that care about the order of axes, one by one, channels last against channels first.
@Suite struct LayoutTests {
  static func compare(
    _ shape: Shape, _ build: (inout GraphBuilder, String) throws -> String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Graph {
    var builder = GraphBuilder(name: "test")
    let x = try builder.input("image", .float32, shape)
    let graph = try builder.finish(outputs: [try build(&builder, x)])
    let last = try graph.optimized()
    #expect(last.layout == .channelsLast)
    let image = PassTests.image(graph)
    let output = graph.outputNames[0]
    let error = PassTests.error(
      try ReferenceRun.run(graph, image)[output]!, try ReferenceRun.run(last, image)[output]!)
    let dump = try last.text()
    #expect(error < 1e-5, "\(dump)", sourceLocation: sourceLocation)
    return last
  }

  @Test func axesMove() throws {
    let ops: [Operator] = [
      .softmax(axis: 1), .softmax(axis: -1), .reduceSum(axes: [1], keepDims: true),
      .reduceMean(axes: [2, -1], keepDims: true),
      .reduceSum(axes: [], keepDims: true), .reduceSum(axes: [1], keepDims: false),
      .reduceSum(axes: [2], keepDims: false),
      .reduceMean(axes: [3], keepDims: false), .argMax(axis: 1, keepDims: true),
      .argMax(axis: 1, keepDims: false),
      .argMax(axis: 3, keepDims: false),
      .slice(starts: [1, 3], ends: [4, 0], axes: [1, -1], steps: [2, -1]),
      .pad(before: [0, 1, 2, 0], after: [0, 0, 1, 3], value: 2), .depthToSpace(block: 2, mode: .crd),
      .depthToSpace(block: 2, mode: .dcr), .spaceToDepth(block: 2), .transpose(permutation: [0, 2, 3, 1]),
      .transpose(permutation: [0, 3, 1, 2]), .transpose(permutation: [3, 2, 1, 0]),
      .reshape(Reshape([1, 4, 24])),
      .reshape(Reshape([2, 2, 4, 6])), .reshape(Reshape([0, 0, -1])), .reshape(Reshape([-1])),
      .reshape(Reshape([1, 2, 8, 6])),
    ]
    for op in ops {
      _ = try Self.compare([1, 4, 4, 6]) { builder, x in try builder.node("y", op, [x]) }
    }
  }

  @Test func oppositeTransposesVanish() throws {
    let graph = try Self.compare([1, 4, 4, 6]) { builder, x in
      let a = try builder.node("a", .transpose(permutation: [0, 2, 3, 1]), [x])
      let b = try builder.node("b", .transpose(permutation: [0, 3, 1, 2]), [a])
      return try builder.node("y", .relu, [b])
    }
    #expect(graph.nodes.count == 1)
  }

  @Test func lowRanksBroadcast() throws {
    for shape: Shape in [[4, 1, 1], [6], [4, 6], [1], [], [1, 4, 1, 1], [4, 4, 6]] {
      _ = try Self.compare([1, 4, 4, 6]) { builder, x in
        let c = try builder.constant("c", Tensor(PassTests.noise(shape.count, seed: 3), shape: shape))
        return try builder.node("y", .mul, [x, c])
      }
    }
    _ = try Self.compare([1, 4, 4, 6]) { builder, x in
      let rows = try builder.node("rows", .reduceSum(axes: [0, 1], keepDims: false), [x])
      return try builder.node("y", .add, [rows, x])
    }
  }

  @Test func matrixProductsOfRankFour() throws {
    _ = try Self.compare([1, 4, 5, 6]) { builder, x in
      let turned = try builder.node("t", .transpose(permutation: [0, 1, 3, 2]), [x])
      let product = try builder.node("p", .matMul, [x, turned])
      return try builder.node("y", .relu, [product])
    }
  }

  @Test func vectorsBehindPooling() throws {
    _ = try Self.compare([1, 4, 5, 6]) { builder, x in
      let pooled = try builder.node("g", .globalAveragePool, [x])
      let flat = try builder.node("f", .reshape(Reshape([1, -1])), [pooled])
      let weight = try builder.constant("w", Tensor(PassTests.noise(16, seed: 2), shape: [4, 4]))
      let product = try builder.node("p", .matMul, [flat, weight])
      let map = try builder.node("m", .reshape(Reshape([1, 4, 1, 1])), [product])
      return try builder.node("y", .mul, [x, map])
    }
  }

  @Test func grids() throws {
    _ = try Self.compare([1, 2, 5, 6]) { builder, x in
      let grid = try builder.node("t", .transpose(permutation: [0, 2, 3, 1]), [x])
      let scaled = try builder.node("s", .mul, [grid, try builder.constant("c", Tensor([0.5, 0.25]))])
      return try builder.node("y", .gridSample(GridSample()), [x, scaled])
    }
  }
}
