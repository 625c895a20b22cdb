// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import GraphIR
internal import Kernels

extension StepFamily {
  /// Between floats and quantized numbers: conversions that stayed in the graph.
  static let conversions = StepFamily(name: "conversions") { context in
    switch context.node.op {
    case .quantizeLinear(let axis):
      guard context.fact(0)?.dtype == .float32 else { return nil }
      return try oneScale(context, quantizes: true)
        ?? step(context, axis, quantized: context.outputFact.dtype, quantizes: true)
    case .dequantizeLinear(let axis):
      guard context.outputFact.dtype == .float32 else { return nil }
      return try oneScale(context, quantizes: false)
        ?? step(context, axis, quantized: context.given(0).dtype, quantizes: false)
    default: return nil
    }
  }

  /// Of u8 with one scale: exact kernels at every level.
  private static func oneScale(_ context: NodeContext, quantizes: Bool) -> Step? {
    let quantized = quantizes ? context.outputFact.dtype : context.given(0).dtype
    guard quantized == .uint8, let scales = context.constant(1), scales.shape.count == 1,
      scales.elements(as: Float.self)[0] > 0, context.input(2) == nil || context.constant(2) != nil
    else { return nil }
    let scale = scales.elements(as: Float.self)[0]
    let zero = context.constant(2).map { Int($0.elements(as: UInt8.self)[0]) } ?? 0
    let (input, count) = (context.node.inputs[0], context.outputFact.shape.count)
    return Step(
      context, kernel: context.integers.kernel(quantizes ? .quantize : .dequantize), reason: "one scale",
      constants: [input],
      call: .quantized(
        quantizes
          ? .quantize(input: input, count: count, scale: scale, zero: zero)
          : .dequantize(input: input, count: count, scale: scale, zero: zero)))
  }

  private static func step(_ context: NodeContext, _ axis: Int, quantized: DType, quantizes: Bool) throws
    -> Step?
  {
    guard quantized == .int8 || quantized == .uint8 else { return nil }
    guard let scale = context.constant(1) else { throw context.fail("the scale is not constant") }
    guard context.input(2) == nil || context.constant(2) != nil else {
      throw context.fail("the zero point is not constant")
    }
    let perAxis = scale.shape.count > 1
    let shape = context.outputFact.shape
    let axis =
      perAxis ? context.around(axis, shape) : FloatCall.Axis(outer: 1, extent: 1, inner: shape.count)
    let parameters = AlignedBytes(count: axis.extent * 8)
    let scales = scale.elements(as: Float.self)
    let zeros = context.constant(2)?.integers ?? [Int](repeating: 0, count: scales.count)
    for index in 0..<axis.extent {
      parameters.pointer.storeBytes(of: scales[index], toByteOffset: index * 4, as: Float.self)
      parameters.pointer.storeBytes(
        of: Int32(zeros[index]), toByteOffset: (axis.extent + index) * 4, as: Int32.self)
    }
    let (input, isSigned) = (context.node.inputs[0], quantized == .int8)
    return Step(
      context, kernel: context.kernels.kernel(quantizes ? .quantize : .dequantize),
      reason: perAxis ? "a scale for each of \(axis.extent)" : "one scale", weightBytes: parameters.count,
      constants: [input],
      call: context.float(
        quantizes
          ? .quantize(input: input, isSigned: isSigned, parameters: parameters, axis)
          : .dequantize(input: input, isSigned: isSigned, parameters: parameters, axis)))
  }
}

extension Tensor {
  /// The elements of a quantized type, u8, s8 or s32.
  var integers: [Int] {
    switch dtype {
    case .int8: elements(as: Int8.self).map(Int.init)
    case .int32: elements(as: Int32.self).map(Int.init)
    default: elements(as: UInt8.self).map(Int.init)
    }
  }
}
