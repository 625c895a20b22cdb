// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import CKernels
public import Workers

extension FloatKernels {
  /// Each pixel of `output` takes from the `region` x `region` cells of `value` around its own; see rm_float.h.
  ///
  /// - Parameters:
  ///   - query: of twice the rows and columns of `key` and `value`, as many channels as `key`.
  ///   - bias: `[4][region * region]`; `nil` means zeros.
  public func localAttention(
    region: Int, scale: Float, query: MapView, key: MapView, value: MapView, bias: UnsafePointer<Float>?,
    output: MapView
  ) -> Job {
    precondition(region % 2 == 1 && region * region <= Int(RM_ATTENTION_CELLS))
    precondition(query.channels == key.channels && query.batch == key.batch && value.pixels == key.pixels)
    precondition(query.rows == key.rows * 2 && query.columns == key.columns * 2)
    precondition(output.pixels == query.pixels && output.channels == value.channels)
    var a = rm_float_local_attention()
    a.query = UnsafeRawPointer(query.base)
    a.key = UnsafeRawPointer(key.base)
    a.value = UnsafeRawPointer(value.base)
    a.bias = bias
    a.output = output.base
    a.query_stride = query.pixelStride
    a.key_stride = key.pixelStride
    a.value_stride = value.pixelStride
    a.out_stride = output.pixelStride
    a.batch = Int32(key.batch)
    a.rows = Int32(key.rows)
    a.columns = Int32(key.columns)
    a.depth = Int32(key.channels)
    a.channels = Int32(value.channels)
    a.region = Int32(region)
    a.scale = scale
    return Job(
      table.pointee.local_attention.function, a, units: key.batch * key.rows,
      work: output.pixels * region * region * (key.channels + value.channels))
  }

  /// Each pixel of `output` takes from all pixels of `value`, all float32; see rm_float.h.
  ///
  /// - Parameters:
  ///   - query: as many channels as `key`.
  ///   - output: overlaps none of the others.
  public func globalAttention(scale: Float, query: MapView, key: MapView, value: MapView, output: MapView)
    -> Job
  {
    precondition(element == .float32, "attention of all pixels on \(element)")
    precondition(query.channels == key.channels && query.batch == key.batch && query.pixels == key.pixels)
    precondition(
      value.pixels == key.pixels && output.pixels == value.pixels && output.channels == value.channels)
    var a = rm_float_global_attention()
    a.query = UnsafeRawPointer(query.base)
    a.key = UnsafeRawPointer(key.base)
    a.value = UnsafeRawPointer(value.base)
    a.output = output.base
    a.query_stride = query.pixelStride
    a.key_stride = key.pixelStride
    a.value_stride = value.pixelStride
    a.out_stride = output.pixelStride
    a.batch = Int32(key.batch)
    a.pixels = Int32(key.rows * key.columns)
    a.depth = Int32(key.channels)
    a.channels = Int32(value.channels)
    a.scale = scale
    return Job(
      table.pointee.global_attention.function, a, units: key.pixels,
      work: key.pixels * key.rows * key.columns * (key.channels + value.channels))
  }
}
