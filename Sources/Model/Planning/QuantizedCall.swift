// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import GraphIR
internal import Kernels
internal import Workers

/// A call of kernels on quantized numbers: parameters, and the values that it reads, each with its zero point where
/// the kernel asks for it. Scales are in the multipliers and rules.
///
/// `rescale` brings what an operator leaves in its first input's scale to the output's.
enum QuantizedCall: Sendable, Equatable {
  /// Between float32 and u8 of one scale.
  case quantize(input: ValueID, count: Int, scale: Float, zero: Int)
  case dequantize(input: ValueID, count: Int, scale: Float, zero: Int)

  case convolution(PackedInt8Convolution, input: ValueID, range: StoredRange, residual: Residual?)
  case matMul(MatrixProduct, a: Operand, b: Operand, multiplier: Float, range: StoredRange)

  /// One value or the sum of two, in another scale.
  case combine(a: ValueID, b: ValueID?, CombineRule)
  case multiply(a: Operand, b: Operand, Int8Kernels.Factor, multiplier: Float, range: StoredRange)
  /// Over the channels of each pixel.
  case softmax(input: ValueID, SoftmaxTable)
  /// A function of one value, tabulated.
  case lookUp(input: ValueID, values: [UInt8])
  case concat([Part])

  case averagePool(PoolingWindow, input: Operand, ratio: Float, range: StoredRange)
  case maxPool(PoolingWindow, input: ValueID, rescale: CombineRule?)
  case mean(input: Operand, ratio: Float, range: StoredRange)

  case resize(input: ValueID, rows: Int8ResizeTaps, columns: Int8ResizeTaps, rescale: CombineRule?)
  case sample(
    source: ValueID, grid: ValueID, rows: GridPositions, columns: GridPositions, rescale: CombineRule?)
  case warp(scale: Int, source: ValueID, offsets: ValueID, mask: Mask?, rescale: CombineRule?)
  case localAttention(
    region: Int, AttentionSteps, SoftmaxTable, query: Operand, key: Operand, value: Operand)
  case globalAttention(
    multiplier: Float, ExponentTable, query: Operand, key: Operand, value: ValueID)

  struct Operand: Sendable, Hashable {
    var value: ValueID
    var zero: Int
  }

  /// What is added to a convolution's result.
  struct Residual: Sendable, Equatable {
    var value: ValueID
    var rule: CombineRule
  }

  /// The scores of a warp's mask, and their softmax.
  struct Mask: Sendable, Hashable {
    var scores: ValueID
    var table: SoftmaxTable
  }

  /// One input of a concatenation along channels.
  struct Part: Sendable, Equatable {
    var value: ValueID
    /// Its first channel in the output, and how many it has.
    var first: Int
    var channels: Int
    var rule: CombineRule
  }
}

extension QuantizedCall {
  /// - Parameter written: positions of a concatenation's inputs that are in the output already.
  func jobs(_ memory: Memory, _ kernels: Int8Kernels, output: ValueID, written: Set<Int>) -> [Job] {
    func map(_ value: ValueID) -> ByteMap { memory.byteMap(value) }
    func pair(_ operand: Operand) -> (map: ByteMap, zero: Int) { (map(operand.value), operand.zero) }
    func rescaled(_ jobs: [Job], _ rule: CombineRule?) -> [Job] {
      guard let rule else { return jobs }
      let result = map(output)
      return jobs + [kernels.combine(result, nil, output: result, rule: rule)]
    }
    switch self {
    case .quantize(let input, let count, let scale, let zero):
      return [
        kernels.quantize(
          memory.floats(input), output: memory.bytes(output), count: count, scale: scale,
          range: StoredRange(zero: zero))
      ]
    case .dequantize(let input, let count, let scale, let zero):
      return [
        kernels.dequantize(
          memory.bytes(input), output: memory.floats(output), count: count, scale: scale, zero: zero)
      ]
    case .convolution(let packed, let input, let range, let residual):
      return packed.jobs(
        input: map(input), output: map(output), range: range,
        residual: residual.map { Int8Residual(map($0.value), rule: $0.rule) })
    case .matMul(let product, let a, let b, let multiplier, let range):
      return kernels.matMul(
        product, a: (UnsafePointer(memory.bytes(a.value)), a.zero),
        b: (UnsafePointer(memory.bytes(b.value)), b.zero), output: memory.bytes(output),
        multiplier: multiplier, range: range)
    case .combine(let a, let b, let rule):
      return [kernels.combine(map(a), b.map { map($0) }, output: map(output), rule: rule)]
    case .multiply(let a, let b, let factor, let multiplier, let range):
      return [
        kernels.multiply(
          map(a.value), zero: a.zero, map(b.value), zero: b.zero, as: factor, output: map(output),
          multiplier: multiplier, range: range)
      ]
    case .softmax(let input, let table):
      return [kernels.softmax(map(input), output: map(output), table: table)]
    case .lookUp(let input, let values):
      return [kernels.lookUp(map(input), output: map(output), values: values)]
    case .concat(let parts):
      let whole = map(output)
      return parts.indices.filter { !written.contains($0) }.map { index in
        let part = parts[index]
        var place = whole
        place.base += part.first
        place.channels = part.channels
        return kernels.combine(map(part.value), nil, output: place, rule: part.rule)
      }
    case .averagePool(let window, let input, let ratio, let range):
      return kernels.averagePool(
        window, input: map(input.value), zero: input.zero, output: map(output), ratio: ratio, range: range)
    case .maxPool(let window, let input, let rescale):
      return rescaled(kernels.maxPool(window, input: map(input), output: map(output)), rescale)
    case .mean(let input, let ratio, let range):
      return kernels.mean(
        input: map(input.value), zero: input.zero, output: memory.bytes(output), ratio: ratio, range: range)
    case .resize(let input, let rows, let columns, let rescale):
      return rescaled(
        kernels.resize(input: map(input), output: map(output), rows: rows, columns: columns), rescale)
    case .sample(let source, let grid, let rows, let columns, let rescale):
      return rescaled(
        kernels.sample(
          source: map(source), grid: map(grid), rows: rows, columns: columns, output: map(output)), rescale)
    case .warp(let scale, let source, let offsets, let mask, let rescale):
      return rescaled(
        kernels.warp(
          scale: scale, source: map(source), offsets: map(offsets),
          scores: mask.map { (map($0.scores), $0.table) }, output: map(output)), rescale)
    case .localAttention(let region, let steps, let table, let query, let key, let value):
      return kernels.localAttention(
        region: region, steps: steps, table: table, query: pair(query), key: pair(key), value: pair(value),
        output: map(output))
    case .globalAttention(let multiplier, let table, let query, let key, let value):
      return kernels.globalAttention(
        multiplier: multiplier, table: table, query: pair(query), key: pair(key), value: map(value),
        output: map(output))
    }
  }
}
