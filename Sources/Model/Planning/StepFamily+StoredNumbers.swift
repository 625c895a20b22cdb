// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import GraphIR
internal import Kernels

extension StepFamily {
  /// Between real and stored numbers, for pairs that stayed in the graph.
  static let storedNumbers = StepFamily(name: "storedNumbers") { context in
    switch context.node.op {
    case .quantizeLinear(let axis):
      guard context.fact(0)?.dtype == .float32 else { return nil }
      return try step(context, axis, stored: context.outputFact.dtype, quantizes: true)
    case .dequantizeLinear(let axis):
      guard context.outputFact.dtype == .float32 else { return nil }
      return try step(context, axis, stored: context.fact(0)!.dtype, quantizes: false)
    default: return nil
    }
  }

  private static func step(_ context: NodeContext, _ axis: Int, stored: DType, quantizes: Bool) throws
    -> Step?
  {
    guard stored == .int8 || stored == .uint8 else { return nil }
    guard let scale = context.constant(1) else { throw context.fail("the scale is not constant") }
    guard context.input(2) == nil || context.constant(2) != nil else {
      throw context.fail("the zero point is not constant")
    }
    let perAxis = scale.shape.count > 1
    let shape = context.outputFact.shape
    let (outer, extent, inner) = perAxis ? context.around(axis, shape) : (1, 1, shape.count)
    let table = AlignedBytes(count: extent * 8)
    let scales = scale.elements(as: Float.self)
    let zeros = context.constant(2).map(integers) ?? [Int32](repeating: 0, count: scales.count)
    for index in 0..<extent {
      table.pointer.storeBytes(of: scales[index], toByteOffset: index * 4, as: Float.self)
      table.pointer.storeBytes(of: zeros[index], toByteOffset: (extent + index) * 4, as: Int32.self)
    }
    let (input, output) = (context.input(0)!, context.output)
    let kernels = context.kernels
    return Step(
      context, kernel: kernels.kernel(quantizes ? .quantize : .dequantize),
      reason: perAxis ? "a scale for each of \(extent)" : "one scale", weightBytes: table.count,
      readsConstants: [input]
    ) { memory in
      let scales = UnsafePointer(table.pointer.assumingMemoryBound(to: Float.self))
      let zeros = UnsafePointer((table.pointer + extent * 4).assumingMemoryBound(to: Int32.self))
      if quantizes {
        return [
          kernels.quantize(
            input: memory.pointer(input), output: memory.pointer(output), isSigned: stored == .int8,
            scales: scales,
            zeroPoints: zeros, outer: outer, extent: extent, inner: inner)
        ]
      }
      return [
        kernels.dequantize(
          input: memory.pointer(input), output: memory.pointer(output), isSigned: stored == .int8,
          scales: scales,
          zeroPoints: zeros, outer: outer, extent: extent, inner: inner)
      ]
    }
  }

  private static func integers(_ tensor: Tensor) -> [Int32] {
    switch tensor.dtype {
    case .int8: tensor.elements(as: Int8.self).map(Int32.init)
    case .int32: tensor.elements(as: Int32.self)
    default: tensor.elements(as: UInt8.self).map(Int32.init)
    }
  }
}
