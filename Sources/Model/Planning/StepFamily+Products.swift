// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import GraphIR
internal import Kernels

extension StepFamily {
  /// Matrix products.
  static let products = StepFamily(name: "products") { context in
    guard case .matMul = context.node.op, context.isReal(0, 1), context.outputFact.dtype == .float32 else {
      return nil
    }
    if let tensor = context.constant(1), tensor.shape.rank == 2, context.kernels.level != .scalar {
      return packed(context, tensor)
    }
    return try batched(context)
  }

  /// A constant right side is a 1x1 convolution over the rows of the left.
  private static func packed(_ context: NodeContext, _ tensor: Tensor) -> Step {
    let (k, n) = (tensor.shape[0], tensor.shape[1])
    let matrix = tensor.elements(as: Float.self)
    var weights = [Float](repeating: 0, count: k * n)
    for row in 0..<k {
      for column in 0..<n { weights[column * k + row] = matrix[row * n + column] }
    }
    let convolution = weights.withUnsafeBufferPointer {
      context.kernels.pack(
        ConvolutionWindow(kernelRows: 1, kernelColumns: 1), inChannels: k, outChannels: n, groups: 1,
        weights: $0,
        bias: nil)
    }
    let (a, output) = (context.input(0)!, context.output)
    let rows = context.outputFact.shape.count / n
    return Step(
      context, kernel: convolution.kernel, reason: "constant right side, packed",
      weightBytes: convolution.byteCount,
      readsConstants: [a]
    ) { memory in
      let input = MapView(memory.pointer(a), batch: 1, rows: 1, columns: rows, channels: k)
      let result = MapView(memory.pointer(output), batch: 1, rows: 1, columns: rows, channels: n)
      return [convolution.job(input: input, output: result, limits: .none)]
    }
  }

  private static func batched(_ context: NodeContext) throws -> Step {
    let (a, b, output) = (context.input(0)!, context.input(1)!, context.output)
    let product = try MatrixProduct(context)
    let kernels = context.kernels
    return Step(
      context, kernel: kernels.matMulKernel, reason: product.text, readsConstants: [a, b]
    ) { memory in
      [kernels.matMul(product, a: memory.pointer(a), b: memory.pointer(b), output: memory.pointer(output))]
    }
  }

  /// Of two values of the run on stored numbers.
  static func integerProduct(_ context: NodeContext, _ work: IntegerWork) throws -> Step {
    let (a, b, output) = (work.inputs[0], work.inputs[1], context.output)
    let product = try MatrixProduct(context)
    let multiplier = Float(a.scale * b.scale / work.output.scale)
    let range = work.range
    let kernels = context.integers
    return Step(context, kernel: kernels.kernel(.matmul), reason: product.text) { memory in
      kernels.matMul(
        product, a: (UnsafePointer(memory.bytes(a.value)), a.zero),
        b: (UnsafePointer(memory.bytes(b.value)), b.zero), output: memory.bytes(output),
        multiplier: multiplier, range: range)
    }
  }
}

extension MatrixProduct {
  /// Of a MatMul's operands.
  ///
  /// - Throws: `PlanningError` where they repeat along some axes of the batch only.
  init(_ context: NodeContext) throws {
    let left = context.fact(0)!.shape.extents
    let right = context.fact(1)!.shape.extents
    let batch = context.outputFact.shape.extents.dropLast(2).reduce(1, *)
    /// Batch strides where all products have their own operand or share one.
    func stride(_ extents: [Int]) throws -> Int {
      let own = extents.dropLast(2).reduce(1, *)
      guard own == batch || own == 1 else {
        throw context.fail("operands repeat along some axes of the batch only")
      }
      return own == 1 ? 0 : extents.suffix(2).reduce(1, *)
    }
    self.init(
      batch: batch, m: left[left.count - 2], k: left[left.count - 1], n: right[right.count - 1],
      aBatchStride: try stride(left), bBatchStride: try stride(right))
  }

  fileprivate var text: String { "\(batch) products \(m)x\(k)x\(n)" }
}
