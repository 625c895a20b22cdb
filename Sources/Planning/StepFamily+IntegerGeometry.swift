// SPDX-License-Identifier: Apache-2.0

internal import GraphIR
internal import Kernels

extension StepFamily {
  static func integerPool(_ context: NodeContext, _ work: IntegerWork, _ pooling: Pooling) -> Step {
    var window = PoolingWindow(
      kernelRows: pooling.kernel.rows, kernelColumns: pooling.kernel.columns,
      strideRows: pooling.strides.rows,
      strideColumns: pooling.strides.columns)
    window.padTop = pooling.pads.top
    window.padLeft = pooling.pads.left
    window.padBottom = pooling.pads.bottom
    window.padRight = pooling.pads.right
    window.countIncludePad = pooling.countIncludePad
    let settled = window
    var averages = false
    if case .averagePool = context.node.op { averages = true }
    let isAverage = averages
    let (input, output, range) = (work.inputs[0], context.output, work.range)
    let ratio = Float(input.scale / work.output.scale)
    let kernels = context.integers
    return Step(
      context, kernel: "int8_\(isAverage ? "average" : "max")_pool__\(kernels.othersISA)",
      reason: "\(window.kernelRows)x\(window.kernelColumns) window", takesStrided: true, givesStrided: true
    ) { memory in
      let (from, to) = (memory.byteMap(input.name), memory.byteMap(output))
      if isAverage {
        return kernels.averagePool(
          settled, input: from, zero: input.zero, output: to, ratio: ratio, range: range)
      }
      return kernels.maxPool(settled, input: from, output: to)
    }
  }

  static func mean(_ context: NodeContext, _ work: IntegerWork) -> Step {
    let (input, output, range) = (work.inputs[0], context.output, work.range)
    let ratio = Float(input.scale / work.output.scale)
    let kernels = context.integers
    return Step(
      context, kernel: "int8_mean__\(kernels.othersISA)", reason: "all pixels", takesStrided: true
    ) { memory in
      kernels.mean(
        input: memory.byteMap(input.name), zero: input.zero, output: memory.bytes(output), ratio: ratio,
        range: range)
    }
  }

  static func integerResize(_ context: NodeContext, _ work: IntegerWork, _ resize: Resize) -> Step {
    let (input, output) = (work.inputs[0], context.output)
    let from = context.facts[input.name]!.shape.extents
    let to = context.outputFact.shape.extents
    var scales = (rows: Double(to[1]) / Double(from[1]), columns: Double(to[2]) / Double(from[2]))
    if case .scales(let rows, let columns) = resize.target { scales = (Double(rows), Double(columns)) }
    let rows = Int8ResizeTaps(resize, input: from[1], output: to[1], scale: scales.rows)
    let columns = Int8ResizeTaps(resize, input: from[2], output: to[2], scale: scales.columns)
    let kernels = context.integers
    return Step(
      context, kernel: "int8_resize__\(kernels.othersISA)",
      reason: "\(resize.mode.rawValue), positions in tables",
      takesStrided: true, givesStrided: true
    ) { memory in
      kernels.resize(
        input: memory.byteMap(input.name), output: memory.byteMap(output), rows: rows, columns: columns)
    }
  }

  static func integerWarp(_ context: NodeContext, _ work: IntegerWork, _ warp: Warp) -> Step {
    let (source, offsets, output) = (work.inputs[0], work.inputs[1], context.output)
    let scores = work.inputs.count > 2 ? work.inputs[2] : nil
    let table = scores.map { SoftmaxTable(stepsOf: $0.scale) }
    let kernels = context.integers
    return Step(
      context, kernel: "int8_warp__\(kernels.othersISA)",
      reason: "offsets\(scores == nil ? "" : ", mask") and sampling in one",
      weightBytes: scores == nil ? 0 : 512,
      takesStrided: true, givesStrided: true
    ) { memory in
      kernels.warp(
        scale: warp.scale, source: memory.byteMap(source.name), offsets: memory.byteMap(offsets.name),
        scores: scores.map { (memory.byteMap($0.name), table!) }, output: memory.byteMap(output))
    }
  }
}

extension StepFamily {
  static func integerAttention(_ context: NodeContext, _ work: IntegerWork, _ attention: LocalAttention)
    -> Step
  {
    let (query, key, value, output) = (work.inputs[0], work.inputs[1], work.inputs[2], context.output)
    let steps = work.relation!
    let table = SoftmaxTable(stepsOf: 1.0 / 32)
    let kernels = context.integers
    return Step(
      context, kernel: "int8_attention__\(kernels.othersISA)",
      reason: "\(attention.cells) cells, relation and mixture in one",
      weightBytes: 512 + 16 * attention.cells, takesStrided: true, givesStrided: true
    ) { memory in
      kernels.localAttention(
        region: attention.region, steps: steps, table: table, query: (memory.byteMap(query.name), query.zero),
        key: (memory.byteMap(key.name), key.zero), value: (memory.byteMap(value.name), value.zero),
        output: memory.byteMap(output))
    }
  }
}

extension SoftmaxTable {
  /// e^(-d * scale) for differences d, in 15 bits.
  init(stepsOf scale: Double) {
    self.init(
      (0..<256).map { UInt16((Exponential.of(-Double($0) * scale) * 32767).rounded(.toNearestOrEven)) })
  }
}

extension Int8ResizeTaps {
  /// Where each output cell samples along one axis, by ONNX's coordinate rules.
  init(_ resize: Resize, input: Int, output: Int, scale: Double) {
    let last = Double(input - 1)
    let positions = (0..<output).map { index -> Double in
      let cell = Double(index)
      let at: Double
      switch resize.coordinates {
      case .halfPixel: at = (cell + 0.5) / scale - 0.5
      case .pytorchHalfPixel: at = output > 1 ? (cell + 0.5) / scale - 0.5 : 0
      case .alignCorners: at = output > 1 ? cell * last / Double(output - 1) : 0
      case .asymmetric: at = cell / scale
      }
      guard resize.mode == .nearest else { return min(max(at, 0), last) }
      switch resize.rounding {
      case .roundPreferFloor: return min(max((at - 0.5).rounded(.up), 0), last)
      case .roundPreferCeil: return min(max((at + 0.5).rounded(.down), 0), last)
      case .floor: return min(max(at.rounded(.down), 0), last)
      case .ceil: return min(max(at.rounded(.up), 0), last)
      }
    }
    self.init(inputExtent: input, positions: positions)
  }
}
