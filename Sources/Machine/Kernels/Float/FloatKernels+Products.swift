// SPDX-License-Identifier: Apache-2.0

internal import CKernels
internal import COpenBLAS
public import Workers

/// Batched `[m][k] x [k][n]`; a batch stride of 0 repeats the operand.
public struct MatrixProduct: Sendable, Hashable {
  public var batch: Int
  public var m: Int
  public var k: Int
  public var n: Int
  public var aBatchStride: Int
  public var bBatchStride: Int

  public init(batch: Int, m: Int, k: Int, n: Int, aBatchStride: Int, bBatchStride: Int) {
    self.batch = batch
    self.m = m
    self.k = k
    self.n = n
    self.aBatchStride = aBatchStride
    self.bBatchStride = bBatchStride
  }
}

/// Rows of a product that OpenBLAS computes in one call; fixed, so that results do not depend on threads.
private let blasRows = 64

extension FloatKernels {
  /// OpenBLAS above the scalar level, plain loops at it. Of float32 only.
  public func matMul(
    _ product: MatrixProduct, a: UnsafeRawPointer, b: UnsafeRawPointer,
    output: UnsafeMutableRawPointer
  ) -> Job {
    precondition(element == .float32, "products of \(element)")
    var p = rm_float_matmul()
    p.a = a
    p.b = b
    p.output = output
    p.a_batch_stride = product.aBatchStride
    p.b_batch_stride = product.bBatchStride
    p.batch = Int32(product.batch)
    p.m = Int32(product.m)
    p.k = Int32(product.k)
    p.n = Int32(product.n)
    let work = product.batch * product.m * product.k * product.n
    if level == .scalar {
      return Job(table.pointee.matmul.function, p, units: product.batch * product.m, work: work)
    }
    _ = oneThreadPerCall
    let blocks = (product.m + blasRows - 1) / blasRows
    return Job(blasKernel, p, units: product.batch * blocks, work: work)
  }

  /// What `matMul` runs.
  public var matMulKernel: KernelID {
    level == .scalar ? kernel(.matmul) : KernelID(.matmul, .float, .openBLAS)
  }
}

private let oneThreadPerCall: Void = openblas_set_num_threads(1)

/// Unit: `blasRows` rows of one product.
private let blasKernel: @convention(c) (UnsafePointer<rm_float_matmul>, Int, Int) -> Void = {
  arguments, begin, end in
  let p = arguments.pointee
  let m = Int(p.m)
  let blocks = (m + blasRows - 1) / blasRows
  for unit in begin..<end {
    let index = unit / blocks
    let row = unit % blocks * blasRows
    let a = p.a.assumingMemoryBound(to: Float.self) + index * p.a_batch_stride + row * Int(p.k)
    let b = p.b.assumingMemoryBound(to: Float.self) + index * p.b_batch_stride
    let output = p.output.assumingMemoryBound(to: Float.self) + (index * m + row) * Int(p.n)
    cblas_sgemm(
      CblasRowMajor, CblasNoTrans, CblasNoTrans, Int32(min(blasRows, m - row)), p.n, p.k, 1,
      a, p.k, b, p.n, 0, output, p.n)
  }
}
