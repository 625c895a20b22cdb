// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import GraphIR
internal import Kernels

/// Finds what a quantized graph computes on quantized numbers: operators between DequantizeLinear nodes and one
/// QuantizeLinear, limits in between included.
///
///     u8 - DequantizeLinear - f32 -\
///                                   Conv - Relu - QuantizeLinear - u8
///     s8 - DequantizeLinear - f32 -/
///
/// Whatever does not have that form, or has no integer kernel, keeps its floats and its conversions.
struct QuantizedFinder {
  let graph: Graph
  let facts: Facts
  let producers: ValueTable<Int>
  let consumers: ValueTable<[Int]>
  let kept: Set<ValueID>
  private let macs: [Int]

  /// A node that runs on quantized numbers.
  struct Found {
    var planned: PlannedNode
    /// All nodes of the graph that it stands for.
    var nodes: Set<Int>
    /// Where the last of them stands.
    var place: Int
  }

  /// - Parameter macs: of each node.
  init(_ graph: Graph, _ facts: Facts, macs: [Int]) {
    self.graph = graph
    self.macs = macs
    self.facts = facts
    producers = graph.producers()
    consumers = graph.consumers()
    kept = Set(graph.outputs)
  }

  func find() -> [Found] {
    graph.nodes.indices.compactMap { index in
      guard case .quantizeLinear = graph.nodes[index].op else { return nil }
      return found(at: index)
    }
  }

  private func found(at index: Int) -> Found? {
    let quantize = graph.nodes[index]
    let target = quantize.outputs[0]
    guard let output = parameters(quantize, of: target), facts[target].dtype == .uint8 else { return nil }
    var nodes: Set<Int> = [index]
    var value = quantize.inputs[0]
    var limits = Limits.none
    while true {
      guard isPrivate(value), let producer = producers[value] else { break }
      let node = graph.nodes[producer]
      guard let more = Limits(node.op) else { break }
      // Limits nearer to the operator come first; applying both is applying the inner, then the outer.
      limits = Limits(
        low: max(limits.low, min(more.low, limits.high)), high: min(limits.high, max(more.high, limits.low)))
      nodes.insert(producer)
      value = node.inputs[0]
    }
    if let input = quantized(value) {
      // Nothing but limits or a change of scale.
      guard input.scale / output.scale <= CombineRule.largestScale, facts[value].shape.rank > 0 else {
        return nil
      }
      var planned = PlannedNode(quantize, macs: 0)
      planned.node.inputs = [input.value]
      planned.quantized = QuantizedWork(inputs: [input], output: output, range: output.range(limits))
      return Found(planned: planned, nodes: nodes, place: index)
    }
    guard isPrivate(value), let producer = producers[value] else { return nil }
    let node = graph.nodes[producer]
    nodes.insert(producer)
    if case .conv(let convolution) = node.op {
      let own = Limits(convolution.activation)
      limits = Limits(
        low: max(limits.low, min(own.low, limits.high)), high: min(limits.high, max(own.high, limits.low)))
    }
    guard var work = work(of: node, output: output) else { return nil }
    work.range = output.range(limits)
    if case .warp = node.op, let mask = node.input(2), let softmax = producers[mask] { nodes.insert(softmax) }
    var planned = PlannedNode(node, macs: macs[producer])
    planned.node.inputs = work.inputs.map(\.value)
    planned.node.outputs = quantize.outputs
    planned.quantized = work
    return Found(planned: planned, nodes: nodes, place: index)
  }

  // What is known about values.

  /// Whether one node alone reads `value`.
  func isPrivate(_ value: ValueID) -> Bool { consumers[value]?.count == 1 && !kept.contains(value) }

  /// Scale and zero point of a conversion with one of each, as those of `value`.
  private func parameters(_ node: Node, of value: ValueID) -> QuantizedValue? {
    guard let scale = graph.floats(node.inputs[1]), scale.count == 1, scale[0].isNormal, scale[0] > 0
    else {
      return nil
    }
    var zero = 0
    if let point = node.input(2) {
      guard let tensor = graph.constants[point]?.tensor, tensor.dtype == .uint8 else { return nil }
      zero = Int(tensor.elements(as: UInt8.self)[0])
    }
    return QuantizedValue(value: value, scale: Double(scale[0]), zero: zero)
  }

  /// The stored value that `value` is the real form of.
  func quantized(_ value: ValueID) -> QuantizedValue? {
    guard let result = quantizedOrConstant(value), graph.constants[result.value] == nil else { return nil }
    return result
  }

  /// The same, constants included.
  func quantizedOrConstant(_ value: ValueID) -> QuantizedValue? {
    guard let producer = producers[value], case .dequantizeLinear = graph.nodes[producer].op else {
      return nil
    }
    let node = graph.nodes[producer]
    guard facts[node.inputs[0]].dtype == .uint8 else { return nil }
    return parameters(node, of: node.inputs[0])
  }
}

extension QuantizedFinder {
  /// What `node` does on quantized numbers, limits behind it left out; `nil` where no kernel takes it.
  func work(of node: Node, output: QuantizedValue) -> QuantizedWork? {
    func operands(_ count: Int) -> [QuantizedValue]? {
      let found = node.inputs.prefix(count).compactMap(quantized)
      return found.count == count ? found : nil
    }
    /// Two, of which one may be constant.
    func pair() -> [QuantizedValue]? {
      let found = node.inputs.prefix(2).compactMap(quantizedOrConstant)
      guard found.count == 2, found.contains(where: { graph.constants[$0.value] == nil }) else { return nil }
      return found
    }
    func isScaled(_ value: QuantizedValue) -> Bool { value.scale / output.scale <= CombineRule.largestScale }
    let shapes = node.inputs.map { facts.find($0)?.shape }
    let result = facts[node.outputs[0]].shape
    var work: QuantizedWork
    func made(_ inputs: [QuantizedValue]) -> QuantizedWork {
      QuantizedWork(inputs: inputs, output: output, range: StoredRange(zero: output.zero))
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
        shapes[0] == result && QuantizedFinder.factor(shapes[1]!, of: result) != nil
          || shapes[1] == result && QuantizedFinder.factor(shapes[0]!, of: result) != nil
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
          let scores = quantized(graph.nodes[softmax].inputs[0])
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
      work.logitsPerUnitQ6 = steps
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

extension QuantizedFinder {
  /// Weights and bias of a convolution; `nil` where they are not stored, or no kernel takes them.
  func weights(of node: Node, _ convolution: Convolution) -> QuantizedWeights? {
    guard let stored = storedConstant(node.inputs[1]), stored.tensor.dtype == .int8,
      Int8Kernels.takes(
        ConvolutionWindow(convolution), inChannels: facts[node.inputs[0]].shape[-1],
        outChannels: stored.tensor.shape[0], groups: convolution.groups)
    else { return nil }
    let channels = stored.tensor.shape[0]
    var bias = [Double](repeating: 0, count: channels)
    if let input = node.input(2) {
      if let values = graph.floats(input) {
        bias = values.map(Double.init)
      } else if let values = storedConstant(input), values.tensor.dtype == .int32 {
        let numbers = values.tensor.elements(as: Int32.self)
        bias = numbers.indices.map { Double(numbers[$0]) * values.scales[values.scales.count == 1 ? 0 : $0] }
      } else {
        return nil
      }
    }
    let scales = (0..<channels).map { stored.scales[stored.scales.count == 1 ? 0 : $0] }
    return QuantizedWeights(values: stored.tensor.elements(as: Int8.self), scales: scales, bias: bias)
  }

  /// The constant right side of a matrix product as weights of a 1x1 convolution.
  func matrix(_ value: ValueID) -> QuantizedWeights? {
    guard let stored = storedConstant(value, along: 1), stored.tensor.dtype == .int8,
      stored.tensor.shape.rank == 2
    else { return nil }
    let (depth, channels) = (stored.tensor.shape[0], stored.tensor.shape[1])
    guard
      Int8Kernels.takes(
        ConvolutionWindow(Convolution(kernel: Pair(1))), inChannels: depth, outChannels: channels, groups: 1)
    else { return nil }
    let numbers = stored.tensor.elements(as: Int8.self)
    return QuantizedWeights(
      values: (0..<channels).flatMap { channel in (0..<depth).map { numbers[$0 * channels + channel] } },
      scales: (0..<channels).map { stored.scales[stored.scales.count == 1 ? 0 : $0] },
      bias: [Double](repeating: 0, count: channels))
  }

  /// Constants behind DequantizeLinear: the numbers as stored, and a scale for each slice along an axis or one.
  private func storedConstant(_ value: ValueID, along channels: Int = 0) -> (
    tensor: Tensor, scales: [Double]
  )? {
    guard let producer = producers[value], case .dequantizeLinear(let axis) = graph.nodes[producer].op else {
      return nil
    }
    let node = graph.nodes[producer]
    guard let tensor = graph.constants[node.inputs[0]]?.tensor,
      let scales = graph.floats(node.inputs[1]),
      scales.count == 1 || axis == channels || axis == channels - tensor.shape.rank,
      scales.allSatisfy({ $0.isFinite && $0 >= 0 })
    else { return nil }
    if let input = node.input(2) {
      guard let zeros = graph.constants[input]?.tensor, zeros.isZero else { return nil }
    }
    return (tensor, scales.map(Double.init))
  }
}

extension Tensor {
  fileprivate var isZero: Bool {
    UnsafeRawBufferPointer(start: bytes.pointer, count: shape.count * dtype.byteCount).allSatisfy { $0 == 0 }
  }
}

extension QuantizedFinder {
  /// Lets convolutions do the adds that alone read them.
  func joined(_ found: [Found]) -> [Found] {
    var all = found.map(Optional.some)
    var makers = ValueTable<Int>()
    for (position, one) in found.enumerated() { makers[one.planned.node.outputs[0]] = position }
    for position in all.indices {
      guard let add = all[position], case .add = add.planned.node.op, let sum = add.planned.quantized else {
        continue
      }
      // The operand that is made last, so that the other is there by then.
      let order = [0, 1].sorted { makers[sum.inputs[$0].value] ?? -1 > makers[sum.inputs[$1].value] ?? -1 }
      for index in order {
        let (own, other) = (sum.inputs[index], sum.inputs[1 - index])
        guard own.value != other.value, let maker = makers[own.value], var product = all[maker],
          case .conv(let convolution) = product.planned.node.op, convolution.groups == 1,
          product.planned.quantized?.join == nil, isReadOnce(own.value, by: add)
        else { continue }
        product.planned.quantized!.join = QuantizedWork.Join(
          other: other, output: sum.output, range: sum.range)
        product.planned.residual = other.value
        product.planned.fused = [.add]
        product.planned.node.outputs = add.planned.node.outputs
        product.nodes.formUnion(add.nodes)
        product.place = add.place
        all[maker] = nil
        all[position] = product
        makers[product.planned.node.outputs[0]] = position
        break
      }
    }
    return all.compactMap { $0 }
  }

  /// Whether `value` is read through one conversion, by one node of `found`.
  private func isReadOnce(_ value: ValueID, by found: Found) -> Bool {
    guard isPrivate(value), let reader = consumers[value]?.first else { return false }
    guard case .dequantizeLinear = graph.nodes[reader].op, isPrivate(graph.nodes[reader].outputs[0]) else {
      return false
    }
    return consumers[graph.nodes[reader].outputs[0], default: []].allSatisfy(found.nodes.contains)
  }
}
