// SPDX-License-Identifier: Apache-2.0

internal import GraphIR
internal import Kernels

extension StepFamily {
  static func sum(_ context: NodeContext, _ work: IntegerWork) -> Step {
    let (a, b, output) = (work.inputs[0], work.inputs[1], context.output)
    var sign = 1.0
    if case .sub = context.node.op { sign = -1 }
    let rule = CombineRule(
      scaleA: a.scale / work.output.scale, zeroA: a.zero, scaleB: sign * b.scale / work.output.scale,
      zeroB: b.zero,
      to: work.range)
    let kernels = context.integers
    return Step(
      context, kernel: kernels.kernel(.combine), reason: "stored numbers",
      readsConstants: [a.value, b.value], inPlace: [a.value, b.value],
      takesStrided: true, givesStrided: true, reach: [.same, .same]
    ) { memory in
      [
        kernels.combine(
          memory.byteMap(a.value), memory.byteMap(b.value), output: memory.byteMap(output), rule: rule)
      ]
    }
  }

  /// Another scale, or limits alone.
  static func rescale(_ context: NodeContext, _ work: IntegerWork) -> Step {
    let (input, output) = (work.inputs[0], context.output)
    let rule = CombineRule(scaleA: input.scale / work.output.scale, zeroA: input.zero, to: work.range)
    let kernels = context.integers
    return Step(
      context, kernel: kernels.kernel(.combine), reason: "another scale",
      inPlace: [input.value], takesStrided: true, givesStrided: true, reach: [.same]
    ) { memory in
      [kernels.combine(memory.byteMap(input.value), nil, output: memory.byteMap(output), rule: rule)]
    }
  }

  static func product(_ context: NodeContext, _ work: IntegerWork) -> Step {
    let (a, b, output) = (work.inputs[0], work.inputs[1], context.output)
    let factor = IntegerFinder.factor(context.facts[b.value].shape, of: context.outputFact.shape)!
    let multiplier = Float(a.scale * b.scale / work.output.scale)
    let range = work.range
    let kernels = context.integers
    return Step(
      context, kernel: kernels.kernel(.mul),
      reason: factor == .same ? "same shape" : "a weight for each of the \(factor)",
      readsConstants: [a.value, b.value], inPlace: [a.value],
      takesStrided: factor != .channels, givesStrided: true,
      reach: [.same, factor == .channels ? .whole : .same]
    ) { memory in
      [
        kernels.multiply(
          memory.byteMap(a.value), zero: a.zero, memory.byteMap(b.value), zero: b.zero, as: factor,
          output: memory.byteMap(output), multiplier: multiplier, range: range)
      ]
    }
  }

  /// Over the channels of each pixel.
  static func softmax(_ context: NodeContext, _ work: IntegerWork) -> Step {
    let (input, output) = (work.inputs[0], context.output)
    let table = SoftmaxTable(stepsOf: input.scale)
    let kernels = context.integers
    return Step(
      context, kernel: kernels.kernel(.softmax), reason: "256 exponents", weightBytes: 512,
      inPlace: [input.value],
      takesStrided: true, givesStrided: true, reach: [.same]
    ) { memory in
      [kernels.softmax(memory.byteMap(input.value), output: memory.byteMap(output), table: table)]
    }
  }

  /// A function of one value, tabulated.
  static func curve(_ context: NodeContext, _ work: IntegerWork) -> Step {
    let (input, output) = (work.inputs[0], context.output)
    let values = (0..<256).map { (stored: Int) -> UInt8 in
      let x = Double(stored - input.zero) * input.scale
      let y: Double
      switch context.node.op {
      case .hardSigmoid(let alpha, let beta): y = min(max(Double(alpha) * x + Double(beta), 0), 1)
      case .hardSwish: y = x * min(max(x / 6 + 0.5, 0), 1)
      default: y = 1 / (1 + Exponential.of(-x))
      }
      let steps = (y / work.output.scale).rounded(.toNearestOrEven) + Double(work.output.zero)
      return UInt8(min(max(steps, Double(work.range.low)), Double(work.range.high)))
    }
    let kernels = context.integers
    return Step(
      context, kernel: kernels.kernel(.table), reason: "256 entries", weightBytes: 256,
      inPlace: [input.value], takesStrided: true, givesStrided: true, reach: [.same]
    ) { memory in
      [kernels.lookUp(memory.byteMap(input.value), output: memory.byteMap(output), values: values)]
    }
  }

  /// Inputs of the output's scale are written in place by their producers; if all are.
  static func integerConcat(_ context: NodeContext, _ work: IntegerWork) -> Step {
    let output = context.output
    let channels = work.inputs.map { context.facts[$0.value].shape[-1] }
    let offsets = channels.indices.map { channels[..<$0].reduce(0, +) }
    let alike =
      work.inputs.allSatisfy { $0.scale == work.output.scale && $0.zero == work.output.zero }
      && work.range == StoredRange(zero: work.output.zero)
    let rules = work.inputs.map {
      CombineRule(scaleA: $0.scale / work.output.scale, zeroA: $0.zero, to: work.range)
    }
    let kernels = context.integers
    return Step(
      context, kernel: kernels.kernel(.combine),
      reason: alike ? "what its producers could not write in place" : "inputs of other scales",
      channelOffsets: alike ? offsets : [],
      // Where all are alike, producers that write in place save more than rows that stay in the cache.
      reach: alike ? [] : work.inputs.map { _ in .same },
      bindStep: { memory, step in
        let whole = memory.byteMap(output)
        return work.inputs.indices.filter { !step.written.contains($0) }.map { index in
          var part = whole
          part.base += offsets[index]
          part.channels = channels[index]
          return kernels.combine(
            memory.byteMap(work.inputs[index].value), nil, output: part, rule: rules[index])
        }
      })
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
