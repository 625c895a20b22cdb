// SPDX-License-Identifier: Apache-2.0

internal import GraphIR
internal import Kernels

extension StepFamily {
  static func quantizedAveragePool(_ context: NodeContext, _ work: QuantizedWork, _ pooling: Pooling) -> Step
  {
    let (input, window) = (work.inputs[0], PoolingWindow(pooling))
    return Step(
      context, kernel: context.integers.kernel(.averagePool),
      reason: "\(window.kernelRows)x\(window.kernelColumns) window", layout: LayoutNeeds(strided: .all),
      reach: [RowReach(window, input: context.facts[input.value], output: context.outputFact)],
      call: .quantized(
        .averagePool(
          window, input: input.operand, ratio: Float(input.scale / work.output.scale), range: work.range)))
  }

  static func quantizedMaxPool(_ context: NodeContext, _ work: QuantizedWork, _ pooling: Pooling) -> Step {
    let (input, window) = (work.inputs[0], PoolingWindow(pooling))
    return Step(
      context, kernel: context.integers.kernel(.maxPool),
      reason: "\(window.kernelRows)x\(window.kernelColumns) window", layout: LayoutNeeds(strided: .all),
      reach: [RowReach(window, input: context.facts[input.value], output: context.outputFact)],
      call: .quantized(.maxPool(window, input: input.value, rescale: work.rescaling)))
  }

  static func mean(_ context: NodeContext, _ work: QuantizedWork) -> Step {
    let input = work.inputs[0]
    return Step(
      context, kernel: context.integers.kernel(.mean), reason: "all pixels",
      layout: LayoutNeeds(strided: .inputs),
      call: .quantized(
        .mean(input: input.operand, ratio: Float(input.scale / work.output.scale), range: work.range)))
  }

  static func quantizedResize(_ context: NodeContext, _ work: QuantizedWork, _ resize: Resize) -> Step {
    let input = work.inputs[0].value
    let from = context.facts[input].shape.extents
    let to = context.outputFact.shape.extents
    var scales = (rows: Double(to[1]) / Double(from[1]), columns: Double(to[2]) / Double(from[2]))
    if case .scales(let rows, let columns) = resize.target { scales = (Double(rows), Double(columns)) }
    let rows = Int8ResizeTaps(resize, input: from[1], output: to[1], scale: scales.rows)
    let columns = Int8ResizeTaps(resize, input: from[2], output: to[2], scale: scales.columns)
    return Step(
      context, kernel: context.integers.kernel(.resize),
      reason: "\(resize.mode.rawValue), positions in tables", layout: LayoutNeeds(strided: .all),
      reach: [.taps(rows)],
      call: .quantized(.resize(input: input, rows: rows, columns: columns, rescale: work.rescaling)))
  }

  /// Samples where a quantized grid points: each of its 256 numbers is one position.
  static func quantizedGridSample(_ context: NodeContext, _ work: QuantizedWork, _ sample: GridSample) -> Step
  {
    let (source, grid) = (work.inputs[0], work.inputs[1])
    let extents = context.facts[source.value].shape.extents
    func positions(_ extent: Int) -> GridPositions {
      let last = Double(extent - 1)
      return GridPositions(
        extent: extent,
        (0..<256).map { number in
          let at = Double(number - grid.zero) * grid.scale + 1
          return min(max(sample.alignCorners ? at / 2 * last : (at * Double(extent) - 1) / 2, 0), last)
        })
    }
    return Step(
      context, kernel: context.integers.kernel(.sample), reason: "a quantized grid, positions in tables",
      weightBytes: 2048, layout: LayoutNeeds(strided: .all),
      call: .quantized(
        .sample(
          source: source.value, grid: grid.value, rows: positions(extents[1]),
          columns: positions(extents[2]), rescale: work.rescaling)))
  }

  static func quantizedWarp(_ context: NodeContext, _ work: QuantizedWork, _ warp: Warp) -> Step {
    let mask = work.inputs.dropFirst(2).first.map { scores in
      QuantizedCall.Mask(scores: scores.value, table: SoftmaxTable(stepsOf: scores.scale))
    }
    return Step(
      context, kernel: context.integers.kernel(.warp),
      reason: "offsets\(mask == nil ? "" : ", mask") and sampling in one",
      weightBytes: mask == nil ? 0 : 512, layout: LayoutNeeds(strided: .all),
      call: .quantized(
        .warp(
          scale: warp.scale, source: work.inputs[0].value, offsets: work.inputs[1].value, mask: mask,
          rescale: work.rescaling)))
  }

  static func quantizedLocalAttention(
    _ context: NodeContext, _ work: QuantizedWork, _ attention: LocalAttention
  ) -> Step? {
    guard let steps = work.relation else { return nil }
    return Step(
      context, kernel: context.integers.kernel(.localAttention),
      reason: "\(attention.cells) cells, relation and mixture in one",
      weightBytes: 512 + 16 * attention.cells, layout: LayoutNeeds(strided: .all),
      call: .quantized(
        .localAttention(
          region: attention.region, steps, SoftmaxTable(stepsOf: 1.0 / 32), query: work.inputs[0].operand,
          key: work.inputs[1].operand, value: work.inputs[2].operand)))
  }

  static func quantizedGlobalAttention(_ context: NodeContext, _ work: QuantizedWork) -> Step? {
    guard let multiplier = work.logitsPerUnitQ6 else { return nil }
    let table = ExponentTable(
      (0..<ExponentTable.count).map {
        UInt16((Exponential.of(-Double($0) / 64) * 32767).rounded(.toNearestOrEven))
      })
    return Step(
      context, kernel: context.integers.kernel(.globalAttention), reason: "no matrix of weights",
      weightBytes: 2 * ExponentTable.count, layout: LayoutNeeds(strided: .all),
      call: .quantized(
        .globalAttention(
          multiplier: multiplier, table, query: work.inputs[0].operand, key: work.inputs[1].operand,
          value: work.inputs[2].value)))
  }
}

extension Int8ResizeTaps {
  /// Where each output cell samples along one axis, by ONNX's coordinate rules.
  ///
  /// - Parameter scale: output cells for each input cell.
  init(_ resize: Resize, input: Int, output: Int, scale: Double) {
    self.init(
      inputExtent: input,
      positions: (0..<output).map { resize.position(of: $0, input: input, output: output, scale: scale) })
  }
}
