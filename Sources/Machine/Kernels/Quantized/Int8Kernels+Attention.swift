// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import CKernels
public import Workers

/// The relation of one local attention in steps of 1/32 of the exponent.
public struct AttentionSteps: Equatable, @unchecked Sendable {
  // @unchecked: the bytes are written here and never again.

  /// Steps for one unit of a product of quantized numbers.
  public let multiplier: Float
  private let bytes: AlignedBytes

  /// - Parameters:
  ///   - multiplier: the exponent of one unit of a product, times 32.
  ///   - depth: channels of a query.
  ///   - bias: `[4][cells]` exponents.
  /// - Returns: `nil` where steps might leave 31 bits.
  public init?(multiplier: Float, depth: Int, bias: [Float]) {
    let product = Double(multiplier.magnitude) * Double(depth * 255 * 255)
    let largest = bias.reduce(product) { max($0, Double($1.magnitude) * 32) }
    guard largest < 0x1p29 else { return nil }
    self.multiplier = multiplier
    bytes = AlignedBytes(count: bias.count * 4)
    for (index, value) in bias.enumerated() {
      let steps = Int32((Double(value) * 32).rounded(.toNearestOrEven))
      bytes.pointer.storeBytes(of: steps, toByteOffset: index * 4, as: Int32.self)
    }
  }

  var bias: UnsafePointer<Int32> { UnsafePointer(bytes.pointer.assumingMemoryBound(to: Int32.self)) }
}

/// e^(-d / 64) for d from 0, in 15 bits.
public struct ExponentTable: Equatable, @unchecked Sendable {
  // @unchecked: the bytes are written here and never again.

  public static let count = Int(RM_INT8_EXPONENTS)
  private let bytes = AlignedBytes(count: ExponentTable.count * 2)

  /// - Parameter values: `count` numbers, none above 2^15 - 1, the first not 0.
  public init(_ values: [UInt16]) {
    precondition(values.count == ExponentTable.count && values[0] > 0 && values.allSatisfy { $0 < 1 << 15 })
    for (index, value) in values.enumerated() {
      bytes.pointer.storeBytes(of: value, toByteOffset: index * 2, as: UInt16.self)
    }
  }

  var values: UnsafePointer<UInt16> { UnsafePointer(bytes.pointer.assumingMemoryBound(to: UInt16.self)) }
}

extension Int8Kernels {
  /// Whether attention of all pixels can run on quantized numbers: sums of products within what the rule allows.
  public static func attends(multiplier: Float, depth: Int, channels: Int) -> Bool {
    Double(multiplier.magnitude) * Double(depth * 255 * 255) < 0x1p30
      && channels <= Int(RM_INT8_ATTENTION_CHANNELS)
  }

  /// Each pixel of `output` takes from all pixels of `value`; see rm_int8.h. Keeps the value's scale and zero point.
  ///
  /// - Parameter multiplier: the exponent of one unit of a product, times 64.
  /// - Precondition: `table` outlives the jobs; `attends` for these numbers.
  public func globalAttention(
    multiplier: Float, table exponents: ExponentTable, query: (map: ByteMap, zero: Int),
    key: (map: ByteMap, zero: Int), value: ByteMap, output: ByteMap
  ) -> [Job] {
    precondition(query.map.channels == key.map.channels && query.map.pixels == key.map.pixels)
    precondition(value.pixels == key.map.pixels && output.pixels == value.pixels)
    precondition(output.channels == value.channels)
    precondition(Self.attends(multiplier: multiplier, depth: key.map.channels, channels: value.channels))
    return (0..<output.batch).map { index in
      let (from, cells, values) = (query.map.image(index), key.map.image(index), value.image(index))
      let to = output.image(index)
      var call = rm_int8_global_attention_call()
      call.query = UnsafePointer(from.base)
      call.key = UnsafePointer(cells.base)
      call.value = UnsafePointer(values.base)
      call.out = to.base
      call.query_pixel = from.pixelStride
      call.key_pixel = cells.pixelStride
      call.value_pixel = values.pixelStride
      call.out_pixel = to.pixelStride
      call.query_zero = Int32(query.zero)
      call.key_zero = Int32(key.zero)
      call.pixels = Int32(cells.pixels)
      call.depth = Int32(cells.channels)
      call.channels = Int32(values.channels)
      call.multiplier = multiplier
      call.table = exponents.values
      return Job(
        self.table.global_attention.function, call, units: to.pixels,
        work: to.pixels * to.pixels * (cells.channels + values.channels) / 8)
    }
  }

  /// Each pixel of `output` takes from the `region` x `region` cells of `value` around its own; see rm_int8.h. Keeps
  /// the value's scale and zero point.
  ///
  /// - Parameter table: for steps of 1/32.
  /// - Precondition: `steps` outlives the jobs.
  public func localAttention(
    region: Int, steps: AttentionSteps, table softmax: SoftmaxTable, query: (map: ByteMap, zero: Int),
    key: (map: ByteMap, zero: Int), value: (map: ByteMap, zero: Int), output: ByteMap
  ) -> [Job] {
    precondition(region % 2 == 1 && region * region <= Int(RM_INT8_LOCAL_CELLS))
    precondition(query.map.channels == key.map.channels && value.map.pixels == key.map.pixels)
    precondition(query.map.rows == key.map.rows * 2 && query.map.columns == key.map.columns * 2)
    precondition(output.pixels == query.map.pixels && output.channels == value.map.channels)
    return (0..<output.batch).map { index in
      let (from, cells, values) = (query.map.image(index), key.map.image(index), value.map.image(index))
      let to = output.image(index)
      var call = rm_int8_local_attention_call()
      call.query = UnsafePointer(from.base)
      call.key = UnsafePointer(cells.base)
      call.value = UnsafePointer(values.base)
      call.out = to.base
      call.query_pixel = from.pixelStride
      call.key_pixel = cells.pixelStride
      call.value_pixel = values.pixelStride
      call.out_pixel = to.pixelStride
      call.bias = steps.bias
      call.query_zero = Int32(query.zero)
      call.key_zero = Int32(key.zero)
      call.value_zero = Int32(value.zero)
      call.rows = Int32(cells.rows)
      call.columns = Int32(cells.columns)
      call.depth = Int32(cells.channels)
      call.channels = Int32(values.channels)
      call.region = Int32(region)
      call.multiplier = steps.multiplier
      softmax.copy(to: &call.table)
      return Job(
        self.table.local_attention.function, call, units: cells.rows,
        work: to.pixels * region * region * (cells.channels + values.channels) / 8)
    }
  }
}
