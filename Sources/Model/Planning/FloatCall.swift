// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import GraphIR
internal import Kernels
internal import Workers

/// A call of float kernels: parameters, and the values that it reads. Values are dense where nothing else is said.
enum FloatCall: Sendable, Equatable {
  /// Limits apply to the convolution's own result, or with `addsFirst` to its sum with the residual.
  case convolution(
    PackedConvolution, input: ValueID, residual: ValueID?, limits: Limits, addsFirst: Bool)
  /// A product with a constant matrix `[channels][outChannels]`: a 1x1 convolution over `rows` pixels.
  case packedProduct(PackedConvolution, input: ValueID, rows: Int)
  case matMul(MatrixProduct, a: ValueID, b: ValueID)

  case binary(BinaryFunction, BroadcastPlan, a: ValueID, b: ValueID, limits: Limits)
  case unary(UnaryFunction, input: ValueID, count: Int)
  /// Between the call's element type and float32.
  case convert(toFloat: Bool, input: ValueID, count: Int)
  /// Over the middle axis.
  case softmax(input: ValueID, Axis)
  /// `factors` holds a factor for each channel, then an offset for each.
  case normalize(BroadcastPlan, input: ValueID, factors: AlignedBytes, channels: Int)

  case pool(PoolingWindow, average: Bool, input: ValueID)
  case globalPool(input: ValueID)
  case reduce(input: ValueID, kept: StridedAxes, summed: StridedAxes, scale: Float)
  case argMax(input: ValueID, Axis)

  case copy(Move)
  /// The inputs one behind the other, each at its own place in the output.
  case concat([Move])
  /// `value` everywhere, `count` elements, then the copy.
  case pad(Move, value: Float, count: Int, isQuantized: Bool)

  case resize(input: ValueID, rows: ResizeTable, columns: ResizeTable)
  case gridSample(GridSampling, input: ValueID, grid: ValueID)
  case warp(scale: Int, source: ValueID, offsets: ValueID, mask: ValueID?, residual: ValueID?)
  case localAttention(LocalAttention, query: ValueID, key: ValueID, value: ValueID, bias: ValueID?)
  case globalAttention(scale: Float, query: ValueID, key: ValueID, value: ValueID)

  /// Between float32 and u8 or s8, a scale and zero point for each index of the axis. `parameters` holds the
  /// scales, then the zero points as int32.
  case quantize(input: ValueID, isSigned: Bool, parameters: AlignedBytes, Axis)
  case dequantize(input: ValueID, isSigned: Bool, parameters: AlignedBytes, Axis)

  /// `[outer][extent][inner]`, the middle one meant.
  struct Axis: Sendable, Hashable {
    var outer: Int
    var extent: Int
    var inner: Int
  }

  /// Elements copied from an input to the output.
  struct Move: Sendable, Hashable {
    var copy: StridedCopy
    var input: ValueID
    /// The first element that is read, and the first that is written.
    var from = 0
    var to = 0
    var elementBytes: Int
  }
}

extension FloatCall {
  /// - Parameter written: positions of a concatenation's inputs that are in the output already.
  func jobs(
    _ memory: Memory, _ kernels: FloatKernels, quantized: Int8Kernels, output: ValueID, written: Set<Int>
  ) -> [Job] {
    func move(_ move: Move) -> Job {
      kernels.copy(
        move.copy, from: memory.pointer(move.input) + move.from * move.elementBytes,
        to: memory.pointer(output) + move.to * move.elementBytes, elementBytes: move.elementBytes)
    }
    switch self {
    case .convolution(let packed, let input, let residual, let limits, let addsFirst):
      return [
        packed.job(
          input: memory.map(input), output: memory.map(output), limits: limits,
          residual: residual.map { memory.map($0) }, addFirst: addsFirst)
      ]
    case .packedProduct(let packed, let input, let rows):
      return [
        packed.job(
          input: MapView(
            memory.pointer(input), batch: 1, rows: 1, columns: rows, channels: packed.inChannels),
          output: MapView(
            memory.pointer(output), batch: 1, rows: 1, columns: rows, channels: packed.outChannels),
          limits: .none)
      ]
    case .matMul(let product, let a, let b):
      return [
        kernels.matMul(product, a: memory.pointer(a), b: memory.pointer(b), output: memory.pointer(output))
      ]
    case .binary(let function, let plan, let a, let b, let limits):
      return [
        kernels.binary(
          function, plan, a: memory.pointer(a), b: memory.pointer(b), output: memory.pointer(output),
          limits: limits)
      ]
    case .unary(let function, let input, let count):
      return [
        kernels.unary(function, input: memory.pointer(input), output: memory.pointer(output), count: count)
      ]
    case .convert(let toFloat, let input, let count):
      return [
        kernels.convert(
          toFloat: toFloat, input: memory.pointer(input), output: memory.pointer(output), count: count)
      ]
    case .softmax(let input, let axis):
      return [
        kernels.softmax(
          input: memory.pointer(input), output: memory.pointer(output), outer: axis.outer,
          extent: axis.extent, inner: axis.inner)
      ]
    case .normalize(let plan, let input, let table, let channels):
      let factors = table.pointer.assumingMemoryBound(to: Float.self)
      let result = memory.pointer(output)
      return [
        kernels.binary(.mul, plan, a: memory.pointer(input), b: factors, output: result),
        kernels.binary(.add, plan, a: result, b: factors + channels, output: result),
      ]
    case .pool(let window, let average, let input):
      return [
        kernels.pool(window, average: average, input: memory.map(input), output: memory.map(output))
      ]
    case .globalPool(let input):
      return [kernels.globalAveragePool(input: memory.map(input), output: memory.pointer(output))]
    case .reduce(let input, let kept, let summed, let scale):
      return [
        kernels.reduce(
          input: memory.pointer(input), output: memory.pointer(output), kept: kept, summed: summed,
          scale: scale)
      ]
    case .argMax(let input, let axis):
      return [
        kernels.argMax(
          input: memory.pointer(input), output: memory.pointer(output).assumingMemoryBound(to: Int64.self),
          outer: axis.outer, extent: axis.extent, inner: axis.inner)
      ]
    case .copy(let one): return [move(one)]
    case .concat(let parts): return parts.indices.filter { !written.contains($0) }.map { move(parts[$0]) }
    case .pad(let one, let value, let count, let isQuantized):
      let border =
        isQuantized
        ? quantized.fill(memory.bytes(output), count: count, value: UInt8(value))
        : kernels.fill(memory.pointer(output), count: count, value: value)
      return [border, move(one)]
    case .resize(let input, let rows, let columns):
      return [
        kernels.resize(input: memory.map(input), output: memory.map(output), rows: rows, columns: columns)
      ]
    case .gridSample(let sampling, let input, let grid):
      return [
        kernels.gridSample(
          sampling, input: memory.map(input), grid: memory.floats(grid), output: memory.map(output))
      ]
    case .warp(let scale, let source, let offsets, let mask, let residual):
      return [
        kernels.warp(
          scale: scale, source: memory.map(source), offsets: memory.map(offsets),
          mask: mask.map { memory.map($0) }, residual: residual.map { memory.map($0) },
          output: memory.map(output))
      ]
    case .localAttention(let attention, let query, let key, let value, let bias):
      return [
        kernels.localAttention(
          region: attention.region, scale: attention.scale, query: memory.map(query), key: memory.map(key),
          value: memory.map(value), bias: bias.map { memory.floats($0) }, output: memory.map(output))
      ]
    case .globalAttention(let scale, let query, let key, let value):
      return [
        kernels.globalAttention(
          scale: scale, query: memory.map(query), key: memory.map(key), value: memory.map(value),
          output: memory.map(output))
      ]
    case .quantize(let input, let isSigned, let parameters, let axis):
      let (scales, zeros) = parameters.scalesAndZeros(axis.extent)
      return [
        kernels.quantize(
          input: memory.pointer(input), output: memory.pointer(output), isSigned: isSigned, scales: scales,
          zeroPoints: zeros, outer: axis.outer, extent: axis.extent, inner: axis.inner)
      ]
    case .dequantize(let input, let isSigned, let parameters, let axis):
      let (scales, zeros) = parameters.scalesAndZeros(axis.extent)
      return [
        kernels.dequantize(
          input: memory.pointer(input), output: memory.pointer(output), isSigned: isSigned, scales: scales,
          zeroPoints: zeros, outer: axis.outer, extent: axis.extent, inner: axis.inner)
      ]
    }
  }
}

extension AlignedBytes {
  fileprivate func scalesAndZeros(_ extent: Int) -> (UnsafePointer<Float>, UnsafePointer<Int32>) {
    (
      UnsafePointer(pointer.assumingMemoryBound(to: Float.self)),
      UnsafePointer((pointer + extent * 4).assumingMemoryBound(to: Int32.self))
    )
  }
}
