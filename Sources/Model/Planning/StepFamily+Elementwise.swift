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
    let (a, b) = (context.node.inputs[0], context.node.inputs[1])
    let shape = context.outputFact.shape
    let plan = BroadcastPlan(
      a: context.given(0).shape.extents, b: context.given(1).shape.extents, output: shape.extents)
    guard plan.isRunnable else { throw context.fail("the operands alternate along too many axes") }
    let isSame = context.given(0) == context.given(1)
    return Step(
      context, kernel: context.kernels.kernel(function.family),
      reason: isSame ? "same shape" : "broadcast over \(plan.extents.count) axes", constants: [a, b],
      layout: LayoutNeeds(output: .over([a, b].filter { context.facts[$0].shape == shape })),
      call: context.float(.binary(function, plan, a: a, b: b, limits: context.planned.limits ?? .none)))
  }

  private static func unary(_ context: NodeContext, _ function: UnaryFunction) -> Step {
    let input = context.node.inputs[0]
    return Step(
      context, kernel: context.kernels.kernel(function.family), reason: "element by element",
      constants: [input], layout: LayoutNeeds(output: .over([input])),
      call: context.float(.unary(function, input: input, count: context.outputFact.shape.count)))
  }

  private static func cast(_ context: NodeContext, _ dtype: DType) -> Step {
    let input = context.node.inputs[0]
    let toFloat = dtype == .float32
    return Step(
      context, kernel: context.kernels.kernel(toFloat ? .toFloat : .fromFloat), reason: "conversion",
      constants: [input],
      call: context.float(.convert(toFloat: toFloat, input: input, count: context.outputFact.shape.count)))
  }

  private static func softmax(_ context: NodeContext, _ axis: Int) -> Step {
    let input = context.node.inputs[0]
    let axis = context.around(axis, context.outputFact.shape)
    let isInnermost = axis.inner == 1
    return Step(
      context,
      kernel: isInnermost ? context.kernels.kernel(.softmax) : context.kernels.scalarKernel(.softmax),
      reason: isInnermost ? "innermost axis" : "axis with \(axis.inner) elements between",
      constants: [input], layout: LayoutNeeds(output: .over([input])),
      call: context.float(.softmax(input: input, axis)))
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
    let input = context.node.inputs[0]
    let extents = context.outputFact.shape.extents
    let plan = BroadcastPlan(a: extents, b: [channels], output: extents)
    return Step(
      context, kernel: context.kernels.kernel(.mul),
      reason: "a product, then a sum; not folded into a convolution", weightBytes: table.count,
      constants: [input], layout: LayoutNeeds(output: .over([input])),
      call: context.float(.normalize(plan, input: input, factors: table, channels: channels)))
  }
}
