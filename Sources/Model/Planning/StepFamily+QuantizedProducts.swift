// SPDX-License-Identifier: Apache-2.0

internal import GraphIR
internal import Kernels

extension StepFamily {
  /// Weights, bias and multipliers in the units of rm_int8.h's REQUANTIZE.
  ///
  /// - Throws: `PlanningError` where a bias does not fit into 32 bits.
  static func quantizedConvolution(
    _ context: NodeContext, _ work: QuantizedWork, _ convolution: Convolution
  ) throws -> Step? {
    let input = work.inputs[0]
    guard let weights = work.weights else { return nil }
    let multipliers = weights.scales.map { scale -> Float in
      let multiplier = Float(input.scale * scale / work.output.scale)
      return multiplier.isNormal ? multiplier : 0
    }
    let bias = try weights.bias.indices.map { channel -> Int32 in
      guard multipliers[channel] > 0 else { return 0 }
      let steps = (weights.bias[channel] / (input.scale * weights.scales[channel])).rounded(.toNearestOrEven)
      guard abs(steps) <= 0x7fff_ffff else {
        throw context.fail(
          "the bias of channel \(channel) is \(steps) steps of input scale times weight scale, beyond 32 bits",
          hint: "give that channel a larger weight scale")
      }
      return Int32(steps)
    }
    let window = ConvolutionWindow(convolution)
    let fact = context.facts[input.value]
    let packed = context.integers.pack(
      window, inChannels: fact.shape[-1], outChannels: weights.scales.count, groups: convolution.groups,
      inputZero: input.zero, weights: weights.values, bias: bias, multipliers: multipliers)
    let residual = work.join.map { join in
      QuantizedCall.Residual(
        value: join.other.value,
        rule: CombineRule(
          scaleA: work.output.scale / join.output.scale, zeroA: work.output.zero,
          scaleB: join.other.scale / join.output.scale, zeroB: join.other.zero, to: join.range))
    }
    return Step(
      context, kernel: packed.kernel,
      reason: ["quantized", residual.map { _ in "with the add" }, packed.whyNotOwn].compactMap { $0 }
        .joined(separator: ", "),
      weightBytes: packed.byteCount,
      layout: LayoutNeeds(strided: .all, output: residual.map { .over([$0.value]) } ?? .own),
      reach: [RowReach(window, input: fact, output: context.outputFact)] + (residual == nil ? [] : [.same]),
      call: .quantized(.convolution(packed, input: input.value, range: work.range, residual: residual)))
  }

  /// Of two values of the run.
  static func quantizedProduct(_ context: NodeContext, _ work: QuantizedWork) throws -> Step {
    let (a, b) = (work.inputs[0], work.inputs[1])
    let product = try MatrixProduct(context)
    return Step(
      context, kernel: context.integers.kernel(.matmul), reason: product.text,
      call: .quantized(
        .matMul(
          product, a: a.operand, b: b.operand, multiplier: Float(a.scale * b.scale / work.output.scale),
          range: work.range)))
  }
}
