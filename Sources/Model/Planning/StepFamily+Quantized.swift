// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import GraphIR
internal import Kernels

extension StepFamily {
  /// Nodes on quantized numbers.
  static let quantized = StepFamily(name: "quantized") { context in
    guard let work = context.planned.quantized else { return nil }
    switch context.node.op {
    case .conv(let convolution): return try quantizedConvolution(context, work, convolution)
    case .matMul where work.weights == nil: return try quantizedProduct(context, work)
    case .matMul: return try quantizedConvolution(context, work, Convolution(kernel: Pair(1)))
    case .add, .sub: return sum(context, work)
    case .gridSample(let sample): return quantizedGridSample(context, work, sample)
    case .mul: return product(context, work)
    case .sigmoid, .hardSigmoid, .hardSwish: return curve(context, work)
    case .concat: return quantizedConcat(context, work)
    case .averagePool(let pooling): return quantizedAveragePool(context, work, pooling)
    case .maxPool(let pooling): return quantizedMaxPool(context, work, pooling)
    case .globalAveragePool: return mean(context, work)
    case .resize(let resize): return quantizedResize(context, work, resize)
    case .warp(let warp): return quantizedWarp(context, work, warp)
    case .localAttention(let attention): return quantizedLocalAttention(context, work, attention)
    case .globalAttention: return quantizedGlobalAttention(context, work)
    case .softmax: return softmax(context, work)
    case .quantizeLinear: return rescale(context, work)
    default: throw context.fail("no integer kernel")
    }
  }
}

extension QuantizedWork {
  /// The rule that brings what an operator leaves in its first input's scale to the output's; `nil` where both are
  /// one.
  var rescaling: CombineRule? {
    let input = inputs[0]
    guard input.scale != output.scale || input.zero != output.zero || range != StoredRange(zero: output.zero)
    else { return nil }
    return CombineRule(scaleA: input.scale / output.scale, zeroA: input.zero, to: range)
  }
}

extension QuantizedValue {
  /// As kernels take it that need its zero point.
  var operand: QuantizedCall.Operand { QuantizedCall.Operand(value: value, zero: zero) }
}
