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
    let (input, output) = (context.input(0)!, context.output)
    let from = context.fact(0)!.shape.extents
    let to = context.outputFact.shape.extents
    var scales = (rows: Float(to[1]) / Float(from[1]), columns: Float(to[2]) / Float(from[2]))
    if case .scales(let rows, let columns) = resize.target { scales = (rows, columns) }
    let rows = ResizeTable(resize, input: from[1], output: to[1], scale: scales.rows)
    let columns = ResizeTable(resize, input: from[2], output: to[2], scale: scales.columns)
    let kernels = context.kernels
    return Step(
      context, kernel: kernels.kernel(.resize), reason: "\(resize.mode.rawValue), positions in tables",
      readsConstants: [input], takesStrided: true, givesStrided: true
    ) { memory in
      [kernels.resize(input: memory.map(input), output: memory.map(output), rows: rows, columns: columns)]
    }
  }

  private static func gridSample(_ context: NodeContext, _ sample: GridSample) -> Step {
    let (input, grid, output) = (context.input(0)!, context.input(1)!, context.output)
    let sampling = GridSampling(
      nearest: sample.mode == .nearest, border: sample.padding == .border, alignCorners: sample.alignCorners)
    let kernels = context.kernels
    return Step(
      context, kernel: sampling.nearest ? kernels.scalarKernel(.gridsample) : kernels.kernel(.gridsample),
      reason: "not recognised as a warp",
      readsConstants: [input, grid]
    ) { memory in
      [
        kernels.gridSample(
          sampling, input: memory.map(input), grid: memory.floats(grid), output: memory.map(output))
      ]
    }
  }

  private static func warp(_ context: NodeContext, _ warp: Warp) throws -> Step {
    guard warp.scale == 1 || warp.scale == 2 else {
      throw context.fail("scale \(warp.scale)", hint: "1 or 2")
    }
    let (source, offsets, mask, output) = (
      context.input(0)!, context.input(1)!, context.input(2), context.output
    )
    let residual = context.planned.residual
    let kernels = context.kernels
    return Step(
      context, kernel: kernels.kernel(.warp),
      reason:
        "offsets\(mask == nil ? "" : ", mask") and sampling in one\(residual == nil ? "" : ", with the add")",
      readsConstants: context.values, inPlace: residual.map { [$0] } ?? [], takesStrided: true,
      givesStrided: true
    ) { memory in
      [
        kernels.warp(
          scale: warp.scale, source: memory.map(source), offsets: memory.map(offsets),
          mask: mask.map { memory.map($0) },
          residual: residual.map { memory.map($0) }, output: memory.map(output))
      ]
    }
  }
}
