// SPDX-License-Identifier: Apache-2.0

import Buffers
import CPU
import Foundation
import GraphIR
import Planning
import Testing

/// Products of stored rows with a stored matrix.
struct MatrixTests {
  static let (pixels, depth, channels) = (150, 40, 24)

  /// Weights have a scale for each column, along axis 1 of `[depth, channels]`.
  static func graph(rows: Shape) throws -> Graph {
    var builder = GraphBuilder(name: "matrix")
    let x = try builder.input("image", .float32, rows)
    let weights = (0..<depth * channels).map { Int8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 16) }
    let scales = (0..<channels).map { 0.001 + Float($0) * 0.0002 }
    func stored(_ name: String, _ x: String, _ scale: Float, _ zero: UInt8) throws -> String {
      let numbers = [
        try builder.constant("\(name).s", Tensor([scale], shape: [])),
        try builder.constant("\(name).z", Tensor([zero], shape: [])),
      ]
      let number = try builder.node("\(name).q", .quantizeLinear(axis: 1), [x] + numbers)
      return try builder.node(name, .dequantizeLinear(axis: 1), [number] + numbers)
    }
    let matrix = try builder.node(
      "matrix", .dequantizeLinear(axis: 1),
      [
        try builder.constant("w", Tensor(weights, shape: [depth, channels])),
        try builder.constant("w.s", Tensor(scales, shape: [channels])),
      ])
    let left = try stored("left", x, 0.02, 120)
    let product = try builder.node("product", .matMul, [left, matrix])
    return try builder.finish(outputs: [try stored("logits", product, 0.05, 130)])
  }

  @Test(arguments: [Shape([1, pixels, depth]), Shape([3, 50, depth]), Shape([pixels, depth])])
  func isTheIntegerProduct(_ rows: Shape) throws {
    let graph = try Self.graph(rows: rows)
    let input = (0..<Self.pixels * Self.depth).map { sin(Float($0) * 0.37) * 2.5 }
    let step = try #require(try Plan(graph: graph.optimized()).steps.first { $0.name == "product" })
    #expect(step.runsOnStoredNumbers && step.op == "MatMul", "\(step.kernel)")
    let want = try NetworkTests.run(graph, input, level: .scalar)
    for level in CPULevel.usable {
      for threads in [1, 3] {
        #expect(try NetworkTests.run(graph, input, level: level, threads: threads) == want, "\(level)")
      }
    }
    let weights = graph.constant(named: "w")!.tensor.elements(as: Int8.self)
    let scales = graph.constant(named: "w.s")!.tensor.elements(as: Float.self)
    for pixel in 0..<Self.pixels {
      for channel in 0..<Self.channels {
        let sum = (0..<Self.depth).reduce(0) { sum, index in
          let number = (input[pixel * Self.depth + index] / 0.02).rounded(.toNearestOrEven)
          return sum + Int(min(max(number, -120), 135)) * Int(weights[index * Self.channels + channel])
        }
        let number = min(max((Float(sum) * 0.02 * scales[channel] / 0.05).rounded(), -130), 125)
        // Halves may be rounded the other way.
        #expect(abs(want[pixel * Self.channels + channel] - number * 0.05) < 0.051)
      }
    }
  }
}
