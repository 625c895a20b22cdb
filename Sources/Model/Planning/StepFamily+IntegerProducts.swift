// SPDX-License-Identifier: Apache-2.0

internal import GraphIR
internal import Kernels

extension StepFamily {
  /// Weights, bias and multipliers in the units of rm_int8.h's REQUANTIZE.
  ///
  /// - Throws: `PlanningError` where a bias does not fit into 32 bits.
  static func integerConvolution(_ context: NodeContext, _ work: IntegerWork, _ convolution: Convolution)
    throws -> Step
  {
    let input = work.inputs[0]
    let weights = work.weights!
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
    let packed = context.integers.pack(
      window, inChannels: context.facts[input.value].shape[-1],
      outChannels: weights.scales.count, groups: convolution.groups, inputZero: input.zero,
      weights: weights.values,
      bias: bias, multipliers: multipliers)
    let (output, range) = (context.output, work.range)
    let residual = work.join.map { join in
      (
        value: join.other.value,
        rule: CombineRule(
          scaleA: work.output.scale / join.output.scale, zeroA: work.output.zero,
          scaleB: join.other.scale / join.output.scale, zeroB: join.other.zero, to: join.range)
      )
    }
    return Step(
      context, kernel: packed.kernel,
      reason: ["stored numbers", residual.map { _ in "with the add" }, packed.whyNotOwn].compactMap { $0 }
        .joined(separator: ", "),
      weightBytes: packed.byteCount, inPlace: residual.map { [$0.value] } ?? [], takesStrided: true,
      givesStrided: true,
      reach: [RowReach(window, input: context.facts[input.value], output: context.outputFact)]
        + (residual == nil ? [] : [.same])
    ) { memory in
      packed.jobs(
        input: memory.byteMap(input.value), output: memory.byteMap(output), range: range,
        residual: residual.map { Int8Residual(memory.byteMap($0.value), rule: $0.rule) })
    }
  }
}
