// SPDX-License-Identifier: Apache-2.0

import Buffers
import Foundation
import GraphIR
import ONNX
import Testing

extension ProgramTests {
  /// Quantised models that cannot run: what the program says of them.
  @Suite struct BadStoredModels {
    let work: Workplace

    init() throws { work = try Workplace() }

    /// A stored picture, and a convolution of stored weights.
    private func write(
      scale: Float = 0.02, unit: Float = 0.0002, bias: Int32 = 100, zeroOfBias: Int32 = 0,
      scaleIsComputed: Bool = false
    ) throws {
      var builder = GraphBuilder(name: "bad")
      let image = try builder.input("image", .float32, [1, 3, 32, 32])
      var scales = try builder.constant("scale", Tensor([scale], shape: []))
      if scaleIsComputed {
        let mean = try builder.node("mean", .reduceMean(axes: [0, 1, 2, 3], keepDims: false), [image])
        scales = try builder.node("step", .sigmoid, [mean])
      }
      let zero = try builder.constant("zero", Tensor([UInt8(128)], shape: []))
      let stored = try builder.node("store", .quantizeLinear(axis: 1), [image, scales, zero])
      let real = try builder.node("restore", .dequantizeLinear(axis: 1), [stored, scales, zero])
      let weights = try builder.node(
        "weights", .dequantizeLinear(axis: 0),
        [
          try builder.constant("w", Tensor([Int8](repeating: 3, count: 6), shape: [2, 3, 1, 1])),
          try builder.constant("w.scale", Tensor([Float(0.01)], shape: [])),
        ])
      let biases = try builder.node(
        "biases", .dequantizeLinear(axis: 0),
        [
          try builder.constant("b", Tensor([bias, bias], shape: [2])),
          try builder.constant("b.scale", Tensor([unit], shape: [])),
          try builder.constant("b.zero", Tensor([zeroOfBias], shape: [])),
        ])
      let sum = try builder.node("conv", .conv(Convolution(kernel: Pair(1))), [real, weights, biases])
      let out = try builder.constant("out", Tensor([Float(0.1)], shape: []))
      let number = try builder.node("scores", .quantizeLinear(axis: 1), [sum, out, zero])
      let logits = try builder.node("logits", .dequantizeLinear(axis: 1), [number, out, zero])
      try ONNXWriter.write(try builder.finish(outputs: [logits]), to: work("m.onnx"))
    }

    /// Expects that a run refuses the model, and leaves nothing behind.
    private func expectRefused(
      _ id: String, _ words: [String], sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
      let result = try work.run(["run", Street.short, "out.mp4", "-m", "m.onnx"])
      expectRefusal(result, id, sourceLocation: sourceLocation)
      for word in words {
        #expect(result.err.contains(word), "\(result.err)", sourceLocation: sourceLocation)
      }
      #expect(work.names == ["m.onnx"], sourceLocation: sourceLocation)
    }

    @Test func whatIsSoundRuns() throws {
      try write()
      let result = try work.run(["run", Street.short, "null:", "-m", "m.onnx", "-q"])
      #expect(result.status == 0, "\(result.err)")
    }

    @Test func nodeAndReasonAreNamed() throws {
      for scale: Float in [0, -0.02, .nan, .infinity] {
        try write(scale: scale)
        try expectRefused("RM-MODEL-003", ["m.onnx: node 'store' (QuantizeLinear)", "'scale' is \(scale)"])
      }
      try write(zeroOfBias: 7)
      try expectRefused(
        "RM-MODEL-003", ["node 'biases' (DequantizeLinear)", "zero point of int32 numbers is 7"])
      try write(unit: 1000, bias: .max)
      try expectRefused("RM-MODEL-004", ["node 'conv' (Conv)", "bias of channel 0", "beyond 32 bits"])
      try write(scaleIsComputed: true)
      try expectRefused("RM-MODEL-004", ["(QuantizeLinear)", "the scale is not constant"])
    }
  }
}
