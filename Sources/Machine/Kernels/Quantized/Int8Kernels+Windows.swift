// SPDX-License-Identifier: Apache-2.0

internal import CKernels
public import Workers

extension Int8Kernels {
  /// The largest quantized number of each window. Cells outside the map do not count.
  public func maxPool(_ window: PoolingWindow, input: ByteMap, output: ByteMap) -> [Job] {
    pool(window, input, output, table.max_pool.function) { _ in }
  }

  /// - Parameter ratio: the input's scale divided by the output's.
  public func averagePool(
    _ window: PoolingWindow, input: ByteMap, zero: Int, output: ByteMap, ratio: Float, range: StoredRange
  ) -> [Job] {
    pool(window, input, output, table.average_pool.function) { call in
      call.count_pads = window.countIncludePad ? 1 : 0
      call.in_zero = Int32(zero)
      call.out_zero = Int32(range.zero)
      call.low = Int32(range.low)
      call.high = Int32(range.high)
      call.ratio = ratio
    }
  }

  private func pool(
    _ window: PoolingWindow, _ input: ByteMap, _ output: ByteMap,
    _ function: @convention(c) (UnsafePointer<rm_int8_pool_call>?, Int, Int) -> Void,
    _ adjust: (inout rm_int8_pool_call) -> Void
  ) -> [Job] {
    precondition(input.channels == output.channels && input.batch == output.batch)
    return (0..<input.batch).map { index in
      let (from, to) = (input.image(index), output.image(index))
      var call = rm_int8_pool_call()
      call.shape.in_rows = Int32(from.rows)
      call.shape.in_columns = Int32(from.columns)
      call.shape.in_channels = Int32(from.channels)
      call.shape.out_rows = Int32(to.rows)
      call.shape.out_columns = Int32(to.columns)
      call.shape.out_channels = Int32(to.channels)
      call.shape.kernel_rows = Int32(window.kernelRows)
      call.shape.kernel_columns = Int32(window.kernelColumns)
      call.shape.stride_rows = Int32(window.strideRows)
      call.shape.stride_columns = Int32(window.strideColumns)
      call.shape.dilation_rows = 1
      call.shape.dilation_columns = 1
      call.shape.pad_top = Int32(window.padTop + from.firstRow - to.firstRow * window.strideRows)
      call.shape.pad_left = Int32(window.padLeft)
      call.in = UnsafePointer(from.base)
      call.in_pixel = from.pixelStride
      call.out = to.base
      call.out_pixel = to.pixelStride
      adjust(&call)
      let work = to.elements * window.kernelRows * window.kernelColumns / 2
      return Job(function, call, units: to.rows, work: work)
    }
  }

  /// The average of each channel over all pixels, a job for each map of the batch.
  ///
  /// - Parameter ratio: the input's scale divided by the output's.
  public func mean(
    input: ByteMap, zero: Int, output: UnsafeMutablePointer<UInt8>, ratio: Float, range: StoredRange
  ) -> [Job] {
    (0..<input.batch).map { index in
      let from = input.image(index)
      let call = rm_int8_mean_call(
        in: UnsafePointer(from.base), out: output + index * from.channels, in_pixel: from.pixelStride,
        pixels: Int32(from.pixels), channels: Int32(from.channels), in_zero: Int32(zero),
        out_zero: Int32(range.zero), low: Int32(range.low), high: Int32(range.high),
        multiplier: ratio / Float(from.pixels))
      // Pairs of cache lines of each pixel, which processors fetch together.
      return Job(table.mean.function, call, units: from.channels, step: 128, work: from.elements / 4)
    }
  }
}
