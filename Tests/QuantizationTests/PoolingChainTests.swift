// SPDX-License-Identifier: Apache-2.0

import Buffers
import Foundation
import GraphIR
import Quantization
import TestSupport
import Testing
import Workers

/// Pools with padding, convolutions and adds in a chain, as in RefineNet, against onnxruntime.
struct PoolingChainTests {
  static let channels = 16

  static func weights(_ out: Int, _ inputs: Int, _ seed: Float) -> Tensor {
    let values = (0..<out * inputs).map { index in
      sin(Float(index) * 1.7 + seed) / Float(inputs).squareRoot()
    }
    return Tensor(values, shape: [out, inputs, 1, 1])
  }

  static func chain() throws -> Graph {
    var builder = GraphBuilder(name: "chain")
    let image = try builder.input("image", .float32, [1, 3, NetworkTests.rows, NetworkTests.columns])
    func conv(_ name: String, _ x: String, out: Int, inputs: Int, _ seed: Float) throws -> String {
      let weight = try builder.parameter("\(name).w", weights(out, inputs, seed))
      let bias = try builder.parameter(
        "\(name).b", Tensor((0..<out).map { Float($0) * 0.1 - 0.7 }, shape: [out]))
      return try builder.node(name, .conv(Convolution(kernel: Pair(1))), [x, weight, bias])
    }
    var sum = try conv("first", image, out: channels, inputs: 3, 0.3)
    var top = sum
    for stage in 1...2 {
      let pooling = Pooling(kernel: Pair(5), strides: Pair(1), pads: Pads(2))
      top = try builder.node("pool\(stage)", .maxPool(pooling), [top])
      top = try conv("conv\(stage)", top, out: channels, inputs: channels, Float(stage))
      sum = try builder.node("add\(stage)", .add, [sum, top])
    }
    let result = try conv("logits", sum, out: channels, inputs: channels, 5)
    return try builder.finish(outputs: [result])
  }

  @Test(.enabled(if: PythonRuntime.path != nil, "\(PythonRuntime.missing)"))
  func differsByRoundingAlone() throws {
    let float = try Self.chain().foldedForQuantization()
    var calibrator = try Calibrator(graph: float, pool: WorkerPool(threads: 1))
    calibrator.observe(2) { index, memory in _ = memory.update(from: NetworkTests.picture(index)) }
    let stored = try float.quantized(
      calibrator.scheme, ranges: calibrator.ranges(.minMax), means: calibrator.means)
    let picture = NetworkTests.picture(9)
    let ours = try NetworkTests.run(stored, picture)
    let theirs = try PythonRuntime.logits(
      of: stored, picture, rows: NetworkTests.rows, columns: NetworkTests.columns)
    let step = try #require(stored.constant(named: "logits.scale")).tensor.elements(as: Float.self)[0]
    let steps = zip(ours, theirs).map { abs($0 - $1) / step }
    #expect(ours.count == theirs.count)
    #expect(steps.max()! < 2.5, "\(steps.max()!) steps")
    let odd = Double(steps.count { $0 > 0.5 }) / Double(steps.count)
    #expect(odd < 0.02, "\(odd * 100) % differ")
  }
}
