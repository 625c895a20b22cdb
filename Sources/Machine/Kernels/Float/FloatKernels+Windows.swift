// SPDX-License-Identifier: Apache-2.0

internal import CKernels
public import Workers

public struct PoolingWindow: Sendable, Hashable {
  public var kernelRows: Int
  public var kernelColumns: Int
  public var strideRows: Int
  public var strideColumns: Int
  public var padTop = 0
  public var padLeft = 0
  public var padBottom = 0
  public var padRight = 0
  /// Average only: padded cells count as zeros.
  public var countIncludePad = false

  public init(kernelRows: Int, kernelColumns: Int, strideRows: Int, strideColumns: Int) {
    self.kernelRows = kernelRows
    self.kernelColumns = kernelColumns
    self.strideRows = strideRows
    self.strideColumns = strideColumns
  }
}

/// Axes with their extents and steps in elements.
public struct StridedAxes: Sendable, Hashable {
  public var extents: [Int]
  public var strides: [Int]

  public init(extents: [Int], strides: [Int]) {
    precondition(extents.count == strides.count)
    self.extents = extents
    self.strides = strides
  }
}

extension FloatKernels {
  public func pool(_ window: PoolingWindow, average: Bool, input: MapView, output: MapView) -> Job {
    precondition(input.channels == output.channels && input.batch == output.batch)
    var p = rm_float_pool()
    p.input = UnsafeRawPointer(input.base)
    p.output = output.base
    p.in_stride = input.pixelStride
    p.out_stride = output.pixelStride
    p.batch = Int32(input.batch)
    p.in_rows = Int32(input.rows)
    p.in_columns = Int32(input.columns)
    p.channels = Int32(input.channels)
    p.out_rows = Int32(output.rows)
    p.out_columns = Int32(output.columns)
    p.kernel_rows = Int32(window.kernelRows)
    p.kernel_columns = Int32(window.kernelColumns)
    p.stride_rows = Int32(window.strideRows)
    p.stride_columns = Int32(window.strideColumns)
    p.pad_top = Int32(window.padTop + input.firstRow - output.firstRow * window.strideRows)
    p.pad_left = Int32(window.padLeft)
    p.pad_bottom = Int32(window.padBottom)
    p.pad_right = Int32(window.padRight)
    p.count_include_pad = window.countIncludePad ? 1 : 0
    let work = output.elements * window.kernelRows * window.kernelColumns * 2
    let kernel: rm_float_pool_fn =
      average ? table.pointee.average_pool.function : table.pointee.max_pool.function
    return Job(kernel, p, units: output.batch * output.rows, work: work)
  }

  /// The mean of each channel: `[batch][channels]`.
  public func globalAveragePool(input: MapView, output: UnsafeMutableRawPointer) -> Job {
    var p = rm_float_global_pool()
    p.input = UnsafeRawPointer(input.base)
    p.output = output
    p.in_stride = input.pixelStride
    p.batch = Int32(input.batch)
    p.pixels = Int32(input.rows * input.columns)
    p.channels = Int32(input.channels)
    return Job(table.pointee.global_average_pool.function, p, units: input.batch, work: input.elements)
  }

  /// Sums over `summed` for each index of `kept`, times `scale`.
  public func reduce(
    input: UnsafeRawPointer, output: UnsafeMutableRawPointer, kept: StridedAxes, summed: StridedAxes,
    scale: Float
  ) -> Job {
    precondition(max(kept.extents.count, summed.extents.count) <= Int(RM_FLOAT_RANK))
    var r = rm_float_reduce()
    r.input = input
    r.output = output
    r.kept_rank = Int32(kept.extents.count)
    r.summed_rank = Int32(summed.extents.count)
    setArray(&r.kept_extents, with: kept.extents)
    setArray(&r.kept_strides, with: kept.strides)
    setArray(&r.summed_extents, with: summed.extents)
    setArray(&r.summed_strides, with: summed.strides)
    r.scale = scale
    let units = kept.extents.reduce(1, *)
    return Job(table.pointee.reduce.function, r, units: units, work: units * summed.extents.reduce(1, *) * 8)
  }

  /// Over the middle axis of `[outer][extent][inner]`.
  public func argMax(
    input: UnsafeRawPointer, output: UnsafeMutablePointer<Int64>, outer: Int, extent: Int, inner: Int
  ) -> Job {
    precondition(extent > 0)
    let r = rm_float_arg_max(input: input, output: output, outer: outer, extent: extent, inner: inner)
    return Job(table.pointee.arg_max.function, r, units: outer, work: outer * extent * inner * 4)
  }
}
