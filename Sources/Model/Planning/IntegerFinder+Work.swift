// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import GraphIR
internal import Kernels

extension IntegerFinder {
  /// What `node` does on stored numbers, limits behind it left out; `nil` where no kernel takes it.
  func work(of node: Node, output: StoredValue) -> IntegerWork? {
    func operands(_ count: Int) -> [StoredValue]? {
      let found = node.inputs.prefix(count).compactMap(stored)
      return found.count == count ? found : nil
    }
    /// Two, of which one may be constant.
    func pair() -> [StoredValue]? {
      let found = node.inputs.prefix(2).compactMap(storedOrConstant)
      guard found.count == 2, found.contains(where: { graph.constants[$0.value] == nil }) else { return nil }
      return found
    }
    func isScaled(_ value: StoredValue) -> Bool { value.scale / output.scale <= CombineRule.largestScale }
    let shapes = node.inputs.map { facts.find($0)?.shape }
    let result = facts[node.outputs[0]].shape
    var work: IntegerWork
    func made(_ inputs: [StoredValue]) -> IntegerWork {
      IntegerWork(inputs: inputs, output: output, range: StoredRange(zero: output.zero))
    }
    switch node.op {
    case .conv(let convolution):
      guard let inputs = operands(1), let weights = weights(of: node, convolution) else { return nil }
      work = made(inputs)
      work.weights = weights
    case .matMul:
      if let weights = matrix(node.inputs[1]) {
        guard let inputs = operands(1) else { return nil }
        work = made(inputs)
        work.weights = weights
      } else {
        guard let inputs = operands(2),
          Float(inputs[0].scale * inputs[1].scale / output.scale).isNormal
        else { return nil }
        work = made(inputs)
      }
    case .add, .sub:
      guard let inputs = pair(), shapes[0] == result, shapes[1] == result, result.rank > 0,
        inputs.allSatisfy(isScaled)
      else { return nil }
      work = made(inputs)
    case .mul:
      guard let inputs = pair(), result.rank > 0,
        shapes[0] == result && IntegerFinder.factor(shapes[1]!, of: result) != nil
          || shapes[1] == result && IntegerFinder.factor(shapes[0]!, of: result) != nil
      else { return nil }
      work = made(shapes[0] == result ? inputs : inputs.reversed())
    case .concat(let axis):
      guard result.rank == 4, axis == 3 || axis == -1, let inputs = operands(node.inputs.count),
        inputs.allSatisfy(isScaled)
      else { return nil }
      work = made(inputs)
    case .resize, .maxPool:
      guard let inputs = operands(1), result.rank == 4, isScaled(inputs[0]) else { return nil }
      work = made(inputs)
    case .gridSample(let sample):
      guard sample.mode == .bilinear, sample.padding == .border, let inputs = operands(2),
        isScaled(inputs[0])
      else { return nil }
      work = made(inputs)
    case .averagePool, .globalAveragePool:
      guard let inputs = operands(1), result.rank == 4 else { return nil }
      work = made(inputs)
    case .sigmoid, .hardSigmoid, .hardSwish:
      guard let inputs = operands(1), result.rank > 0 else { return nil }
      work = made(inputs)
    case .warp(let warp):
      guard warp.scale == 1 || warp.scale == 2, var inputs = operands(2), isScaled(inputs[0]),
        inputs[1].scale == 1.0 / 16, inputs[1].zero == 128
      else { return nil }
      if let mask = node.input(2) {
        guard let softmax = producers[mask], case .softmax(let axis) = graph.nodes[softmax].op,
          axis == 3 || axis == -1, isPrivate(mask),
          let scores = stored(graph.nodes[softmax].inputs[0])
        else { return nil }
        inputs.append(scores)
      }
      work = made(inputs)
    case .localAttention(let attention):
      guard let inputs = operands(3), inputs[2].scale == output.scale, inputs[2].zero == output.zero,
        let bias = node.inputs.count > 3
          ? graph.floats(node.inputs[3]) : [Float](repeating: 0, count: 4 * attention.cells),
        let steps = AttentionSteps(
          multiplier: Float(32 * Double(attention.scale) * inputs[0].scale * inputs[1].scale),
          depth: shapes[0]![3], bias: bias)
      else { return nil }
      work = made(inputs)
      work.relation = steps
    case .globalAttention(let scale):
      guard let inputs = operands(3), inputs[2].scale == output.scale, inputs[2].zero == output.zero else {
        return nil
      }
      let steps = Float(64 * Double(scale) * inputs[0].scale * inputs[1].scale)
      guard Int8Kernels.attends(multiplier: steps, depth: shapes[0]![3], channels: result[3]) else {
        return nil
      }
      work = made(inputs)
      work.steps = steps
    case .softmax(let axis):
      guard let inputs = operands(1), axis == result.rank - 1 || axis == -1, output.scale == 1.0 / 256,
        output.zero == 0, result[-1] <= Int8Kernels.softmaxChannels
      else { return nil }
      work = made(inputs)
    default: return nil
    }
    return work
  }

  /// How a factor of shape `b` multiplies a map.
  static func factor(_ b: Shape, of map: Shape) -> Int8Kernels.Factor? {
    if b == map { return .same }
    guard b.rank == 4, b[0] == map[0], map[0] == 1 else { return nil }
    if b[1] == 1, b[2] == 1, b[3] == map[3] { return .channels }
    if b[1] == map[1], b[2] == map[2], b[3] == 1 { return .pixels }
    return nil
  }
}
