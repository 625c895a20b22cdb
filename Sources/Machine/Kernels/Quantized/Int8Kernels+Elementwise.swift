// SPDX-License-Identifier: Apache-2.0

internal import CKernels
public import Workers

extension Int8Kernels {
  /// One stored map brought to another scale, or the sum or difference of two.
  public func combine(_ a: ByteMap, _ b: ByteMap?, output: ByteMap, rule: CombineRule) -> Job {
    precondition(a.pixels == output.pixels && a.channels == output.channels)
    precondition(b == nil || b!.pixels == output.pixels && b!.channels == output.channels)
    var call = rm_int8_combine_call()
    call.a = UnsafePointer(a.base)
    call.a_pixel = a.pixelStride
    if let b {
      call.b = UnsafePointer(b.base)
      call.b_pixel = b.pixelStride
    }
    call.out = output.base
    call.out_pixel = output.pixelStride
    call.columns = Int32(output.columns)
    call.channels = Int32(output.channels)
    call.rule = rule.rule
    return Job(table.combine.function, call, units: output.batch * output.rows, work: output.elements)
  }

  /// Which elements of the second factor of a product stand for many.
  public enum Factor: Sendable { case same, channels, pixels }

  /// - Parameter multiplier: the scales of `a` and `b` multiplied, divided by the output's.
  public func multiply(
    _ a: ByteMap, zero aZero: Int, _ b: ByteMap, zero bZero: Int, as factor: Factor, output: ByteMap,
    multiplier: Float, range: StoredRange
  ) -> Job {
    precondition(a.pixels == output.pixels && a.channels == output.channels)
    precondition(factor == .channels ? b.pixels == 1 : b.pixels == output.pixels)
    precondition(b.channels == (factor == .pixels ? 1 : output.channels))
    var call = rm_int8_mul_call()
    call.a = UnsafePointer(a.base)
    call.a_pixel = a.pixelStride
    call.b = UnsafePointer(b.base)
    call.b_pixel = b.pixelStride
    call.out = output.base
    call.out_pixel = output.pixelStride
    call.columns = Int32(output.columns)
    call.channels = Int32(output.channels)
    switch factor {
    case .same: call.b_shape = RM_INT8_SAME
    case .channels: call.b_shape = RM_INT8_CHANNELS
    case .pixels: call.b_shape = RM_INT8_PIXELS
    }
    call.a_zero = Int32(aZero)
    call.b_zero = Int32(bZero)
    call.out_zero = Int32(range.zero)
    call.low = Int32(range.low)
    call.high = Int32(range.high)
    call.multiplier = multiplier
    return Job(table.mul.function, call, units: output.batch * output.rows, work: output.elements)
  }

  /// - Parameter values: the result for each of the 256 quantized numbers.
  public func lookUp(_ input: ByteMap, output: ByteMap, values: [UInt8]) -> Job {
    precondition(values.count == 256 && input.pixels == output.pixels && input.channels == output.channels)
    var call = rm_int8_table_call()
    call.in = UnsafePointer(input.base)
    call.in_pixel = input.pixelStride
    call.out = output.base
    call.out_pixel = output.pixelStride
    call.columns = Int32(output.columns)
    call.channels = Int32(output.channels)
    withUnsafeMutableBytes(of: &call.table) { $0.copyBytes(from: values) }
    return Job(table.table.function, call, units: output.batch * output.rows, work: output.elements * 2)
  }

  /// The most channels of a softmax.
  public static let softmaxChannels = Int(RM_INT8_SOFTMAX_CHANNELS)

  /// Softmax over the channels of each pixel, stored with scale 1/256 and zero point 0.
  public func softmax(_ input: ByteMap, output: ByteMap, table exponents: SoftmaxTable) -> Job {
    precondition(input.pixels == output.pixels && input.channels == output.channels)
    precondition(1...Int8Kernels.softmaxChannels ~= input.channels)
    var call = rm_int8_softmax_call()
    call.in = UnsafePointer(input.base)
    call.in_pixel = input.pixelStride
    call.out = output.base
    call.out_pixel = output.pixelStride
    call.columns = Int32(output.columns)
    call.channels = Int32(output.channels)
    exponents.copy(to: &call.table)
    return Job(table.softmax.function, call, units: output.batch * output.rows, work: output.elements * 8)
  }

  public func fill(_ output: UnsafeMutablePointer<UInt8>, count: Int, value: UInt8) -> Job {
    Job(table.fill.function, rm_int8_fill_call(out: output, value: Int32(value)), units: count, work: count)
  }

  /// Floats to stored ones.
  public func quantize(
    _ input: UnsafePointer<Float>, output: UnsafeMutablePointer<UInt8>, count: Int, scale: Float,
    range: StoredRange
  ) -> Job {
    let call = rm_int8_quantize_call(
      in: input, out: output, scale: scale, zero: Int32(range.zero), low: Int32(range.low),
      high: Int32(range.high))
    return Job(table.quantize.function, call, units: count, work: count)
  }

  /// Stored numbers to real ones.
  public func dequantize(
    _ input: UnsafePointer<UInt8>, output: UnsafeMutablePointer<Float>, count: Int, scale: Float, zero: Int
  ) -> Job {
    let call = rm_int8_dequantize_call(in: input, out: output, scale: scale, zero: Int32(zero))
    return Job(table.dequantize.function, call, units: count, work: count)
  }
}
