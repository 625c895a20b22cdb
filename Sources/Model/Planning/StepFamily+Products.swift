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
    let input = context.node.inputs[0]
    return Step(
      context, kernel: convolution.kernel, reason: "constant right side, packed",
      weightBytes: convolution.byteCount, constants: [input],
      call: context.float(
        .packedProduct(convolution, input: input, rows: context.outputFact.shape.count / n)))
  }

  private static func batched(_ context: NodeContext) throws -> Step {
    let (a, b) = (context.node.inputs[0], context.node.inputs[1])
    let product = try MatrixProduct(context)
    return Step(
      context, kernel: context.kernels.matMulKernel, reason: product.text, constants: [a, b],
      call: context.float(.matMul(product, a: a, b: b)))
  }
}

extension MatrixProduct {
  /// Of a MatMul's operands.
  ///
  /// - Throws: `PlanningError` where they repeat along some axes of the batch only.
  init(_ context: NodeContext) throws {
    let left = context.given(0).shape.extents
    let right = context.given(1).shape.extents
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

  var text: String { "\(batch) products \(m)x\(k)x\(n)" }
}
