// SPDX-License-Identifier: Apache-2.0

internal import GraphIR
internal import Kernels

extension StepFamily {
  /// Changes of size and sampling.
  static let geometry = StepFamily(name: "geometry") { context in
    guard context.isReal(0) else { return nil }
    switch context.node.op {
    case .resize(let resize): return Self.resize(context, resize)
    case .gridSample(let sampling) where context.fact(1)?.dtype == .float32:
      return gridSample(context, sampling)
    case .warp(let warp) where context.isReal(0, 1, 2): return try Self.warp(context, warp)
    case .localAttention(let attention) where context.isReal(0, 1, 2):
      return localAttention(context, attention)
    case .globalAttention(let scale) where context.outputFact.dtype == .float32:
      return globalAttention(context, scale)
    default: return nil
    }
  }

  private static func resize(_ context: NodeContext, _ resize: Resize) -> Step {
    let input = context.node.inputs[0]
    let from = context.given(0).shape.extents
    let to = context.outputFact.shape.extents
    var scales = (rows: Float(to[1]) / Float(from[1]), columns: Float(to[2]) / Float(from[2]))
    if case .scales(let rows, let columns) = resize.target { scales = (rows, columns) }
    let rows = ResizeTable(resize, input: from[1], output: to[1], scale: scales.rows)
    let columns = ResizeTable(resize, input: from[2], output: to[2], scale: scales.columns)
    return Step(
      context, kernel: context.kernels.kernel(.resize),
      reason: "\(resize.mode.rawValue), positions in tables", constants: [input],
      layout: LayoutNeeds(strided: .all),
      call: context.float(.resize(input: input, rows: rows, columns: columns)))
  }

  private static func gridSample(_ context: NodeContext, _ sample: GridSample) -> Step {
    let (input, grid) = (context.node.inputs[0], context.node.inputs[1])
    let sampling = GridSampling(
      nearest: sample.mode == .nearest, border: sample.padding == .border, alignCorners: sample.alignCorners)
    return Step(
      context,
      kernel: sampling.nearest
        ? context.kernels.scalarKernel(.gridsample) : context.kernels.kernel(.gridsample),
      reason: "not recognized as a warp", constants: [input, grid],
      call: context.float(.gridSample(sampling, input: input, grid: grid)))
  }

  private static func warp(_ context: NodeContext, _ warp: Warp) throws -> Step {
    guard warp.scale == 1 || warp.scale == 2 else {
      throw context.fail("scale \(warp.scale)", hint: "1 or 2")
    }
    let (mask, residual) = (context.input(2), context.planned.residual)
    return Step(
      context, kernel: context.kernels.kernel(.warp),
      reason:
        "offsets\(mask == nil ? "" : ", mask") and sampling in one\(residual == nil ? "" : ", with the add")",
      constants: context.values,
      layout: LayoutNeeds(strided: .all, output: residual.map { .over([$0]) } ?? .own),
      call: context.float(
        .warp(
          scale: warp.scale, source: context.node.inputs[0], offsets: context.node.inputs[1], mask: mask,
          residual: residual)))
  }

  private static func localAttention(_ context: NodeContext, _ attention: LocalAttention) -> Step {
    let inputs = context.node.inputs
    return Step(
      context, kernel: context.kernels.kernel(.localAttention),
      reason: "\(attention.cells) cells, relation and mixture in one", constants: context.values,
      layout: LayoutNeeds(strided: .all),
      call: context.float(
        .localAttention(
          attention, query: inputs[0], key: inputs[1], value: inputs[2], bias: context.input(3))))
  }

  private static func globalAttention(_ context: NodeContext, _ scale: Float) -> Step {
    let inputs = context.node.inputs
    return Step(
      context, kernel: context.kernels.kernel(.globalAttention), reason: "no matrix of weights",
      constants: context.values, layout: LayoutNeeds(strided: .all),
      call: context.float(
        .globalAttention(scale: scale, query: inputs[0], key: inputs[1], value: inputs[2])))
  }
}

extension ResizeTable {
  /// Where each output cell samples along one axis, by ONNX's coordinate rules.
  ///
  /// - Parameter scale: output cells for each input cell.
  init(_ resize: Resize, input: Int, output: Int, scale: Float) {
    let cells = (0..<output).map { index -> (first: Int, second: Int, weight: Float) in
      let position = resize.position(of: index, input: input, output: output, scale: scale)
      let first = Int(position)
      guard resize.mode == .linear else { return (first, first, 0) }
      return (first, min(first + 1, input - 1), position - Float(first))
    }
    self.init(inputExtent: input, cells: cells)
  }
}

extension Resize {
  /// The place in the input that an output cell samples along one axis, within `0...input - 1`; a whole number in
  /// nearest mode.
  func position<Number: BinaryFloatingPoint>(
    of index: Int, input: Int, output: Int, scale: Number
  ) -> Number {
    let (cell, last) = (Number(index), Number(input - 1))
    let at: Number
    switch coordinates {
    case .halfPixel: at = (cell + 0.5) / scale - 0.5
    case .pytorchHalfPixel: at = output > 1 ? (cell + 0.5) / scale - 0.5 : 0
    case .alignCorners: at = output > 1 ? cell * last / Number(output - 1) : 0
    case .asymmetric: at = cell / scale
    }
    guard mode == .nearest else { return min(max(at, 0), last) }
    let whole: Number
    switch rounding {
    case .roundPreferFloor: whole = (at - 0.5).rounded(.up)
    case .roundPreferCeil: whole = (at + 0.5).rounded(.down)
    case .floor: whole = at.rounded(.down)
    case .ceil: whole = at.rounded(.up)
    }
    return min(max(whole, 0), last)
  }
}
