// SPDX-License-Identifier: Apache-2.0

internal import CKernels
public import Workers

/// Elements moved from one strided array to another.
public struct StridedCopy: Sendable, Hashable {
  /// Outermost first.
  public var extents: [Int]
  /// In elements; negative ones walk backwards.
  public var inStrides: [Int]
  public var outStrides: [Int]

  public init(extents: [Int], inStrides: [Int], outStrides: [Int]) {
    precondition(extents.count == inStrides.count && extents.count == outStrides.count)
    // Axes of one cell go, and neighbours that both sides walk as one are joined; the outermost stays, for it
    // is what threads share.
    var kept: [(extent: Int, from: Int, to: Int)] = []
    for axis in extents.indices where extents[axis] != 1 {
      if kept.count > 1, let last = kept.last, last.from == extents[axis] * inStrides[axis],
        last.to == extents[axis] * outStrides[axis]
      {
        kept[kept.count - 1] = (last.extent * extents[axis], inStrides[axis], outStrides[axis])
      } else {
        kept.append((extents[axis], inStrides[axis], outStrides[axis]))
      }
    }
    if kept.isEmpty { kept = [(1, 1, 1)] }
    self.extents = kept.map(\.extent)
    self.inStrides = kept.map(\.from)
    self.outStrides = kept.map(\.to)
  }

  public var isRunnable: Bool { extents.count <= Int(RM_FLOAT_RANK) }
}

extension FloatKernels {
  /// - Parameter elementBytes: 1, 2, 4 or 8.
  public func copy(
    _ copy: StridedCopy, from input: UnsafeRawPointer, to output: UnsafeMutableRawPointer, elementBytes: Int
  ) -> Job {
    precondition(copy.isRunnable && [1, 2, 4, 8].contains(elementBytes))
    var c = rm_copy()
    c.input = input
    c.output = output
    c.size = Int32(elementBytes)
    c.rank = Int32(copy.extents.count)
    setArray(&c.extents, with: copy.extents)
    setArray(&c.in_strides, with: copy.inStrides)
    setArray(&c.out_strides, with: copy.outStrides)
    return Job(table.pointee.copy.function, c, units: copy.extents[0], work: copy.extents.reduce(1, *) * 2)
  }

  /// Floats to quantized integers. The middle axis of `[outer][extent][inner]` has scales and zero points,
  /// which outlive the job.
  public func quantize(
    input: UnsafeRawPointer, output: UnsafeMutableRawPointer, isSigned: Bool,
    scales: UnsafePointer<Float>,
    zeroPoints: UnsafePointer<Int32>, outer: Int, extent: Int, inner: Int
  ) -> Job {
    let q = rm_float_quantize(
      input: input, output: output, scales: scales, zero_points: zeroPoints, outer: outer, extent: extent,
      inner: inner, is_signed: isSigned ? 1 : 0)
    return Job(table.pointee.quantize.function, q, units: outer, work: outer * extent * inner * 4)
  }

  /// Quantized integers to floats or halves.
  public func dequantize(
    input: UnsafeRawPointer, output: UnsafeMutableRawPointer, isSigned: Bool,
    scales: UnsafePointer<Float>,
    zeroPoints: UnsafePointer<Int32>, outer: Int, extent: Int, inner: Int
  ) -> Job {
    let q = rm_float_quantize(
      input: input, output: output, scales: scales, zero_points: zeroPoints, outer: outer, extent: extent,
      inner: inner, is_signed: isSigned ? 1 : 0)
    return Job(table.pointee.dequantize.function, q, units: outer, work: outer * extent * inner * 4)
  }
}
