// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import GraphIR
internal import Kernels

extension StepFamily {
  /// Convolutions over float weights, with bias, limits and residual in the kernel.
  static let convolution = StepFamily(name: "convolution") { context in
    guard case .conv(let convolution) = context.node.op, context.isReal(0) else { return nil }
    guard let weights = context.constant(1) else {
      throw context.fail("the weights are not constant", hint: "weights must be known before the run")
    }
    guard context.input(2) == nil || context.constant(2) != nil else {
      throw context.fail("the bias is not constant")
    }
    var window = ConvolutionWindow(
      kernelRows: convolution.kernel.rows, kernelColumns: convolution.kernel.columns)
    window.strideRows = convolution.strides.rows
    window.strideColumns = convolution.strides.columns
    window.dilationRows = convolution.dilations.rows
    window.dilationColumns = convolution.dilations.columns
    window.padTop = convolution.pads.top
    window.padLeft = convolution.pads.left
    let packed = weights.realElements().withUnsafeBufferPointer { weights in
      func pack(_ bias: UnsafeBufferPointer<Float>?) -> PackedConvolution {
        context.kernels.pack(
          window, inChannels: context.fact(0)!.shape[-1], outChannels: context.outputFact.shape[-1],
          groups: convolution.groups, weights: weights, bias: bias)
      }
      return context.constant(2)?.realElements().withUnsafeBufferPointer { pack($0) } ?? pack(nil)
    }
    let input = context.input(0)!
    let output = context.output
    let residual = context.planned.residual
    let addsFirst = context.planned.addsFirst
    let limits = context.planned.limits ?? Limits(convolution.activation)
    return Step(
      context, kernel: packed.kernel, reason: packed.reason, weightBytes: packed.byteCount,
      readsConstants: [input] + (residual.map { [$0] } ?? []), inPlace: residual.map { [$0] } ?? [],
      takesStrided: true, givesStrided: true,
      reach: context.values.map { value in
        guard value == input else { return value == residual ? .same : .whole }
        return RowReach(packed.window, input: context.fact(0)!, output: context.outputFact)
      }
    ) { memory in
      [
        packed.job(
          input: memory.map(input), output: memory.map(output), limits: limits,
          residual: residual.map { memory.map($0) }, addFirst: addsFirst)
      ]
    }
  }
}
