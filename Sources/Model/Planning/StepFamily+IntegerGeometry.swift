// SPDX-License-Identifier: Apache-2.0

internal import GraphIR
internal import Kernels
internal import Workers

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
      context, kernel: kernels.kernel(isAverage ? .averagePool : .maxPool),
      reason: "\(window.kernelRows)x\(window.kernelColumns) window", takesStrided: true, givesStrided: true,
      reach: [RowReach(window, input: context.facts[input.value], output: context.outputFact)]
    ) { memory in
      let (from, to) = (memory.byteMap(input.value), memory.byteMap(output))
      if isAverage {
        return kernels.averagePool(
          settled, input: from, zero: input.zero, output: to, ratio: ratio, range: range)
      }
      return kernels.maxPool(settled, input: from, output: to) + work.rescaling(to, kernels)
    }
  }

  static func mean(_ context: NodeContext, _ work: IntegerWork) -> Step {
    let (input, output, range) = (work.inputs[0], context.output, work.range)
    let ratio = Float(input.scale / work.output.scale)
    let kernels = context.integers
    return Step(
      context, kernel: kernels.kernel(.mean), reason: "all pixels", takesStrided: true
    ) { memory in
      kernels.mean(
        input: memory.byteMap(input.value), zero: input.zero, output: memory.bytes(output), ratio: ratio,
        range: range)
    }
  }

  static func integerResize(_ context: NodeContext, _ work: IntegerWork, _ resize: Resize) -> Step {
    let (input, output) = (work.inputs[0], context.output)
    let from = context.facts[input.value].shape.extents
    let to = context.outputFact.shape.extents
    var scales = (rows: Double(to[1]) / Double(from[1]), columns: Double(to[2]) / Double(from[2]))
    if case .scales(let rows, let columns) = resize.target { scales = (Double(rows), Double(columns)) }
    let rows = Int8ResizeTaps(resize, input: from[1], output: to[1], scale: scales.rows)
    let columns = Int8ResizeTaps(resize, input: from[2], output: to[2], scale: scales.columns)
    let kernels = context.integers
    return Step(
      context, kernel: kernels.kernel(.resize),
      reason: "\(resize.mode.rawValue), positions in tables",
      takesStrided: true, givesStrided: true, reach: [.taps(rows)]
    ) { memory in
      let to = memory.byteMap(output)
      return kernels.resize(input: memory.byteMap(input.value), output: to, rows: rows, columns: columns)
        + work.rescaling(to, kernels)
    }
  }

  /// Samples where a stored grid points: each of its 256 numbers is one position.
  static func integerGridSample(_ context: NodeContext, _ work: IntegerWork, _ sample: GridSample) -> Step {
    let (source, grid, output) = (work.inputs[0], work.inputs[1], context.output)
    let extents = context.facts[source.value].shape.extents
    func positions(_ extent: Int) -> GridPositions {
      let last = Double(extent - 1)
      return GridPositions(
        extent: extent,
        (0..<256).map { stored in
          let at = Double(stored - grid.zero) * grid.scale + 1
          return min(max(sample.alignCorners ? at / 2 * last : (at * Double(extent) - 1) / 2, 0), last)
        })
    }
    let (rows, columns) = (positions(extents[1]), positions(extents[2]))
    let kernels = context.integers
    return Step(
      context, kernel: kernels.kernel(.sample), reason: "a stored grid, positions in tables",
      weightBytes: 2048, takesStrided: true, givesStrided: true
    ) { memory in
      let to = memory.byteMap(output)
      return kernels.sample(
        source: memory.byteMap(source.value), grid: memory.byteMap(grid.value), rows: rows, columns: columns,
        output: to) + work.rescaling(to, kernels)
    }
  }

  static func integerWarp(_ context: NodeContext, _ work: IntegerWork, _ warp: Warp) -> Step {
    let (source, offsets, output) = (work.inputs[0], work.inputs[1], context.output)
    let scores = work.inputs.count > 2 ? work.inputs[2] : nil
    let table = scores.map { SoftmaxTable(stepsOf: $0.scale) }
    let kernels = context.integers
    return Step(
      context, kernel: kernels.kernel(.warp),
      reason: "offsets\(scores == nil ? "" : ", mask") and sampling in one",
      weightBytes: scores == nil ? 0 : 512,
      takesStrided: true, givesStrided: true
    ) { memory in
      let to = memory.byteMap(output)
      return kernels.warp(
        scale: warp.scale, source: memory.byteMap(source.value), offsets: memory.byteMap(offsets.value),
        scores: scores.map { (memory.byteMap($0.value), table!) }, output: to) + work.rescaling(to, kernels)
    }
  }
}

extension IntegerWork {
  /// Brings what an operator left in its first input's scale to the output's; nothing where both are one.
  func rescaling(_ map: ByteMap, _ kernels: Int8Kernels) -> [Job] {
    let input = inputs[0]
    guard input.scale != output.scale || input.zero != output.zero || range != StoredRange(zero: output.zero)
    else { return [] }
    let rule = CombineRule(scaleA: input.scale / output.scale, zeroA: input.zero, to: range)
    return [kernels.combine(map, nil, output: map, rule: rule)]
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
