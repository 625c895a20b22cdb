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
    let (input, window) = (context.node.inputs[0], PoolingWindow(pooling))
    return Step(
      context, kernel: context.kernels.kernel(average ? .averagePool : .maxPool),
      reason: "\(window.kernelRows)x\(window.kernelColumns) window", constants: [input],
      layout: LayoutNeeds(strided: .all),
      reach: [RowReach(window, input: context.given(0), output: context.outputFact)],
      call: context.float(.pool(window, average: average, input: input)))
  }

  private static func globalPool(_ context: NodeContext) -> Step {
    let input = context.node.inputs[0]
    return Step(
      context, kernel: context.kernels.kernel(.globalAveragePool), reason: "sums in float",
      constants: [input], layout: LayoutNeeds(strided: .inputs),
      call: context.float(.globalPool(input: input)))
  }

  private static func reduce(_ context: NodeContext, _ axes: [Int], mean: Bool) throws -> Step {
    let input = context.node.inputs[0]
    let extents = context.given(0).shape.extents
    let strides = extents.denseStrides
    let named = Set(axes.isEmpty ? Array(extents.indices) : axes.map { $0 < 0 ? $0 + extents.count : $0 })
    func strided(_ chosen: [Int]) -> StridedAxes {
      StridedAxes(extents: chosen.map { extents[$0] }, strides: chosen.map { strides[$0] })
    }
    let kept = strided(extents.indices.filter { !named.contains($0) })
    let summed = strided(named.sorted())
    guard max(kept.extents.count, summed.extents.count) <= 8 else { throw context.fail("more than 8 axes") }
    let terms = summed.extents.reduce(1, *)
    return Step(
      context, kernel: context.kernels.kernel(.reduce), reason: "\(terms) terms", constants: [input],
      call: context.float(
        .reduce(input: input, kept: kept, summed: summed, scale: mean ? 1 / Float(terms) : 1)))
  }

  private static func argMax(_ context: NodeContext, _ axis: Int) -> Step {
    let input = context.node.inputs[0]
    let axis = context.around(axis, context.given(0).shape)
    return Step(
      context, kernel: context.kernels.kernel(.argMax), reason: "over \(axis.extent) elements",
      constants: [input],
      call: context.float(.argMax(input: input, axis)))
  }
}

extension PoolingWindow {
  init(_ pooling: Pooling) {
    self.init(
      kernelRows: pooling.kernel.rows, kernelColumns: pooling.kernel.columns,
      strideRows: pooling.strides.rows, strideColumns: pooling.strides.columns)
    padTop = pooling.pads.top
    padLeft = pooling.pads.left
    padBottom = pooling.pads.bottom
    padRight = pooling.pads.right
    countIncludePad = pooling.countIncludePad
  }
}
