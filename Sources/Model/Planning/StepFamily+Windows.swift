// SPDX-License-Identifier: Apache-2.0

internal import GraphIR
internal import Kernels

extension StepFamily {
  /// Pooling and reductions.
  static let windows = StepFamily(name: "windows") { context in
    guard context.fact(0)?.dtype.isReal == true else { return nil }
    switch context.node.op {
    case .averagePool(let pooling): return pool(context, pooling, average: true)
    case .maxPool(let pooling): return pool(context, pooling, average: false)
    case .globalAveragePool: return globalPool(context)
    case .reduceSum(let axes, _): return try reduce(context, axes, mean: false)
    case .reduceMean(let axes, _): return try reduce(context, axes, mean: true)
    case .argMax(let axis, _): return argMax(context, axis)
    default: return nil
    }
  }

  private static func pool(_ context: NodeContext, _ pooling: Pooling, average: Bool) -> Step {
    var window = PoolingWindow(
      kernelRows: pooling.kernel.rows, kernelColumns: pooling.kernel.columns,
      strideRows: pooling.strides.rows, strideColumns: pooling.strides.columns)
    window.padTop = pooling.pads.top
    window.padLeft = pooling.pads.left
    window.padBottom = pooling.pads.bottom
    window.padRight = pooling.pads.right
    window.countIncludePad = pooling.countIncludePad
    let settled = window
    let (input, output) = (context.input(0)!, context.output)
    let kernels = context.kernels
    return Step(
      context, kernel: kernels.kernel(average ? .averagePool : .maxPool),
      reason: "\(window.kernelRows)x\(window.kernelColumns) window", readsConstants: [input],
      takesStrided: true,
      givesStrided: true, reach: [RowReach(settled, input: context.fact(0)!, output: context.outputFact)]
    ) { memory in
      [kernels.pool(settled, average: average, input: memory.map(input), output: memory.map(output))]
    }
  }

  private static func globalPool(_ context: NodeContext) -> Step {
    let (input, output) = (context.input(0)!, context.output)
    let kernels = context.kernels
    return Step(
      context, kernel: kernels.kernel(.globalAveragePool), reason: "sums in float",
      readsConstants: [input], takesStrided: true
    ) { memory in
      [kernels.globalAveragePool(input: memory.map(input), output: memory.pointer(output))]
    }
  }

  private static func reduce(_ context: NodeContext, _ axes: [Int], mean: Bool) throws -> Step {
    let (input, output) = (context.input(0)!, context.output)
    let extents = context.fact(0)!.shape.extents
    let strides = extents.denseStrides
    let named = Set(axes.isEmpty ? Array(extents.indices) : axes.map { $0 < 0 ? $0 + extents.count : $0 })
    func strided(_ chosen: [Int]) -> StridedAxes {
      StridedAxes(extents: chosen.map { extents[$0] }, strides: chosen.map { strides[$0] })
    }
    let kept = strided(extents.indices.filter { !named.contains($0) })
    let summed = strided(named.sorted())
    guard max(kept.extents.count, summed.extents.count) <= 8 else { throw context.fail("more than 8 axes") }
    let terms = summed.extents.reduce(1, *)
    let kernels = context.kernels
    return Step(
      context, kernel: kernels.kernel(.reduce), reason: "\(terms) terms", readsConstants: [input]
    ) { memory in
      [
        kernels.reduce(
          input: memory.pointer(input), output: memory.pointer(output), kept: kept, summed: summed,
          scale: mean ? 1 / Float(terms) : 1)
      ]
    }
  }

  private static func argMax(_ context: NodeContext, _ axis: Int) -> Step {
    let (input, output) = (context.input(0)!, context.output)
    let (outer, extent, inner) = context.around(axis, context.fact(0)!.shape)
    let kernels = context.kernels
    return Step(
      context, kernel: kernels.kernel(.argMax), reason: "over \(extent) elements",
      readsConstants: [input]
    ) { memory in
      [
        kernels.argMax(
          input: memory.pointer(input), output: memory.pointer(output).assumingMemoryBound(to: Int64.self),
          outer: outer, extent: extent, inner: inner)
      ]
    }
  }
}
