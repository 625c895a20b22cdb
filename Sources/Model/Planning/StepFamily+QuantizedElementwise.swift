// SPDX-License-Identifier: Apache-2.0

internal import GraphIR
internal import Kernels

extension StepFamily {
  static func sum(_ context: NodeContext, _ work: QuantizedWork) -> Step {
    let (a, b) = (work.inputs[0], work.inputs[1])
    var sign = 1.0
    if case .sub = context.node.op { sign = -1 }
    let rule = CombineRule(
      scaleA: a.scale / work.output.scale, zeroA: a.zero, scaleB: sign * b.scale / work.output.scale,
      zeroB: b.zero, to: work.range)
    return Step(
      context, kernel: context.integers.kernel(.combine), reason: "quantized", constants: [a.value, b.value],
      layout: LayoutNeeds(strided: .all, output: .over([a.value, b.value])), reach: [.same, .same],
      call: .quantized(.combine(a: a.value, b: b.value, rule)))
  }

  /// Another scale, or limits alone.
  static func rescale(_ context: NodeContext, _ work: QuantizedWork) -> Step {
    let input = work.inputs[0]
    let rule = CombineRule(scaleA: input.scale / work.output.scale, zeroA: input.zero, to: work.range)
    return Step(
      context, kernel: context.integers.kernel(.combine), reason: "another scale",
      layout: LayoutNeeds(strided: .all, output: .over([input.value])), reach: [.same],
      call: .quantized(.combine(a: input.value, b: nil, rule)))
  }

  static func product(_ context: NodeContext, _ work: QuantizedWork) -> Step? {
    let (a, b) = (work.inputs[0], work.inputs[1])
    guard let factor = QuantizedFinder.factor(context.facts[b.value].shape, of: context.outputFact.shape)
    else { return nil }
    return Step(
      context, kernel: context.integers.kernel(.mul),
      reason: factor == .same ? "same shape" : "a weight for each of the \(factor)",
      constants: [a.value, b.value],
      layout: LayoutNeeds(strided: factor == .channels ? .output : .all, output: .over([a.value])),
      reach: [.same, factor == .channels ? .whole : .same],
      call: .quantized(
        .multiply(
          a: a.operand, b: b.operand, factor, multiplier: Float(a.scale * b.scale / work.output.scale),
          range: work.range)))
  }

  /// Over the channels of each pixel.
  static func softmax(_ context: NodeContext, _ work: QuantizedWork) -> Step {
    let input = work.inputs[0]
    return Step(
      context, kernel: context.integers.kernel(.softmax), reason: "256 exponents", weightBytes: 512,
      layout: LayoutNeeds(strided: .all, output: .over([input.value])), reach: [.same],
      call: .quantized(.softmax(input: input.value, SoftmaxTable(stepsOf: input.scale))))
  }

  /// A function of one value, tabulated.
  static func curve(_ context: NodeContext, _ work: QuantizedWork) -> Step {
    let input = work.inputs[0]
    let values = (0..<256).map { (number: Int) -> UInt8 in
      let x = Double(number - input.zero) * input.scale
      let y: Double
      switch context.node.op {
      case .hardSigmoid(let alpha, let beta): y = min(max(Double(alpha) * x + Double(beta), 0), 1)
      case .hardSwish: y = x * min(max(x / 6 + 0.5, 0), 1)
      default: y = 1 / (1 + Exponential.of(-x))
      }
      let steps = (y / work.output.scale).rounded(.toNearestOrEven) + Double(work.output.zero)
      return UInt8(min(max(steps, Double(work.range.low)), Double(work.range.high)))
    }
    return Step(
      context, kernel: context.integers.kernel(.table), reason: "256 entries", weightBytes: 256,
      layout: LayoutNeeds(strided: .all, output: .over([input.value])), reach: [.same],
      call: .quantized(.lookUp(input: input.value, values: values)))
  }

  /// Inputs of the output's scale are written in place by their producers; if all are.
  static func quantizedConcat(_ context: NodeContext, _ work: QuantizedWork) -> Step {
    let channels = work.inputs.map { context.facts[$0.value].shape[-1] }
    let offsets = channels.indices.map { channels[..<$0].reduce(0, +) }
    let isOneScale =
      work.inputs.allSatisfy { $0.scale == work.output.scale && $0.zero == work.output.zero }
      && work.range == StoredRange(zero: work.output.zero)
    let parts = work.inputs.indices.map { index in
      let input = work.inputs[index]
      return QuantizedCall.Part(
        value: input.value, first: offsets[index], channels: channels[index],
        rule: CombineRule(scaleA: input.scale / work.output.scale, zeroA: input.zero, to: work.range))
    }
    return Step(
      context, kernel: context.integers.kernel(.combine),
      reason: isOneScale ? "what its producers could not write in place" : "inputs of other scales",
      layout: LayoutNeeds(output: isOneScale ? .parts(offsets: offsets, written: []) : .own),
      // With one scale, producers that write in place save more than rows that stay in the cache.
      reach: isOneScale ? [] : work.inputs.map { _ in .same }, call: .quantized(.concat(parts)))
  }
}

extension SoftmaxTable {
  /// e^(-d * scale) for differences d, in 15 bits.
  init(stepsOf scale: Double) {
    self.init(
      (0..<256).map { UInt16((Exponential.of(-Double($0) * scale) * 32767).rounded(.toNearestOrEven)) })
  }
}

/// The exponential function by sums and products of doubles alone, so that tables are the same everywhere.
enum Exponential {
  /// Within a few units of the last place; 0 below e^-700.
  static func of(_ x: Double) -> Double {
    guard x > -700 else { return 0 }
    guard x < 700 else { return .infinity }
    // e^x = (e^(x/2^k))^(2^k) with |x/2^k| < 2^-4.
    var reduced = x
    var squarings = 0
    while abs(reduced) >= 0.0625 {
      reduced *= 0.5
      squarings += 1
    }
    var (term, sum) = (1.0, 1.0)
    for index in 1...12 {
      term = term * reduced / Double(index)
      sum += term
    }
    for _ in 0..<squarings { sum *= sum }
    return sum
  }
}
