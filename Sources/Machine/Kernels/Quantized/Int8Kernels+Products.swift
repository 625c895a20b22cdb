// SPDX-License-Identifier: Apache-2.0

internal import CKernels
public import Workers

extension Int8Kernels {
  /// Products of quantized matrices: a job for each of the batch.
  ///
  /// - Parameters:
  ///   - a, b: `[batch][m][k]` and `[batch][k][n]`, with the zero point of each.
  ///   - output: `[batch][m][n]`.
  ///   - multiplier: the scales of `a` and `b` multiplied, divided by the output's.
  public func matMul(
    _ product: MatrixProduct, a: (base: UnsafePointer<UInt8>, zero: Int),
    b: (base: UnsafePointer<UInt8>, zero: Int), output: UnsafeMutablePointer<UInt8>, multiplier: Float,
    range: StoredRange
  ) -> [Job] {
    (0..<product.batch).map { index in
      var call = rm_int8_matmul_call()
      call.a = a.base + index * product.aBatchStride
      call.b = b.base + index * product.bBatchStride
      call.out = output + index * product.m * product.n
      call.a_row = product.k
      call.b_row = product.n
      call.out_row = product.n
      call.rows = Int32(product.m)
      call.depth = Int32(product.k)
      call.columns = Int32(product.n)
      call.a_zero = Int32(a.zero)
      call.b_zero = Int32(b.zero)
      call.out_zero = Int32(range.zero)
      call.low = Int32(range.low)
      call.high = Int32(range.high)
      call.multiplier = multiplier
      let group = Int(RM_INT8_MATMUL_ROWS)
      return Job(
        table.matmul.function, call, units: (product.m + group - 1) / group,
        work: product.m * product.k * product.n / 2)
    }
  }
}
