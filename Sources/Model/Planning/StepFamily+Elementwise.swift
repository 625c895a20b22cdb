// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import GraphIR
internal import Kernels

extension StepFamily {
  /// Functions of single elements or of pairs, and softmax.
  static let elementwise = StepFamily(name: "elementwise") { context in
    if case .cast(let dtype) = context.node.op { return cast(context, dtype) }
    guard context.isReal(0, 1) else { return nil }
    switch context.node.op {
    case .add: return try binary(context, .add)
    case .sub: return try binary(context, .sub)
    case .mul: return try binary(context, .mul)
    case .div: return try binary(context, .div)
    case .relu: return unary(context, .clamp(Limits(low: 0, high: .infinity)))
    case .clip(let low, let high): return unary(context, .clamp(Limits(low: low, high: high)))
    case .sigmoid: return unary(context, .sigmoid)
    case .hardSigmoid(let alpha, let beta):
      return unary(context, .hardSigmoid(alpha: alpha, beta: beta))
    case .hardSwish: return unary(context, .hardSwish)
    case .softmax(let axis): return softmax(context, axis)
    case .batchNormalization(let epsilon): return try batchNormalization(context, epsilon)
    default: return nil
    }
  }

  private static func binary(_ context: NodeContext, _ function: BinaryFunction) throws -> Step {
    let (a, b, output) = (context.input(0)!, context.input(1)!, context.output)
    let shape = context.outputFact.shape
    let plan = BroadcastPlan(
      a: context.fact(0)!.shape.extents, b: context.fact(1)!.shape.extents, output: shape.extents)
    guard plan.isRunnable else { throw context.fail("the operands alternate along too many axes") }
    let kernels = context.kernels
    let limits = context.planned.limits ?? .none
    let isSame = context.fact(0) == context.fact(1)
    return Step(
      context, kernel: kernels.kernel(function.family),
      reason: isSame ? "same shape" : "broadcast over \(plan.extents.count) axes", readsConstants: [a, b],
      inPlace: [a, b].filter { context.facts[$0].shape == shape }
    ) { memory in
      [
        kernels.binary(
          function, plan, a: memory.pointer(a), b: memory.pointer(b), output: memory.pointer(output),
          limits: limits)
      ]
    }
  }

  private static func unary(_ context: NodeContext, _ function: UnaryFunction) -> Step {
    let (input, output) = (context.input(0)!, context.output)
    let kernels = context.kernels
    let count = context.outputFact.shape.count
    return Step(
      context, kernel: kernels.kernel(function.family),
      reason: "element by element", readsConstants: [input],
      inPlace: [input]
    ) { memory in
      [kernels.unary(function, input: memory.pointer(input), output: memory.pointer(output), count: count)]
    }
  }

  private static func cast(_ context: NodeContext, _ dtype: DType) -> Step {
    let (input, output) = (context.input(0)!, context.output)
    let kernels = context.kernels
    let count = context.outputFact.shape.count
    let toFloat = dtype == .float32
    return Step(
      context, kernel: kernels.kernel(toFloat ? .toFloat : .fromFloat), reason: "conversion",
      readsConstants: [input]
    ) { memory in
      [
        kernels.convert(
          toFloat: toFloat, input: memory.pointer(input), output: memory.pointer(output), count: count)
      ]
    }
  }

  private static func softmax(_ context: NodeContext, _ axis: Int) -> Step {
    let (input, output) = (context.input(0)!, context.output)
    let kernels = context.kernels
    let (outer, extent, inner) = context.around(axis, context.outputFact.shape)
    return Step(
      context, kernel: inner == 1 ? kernels.kernel(.softmax) : kernels.scalarKernel(.softmax),
      reason: inner == 1 ? "innermost axis" : "axis with \(inner) elements between", readsConstants: [input],
      inPlace: [input]
    ) { memory in
      [
        kernels.softmax(
          input: memory.pointer(input), output: memory.pointer(output), outer: outer, extent: extent,
          inner: inner)
      ]
    }
  }

  /// A multiply and an add for each channel. Only graphs that skipped the pass that folds it have any.
  private static func batchNormalization(_ context: NodeContext, _ epsilon: Float) throws -> Step? {
    guard context.outputFact.dtype == .float32 else { return nil }
    let parameters = try (1...4).map { index in
      guard let tensor = context.constant(index) else {
        throw context.fail("its parameters are not constant")
      }
      return tensor.elements(as: Float.self)
    }
    let channels = context.outputFact.shape[-1]
    let table = AlignedBytes(count: channels * 2 * MemoryLayout<Float>.stride)
    let factors = table.pointer.assumingMemoryBound(to: Float.self)
    for channel in 0..<channels {
      let factor = parameters[0][channel] / (parameters[3][channel] + epsilon).squareRoot()
      factors[channel] = factor
      factors[channels + channel] = parameters[1][channel] - parameters[2][channel] * factor
    }
    let (input, output) = (context.input(0)!, context.output)
    let kernels = context.kernels
    let extents = context.outputFact.shape.extents
    let plan = BroadcastPlan(a: extents, b: [channels], output: extents)
    return Step(
      context, kernel: kernels.kernel(.mul), reason: "a product, then a sum; not folded into a convolution",
      weightBytes: table.count, readsConstants: [input], inPlace: [input]
    ) { memory in
      let factors = table.pointer.assumingMemoryBound(to: Float.self)
      let result = memory.pointer(output)
      return [
        kernels.binary(.mul, plan, a: memory.pointer(input), b: factors, output: result),
        kernels.binary(.add, plan, a: result, b: factors + channels, output: result),
      ]
    }
  }
}
