// SPDX-License-Identifier: Apache-2.0

internal import GraphIR
internal import Kernels

extension StepFamily {
  /// Elements moved, none changed. Any type of elements.
  static let form = StepFamily(name: "form") { context in
    switch context.node.op {
    case .reshape: return view(context)
    case .concat(let axis): return try concat(context, axis)
    case .transpose(let permutation): return try transpose(context, permutation)
    case .slice(let starts, let ends, let axes, let steps):
      return try slice(context, starts, ends, axes, steps)
    case .pad(let before, _, let value): return try pad(context, before, value)
    case .depthToSpace(let block, let mode): return try depthToSpace(context, block, mode)
    case .spaceToDepth(let block): return try spaceToDepth(context, block)
    default: return nil
    }
  }

  private static func view(_ context: NodeContext) -> Step {
    // A constant has no place in the arena that a view could share.
    if context.constants[context.node.inputs[0]] != nil {
      let count = context.outputFact.shape.count
      return copies(
        context, "reshape of a constant",
        StridedCopy(extents: [count], inStrides: [1], outStrides: [1]), from: 0)
    }
    return Step(
      context, kernel: KernelID(.view, context.isQuantized ? .quantized : .any, .scalar),
      reason: "the same memory", layout: LayoutNeeds(output: .view), call: .view)
  }

  /// A step of one copy, beginning `from` elements into the input.
  private static func copies(_ context: NodeContext, _ reason: String, _ copy: StridedCopy, from: Int) -> Step
  {
    let input = context.node.inputs[0]
    let move = FloatCall.Move(
      copy: copy, input: input, from: from, elementBytes: context.outputFact.dtype.byteCount)
    return Step(
      context, kernel: copyKernel(context), reason: reason, constants: [input],
      call: context.float(.copy(move)))
  }

  private static func copyKernel(_ context: NodeContext) -> KernelID {
    let kernel = context.kernels.kernel(.copy)
    return context.isQuantized ? KernelID(.copy, .quantized, kernel.isa) : kernel
  }

  private static func runnable(_ context: NodeContext, _ copy: StridedCopy) throws -> StridedCopy {
    guard copy.isRunnable else { throw context.fail("more axes than a copy takes") }
    return copy
  }

  /// Inputs whose producers write straight into the output are not copied.
  private static func concat(_ context: NodeContext, _ axis: Int) throws -> Step {
    let shape = context.outputFact.shape
    let axis = axis < 0 ? axis + shape.rank : axis
    let inputs = context.node.inputs
    let inner = shape.extents[(axis + 1)...].reduce(1, *)
    let outer = shape.extents[..<axis].reduce(1, *)
    let parts = inputs.map { context.facts[$0].shape.extents[axis] * inner }
    let whole = parts.reduce(0, +)
    let offsets = parts.indices.map { parts[..<$0].reduce(0, +) }
    let byChannels = shape.rank == 4 && axis == 3 && context.outputFact.dtype.isReal
    let moves = inputs.indices.map { index in
      FloatCall.Move(
        copy: StridedCopy(
          extents: [outer, parts[index]], inStrides: [parts[index], 1], outStrides: [whole, 1]),
        input: inputs[index], to: offsets[index], elementBytes: context.outputFact.dtype.byteCount)
    }
    return Step(
      context, kernel: copyKernel(context),
      reason: byChannels ? "what its producers could not write in place" : "axis \(axis)",
      constants: inputs,
      layout: LayoutNeeds(output: byChannels ? .parts(offsets: offsets, written: []) : .own),
      call: context.float(.concat(moves)))
  }

  private static func transpose(_ context: NodeContext, _ permutation: [Int]) throws -> Step {
    let source = context.given(0).shape.extents.denseStrides
    let extents = context.outputFact.shape.extents
    let copy = StridedCopy(
      extents: extents, inStrides: permutation.map { source[$0] }, outStrides: extents.denseStrides)
    return copies(context, "permutation \(permutation)", try runnable(context, copy), from: 0)
  }

  private static func slice(
    _ context: NodeContext, _ starts: [Int], _ ends: [Int], _ axes: [Int], _ steps: [Int]
  )
    throws -> Step
  {
    let source = context.given(0).shape.extents
    var strides = source.denseStrides
    var from = 0
    for (index, axis) in axes.enumerated() {
      let axis = axis < 0 ? axis + source.count : axis
      let range = SliceRange(start: starts[index], end: ends[index], step: steps[index], extent: source[axis])
      from += range.first * strides[axis]
      strides[axis] *= range.step
    }
    let extents = context.outputFact.shape.extents
    let copy = StridedCopy(extents: extents, inStrides: strides, outStrides: extents.denseStrides)
    return copies(context, "part of the input", try runnable(context, copy), from: from)
  }

  private static func pad(_ context: NodeContext, _ before: [Int], _ value: Float) throws -> Step? {
    guard context.isReal(0) || context.isQuantized else { return nil }
    let source = context.given(0).shape.extents
    let extents = context.outputFact.shape.extents
    let strides = extents.denseStrides
    let copy = try runnable(
      context, StridedCopy(extents: source, inStrides: source.denseStrides, outStrides: strides))
    let input = context.node.inputs[0]
    let move = FloatCall.Move(
      copy: copy, input: input, to: zip(before, strides).reduce(0) { $0 + $1.0 * $1.1 },
      elementBytes: context.outputFact.dtype.byteCount)
    return Step(
      context, kernel: context.isQuantized ? context.integers.kernel(.fill) : context.kernels.kernel(.fill),
      reason: "constant border, then a copy", constants: [input],
      call: context.float(
        .pad(move, value: value, count: extents.reduce(1, *), isQuantized: context.isQuantized)))
  }

  private static func depthToSpace(_ context: NodeContext, _ block: Int, _ mode: DepthToSpaceMode) throws
    -> Step
  {
    let source = context.given(0).shape.extents
    let (batch, rows, columns) = (source[0], source[1], source[2])
    let channels = source[3] / (block * block)
    // Output order: batch, row, sub-row, column, sub-column, channel.
    let extents = [batch, rows, block, columns, block, channels]
    let inner = mode == .dcr ? [block * channels, channels, 1] : [block, 1, block * block]
    let copy = StridedCopy(
      extents: extents,
      inStrides: [rows * columns * source[3], columns * source[3], inner[0], source[3], inner[1], inner[2]],
      outStrides: extents.denseStrides)
    return copies(context, "\(block)x\(block) blocks", try runnable(context, copy), from: 0)
  }

  private static func spaceToDepth(_ context: NodeContext, _ block: Int) throws -> Step {
    let source = context.given(0).shape.extents
    let strides = source.denseStrides
    // Output order: batch, row, column, sub-row, sub-column, channel.
    let extents = [source[0], source[1] / block, source[2] / block, block, block, source[3]]
    let copy = StridedCopy(
      extents: extents,
      inStrides: [strides[0], strides[1] * block, strides[2] * block, strides[1], strides[2], 1],
      outStrides: extents.denseStrides)
    return copies(context, "\(block)x\(block) blocks", try runnable(context, copy), from: 0)
  }
}
