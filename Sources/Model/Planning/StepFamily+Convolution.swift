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
    let (input, fact) = (context.node.inputs[0], context.given(0))
    let packed = weights.realElements().withUnsafeBufferPointer { weights in
      func pack(_ bias: UnsafeBufferPointer<Float>?) -> PackedConvolution {
        context.kernels.pack(
          ConvolutionWindow(convolution), inChannels: fact.shape[-1],
          outChannels: context.outputFact.shape[-1], groups: convolution.groups, weights: weights, bias: bias)
      }
      return context.constant(2)?.realElements().withUnsafeBufferPointer { pack($0) } ?? pack(nil)
    }
    let residual = context.planned.residual
    return Step(
      context, kernel: packed.kernel, reason: packed.reason, weightBytes: packed.byteCount,
      constants: [input] + (residual.map { [$0] } ?? []),
      layout: LayoutNeeds(strided: .all, output: residual.map { .over([$0]) } ?? .own),
      reach: context.values.map { value in
        guard value == input else { return value == residual ? .same : .whole }
        return RowReach(packed.window, input: fact, output: context.outputFact)
      },
      call: context.float(
        .convolution(
          packed, input: input, residual: residual,
          limits: context.planned.limits ?? Limits(convolution.activation),
          addsFirst: context.planned.addsFirst)))
  }
}

extension ConvolutionWindow {
  init(_ convolution: Convolution) {
    self.init(kernelRows: convolution.kernel.rows, kernelColumns: convolution.kernel.columns)
    strideRows = convolution.strides.rows
    strideColumns = convolution.strides.columns
    dilationRows = convolution.dilations.rows
    dilationColumns = convolution.dilations.columns
    padTop = convolution.pads.top
    padLeft = convolution.pads.left
  }
}
