// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import GraphIR
internal import Kernels

extension StepFamily {
  /// Nodes on stored numbers, and the conversions into and out of u8.
  static let integer = StepFamily(name: "integer") { context in
    guard let work = context.planned.integer else { return try conversion(context) }
    switch context.node.op {
    case .conv(let convolution): return try integerConvolution(context, work, convolution)
    case .matMul where work.weights == nil: return try integerProduct(context, work)
    case .matMul: return try integerConvolution(context, work, Convolution(kernel: Pair(1)))
    case .add, .sub: return sum(context, work)
    case .gridSample(let sample): return integerGridSample(context, work, sample)
    case .mul: return product(context, work)
    case .sigmoid, .hardSigmoid, .hardSwish: return curve(context, work)
    case .concat: return integerConcat(context, work)
    case .averagePool(let pooling), .maxPool(let pooling): return integerPool(context, work, pooling)
    case .globalAveragePool: return mean(context, work)
    case .resize(let resize): return integerResize(context, work, resize)
    case .warp(let warp): return integerWarp(context, work, warp)
    case .localAttention(let attention): return integerLocalAttention(context, work, attention)
    case .globalAttention: return integerGlobalAttention(context, work)
    case .softmax: return softmax(context, work)
    case .quantizeLinear: return rescale(context, work)
    default: throw context.fail("no integer kernel")
    }
  }

  private static func conversion(_ context: NodeContext) throws -> Step? {
    let quantizes: Bool
    switch context.node.op {
    case .quantizeLinear: quantizes = true
    case .dequantizeLinear: quantizes = false
    default: return nil
    }
    let stored = quantizes ? context.outputFact.dtype : context.fact(0)!.dtype
    let real = quantizes ? context.fact(0)!.dtype : context.outputFact.dtype
    guard stored == .uint8, real == .float32, let scales = context.constant(1), scales.shape.count == 1,
      scales.elements(as: Float.self)[0] > 0
    else { return nil }
    guard context.input(2) == nil || context.constant(2) != nil else { return nil }
    let scale = scales.elements(as: Float.self)[0]
    let zero = context.constant(2).map { Int($0.elements(as: UInt8.self)[0]) } ?? 0
    let (input, output) = (context.input(0)!, context.output)
    let count = context.outputFact.shape.count
    let kernels = context.integers
    return Step(
      context, kernel: kernels.kernel(quantizes ? .quantize : .dequantize),
      reason: "one scale",
      readsConstants: [input]
    ) { memory in
      if quantizes {
        return [
          kernels.quantize(
            memory.floats(input), output: memory.bytes(output), count: count, scale: scale,
            range: StoredRange(zero: zero))
        ]
      }
      return [
        kernels.dequantize(
          memory.bytes(input), output: memory.floats(output), count: count, scale: scale, zero: zero)
      ]
    }
  }
}

extension Memory {
  func bytes(_ value: ValueID) -> UnsafeMutablePointer<UInt8> {
    pointer(value).assumingMemoryBound(to: UInt8.self)
  }

  /// A stored value as a map: of rank 4 as it is; else the rows of a matrix product are its pixels, in as many
  /// rows as there are to share between threads.
  func byteMap(_ value: ValueID) -> ByteMap {
    let extents = facts[value].shape.extents
    guard extents.count == 4 else {
      let pixels = extents.dropLast().reduce(1, *)
      let columns = (16...64).last { pixels % $0 == 0 } ?? pixels
      return ByteMap(
        bytes(value), batch: 1, rows: pixels / columns, columns: columns, channels: extents.last!,
        pixelStride: plan.places[value]?.pixelStride)
    }
    let window = window(value)
    return ByteMap(
      window.pointer.assumingMemoryBound(to: UInt8.self), batch: extents[0], rows: window.rows.count,
      columns: extents[2], channels: extents[3], pixelStride: plan.places[value]?.pixelStride,
      firstRow: window.rows.lowerBound)
  }
}
