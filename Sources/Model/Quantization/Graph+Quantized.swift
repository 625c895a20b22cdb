// SPDX-License-Identifier: Apache-2.0

import Buffers
public import GraphIR

extension Graph {
  /// This graph with QuantizeLinear and DequantizeLinear around every value of `scheme`: u8 activations with one
  /// scale, s8 weights with one for each output channel, s32 bias. Standard ONNX, opset 13 and later.
  ///
  /// - Parameters:
  ///   - scheme: of this graph, which is what `foldedForQuantization` gives.
  ///   - ranges: of each value that the scheme does not fix. The larger of concatenated values set the scale
  ///     of all, where that costs the others at most one bit.
  ///   - means: of each channel of values, as far as known: with them, biases make up for what rounding the
  ///     weights would add to the mean of a channel.
  /// - Throws: `GraphError` where a weight is not constant.
  public func quantized(
    _ scheme: QuantizationScheme, ranges: ValueTable<ClosedRange<Float>>,
    means: ValueTable<[Float]> = ValueTable()
  ) throws -> Graph {
    var writer = QuantizedGraphWriter(self, scheme, ranges, means)
    return try writer.run()
  }
}

extension Quantization {
  /// Of u8 numbers over a range, which is widened to hold zero.
  init(_ range: ClosedRange<Float>) {
    let (low, high) = (min(range.lowerBound, 0), max(range.upperBound, 0))
    let scale = max((high - low) / 255, 1e-6)
    self.init(scale: scale, zeroPoint: Int32(min(max((-low / scale).rounded(.toNearestOrEven), 0), 255)))
  }
}

private struct QuantizedGraphWriter {
  private let source: Graph
  private var scheme: QuantizationScheme
  private let ranges: ValueTable<ClosedRange<Float>>
  private let means: ValueTable<[Float]>
  private let outputs: Set<ValueID>
  private var graph: Graph
  private var parameters = ValueTable<Quantization>()

  init(
    _ source: Graph, _ scheme: QuantizationScheme, _ ranges: ValueTable<ClosedRange<Float>>,
    _ means: ValueTable<[Float]>
  ) {
    self.source = source
    self.scheme = scheme
    self.ranges = ranges
    self.means = means
    outputs = Set(source.outputs)
    graph = source
    graph.nodes = []
  }

  mutating func run() throws -> Graph {
    settleParameters()
    let stored = scheme.stored
    for input in source.inputs where stored.contains(input.value) {
      convert(input.value, from: input.value)
    }
    for (index, var node) in source.nodes.enumerated() {
      if case .conv = node.op, !scheme.untouched.contains(index),
        scheme.single.map({ $0 == index }) ?? stored.contains(node.inputs[0])
      {
        try quantizeWeights(&node)
      }
      for position in node.inputs.indices where stored.contains(node.inputs[position]) {
        node.inputs[position] = dequantized(node.inputs[position])
      }
      let output = node.outputs[0]
      if stored.contains(output), outputs.contains(output) {
        node.outputs[0] = graph.value("\(source.names[output]).exact")
      }
      graph.nodes.append(node)
      if stored.contains(output) { convert(output, from: node.outputs[0]) }
    }
    try graph.apply([.removeDead])
    return graph
  }

  /// A quantized value behind its conversions; an output of the graph stays itself.
  private mutating func dequantized(_ value: ValueID) -> ValueID {
    outputs.contains(value) ? value : graph.value("\(source.names[value]).real")
  }

  private mutating func settleParameters() {
    func span(_ value: ValueID) -> Float {
      let range =
        scheme.fixed[scheme.leader(value)].map { _ in 1...1 } ?? ranges[scheme.leader(value)] ?? 0...0
      return range.upperBound - range.lowerBound
    }
    for (inputs, output) in scheme.concatenations {
      let spans = (inputs + [output]).map(span)
      guard let least = spans.min(), let most = spans.max(), least > 0, most <= 2 * least,
        (inputs + [output]).allSatisfy({ scheme.fixed[scheme.leader($0)] == nil })
      else { continue }
      scheme.tie(inputs, to: output)
    }
    var shared = ValueTable<ClosedRange<Float>>()
    for value in scheme.values {
      let leader = scheme.leader(value)
      let range = ranges[value] ?? 0...0
      let all = shared[leader] ?? range
      shared[leader] = min(all.lowerBound, range.lowerBound)...max(all.upperBound, range.upperBound)
    }
    for value in scheme.values {
      let leader = scheme.leader(value)
      parameters[value] = scheme.fixed[leader] ?? Quantization(shared[leader, default: 0...0])
    }
  }

  /// Adds the two conversions of `value`: what reads it reads `dequantized(value)` from now on.
  private mutating func convert(_ value: ValueID, from exact: ValueID) {
    guard let quantization = parameters[value] else { return }
    let name = source.names[value]
    let numbers = [
      constant("\(name).scale", Tensor(quantization.scales, shape: [])),
      constant("\(name).zero", Tensor([UInt8(quantization.zeroPoints[0])], shape: [])),
    ]
    let stored = graph.value("\(name).stored")
    graph.nodes.append(
      Node(
        "\(name).quantize", .quantizeLinear(axis: 1), inputs: [exact] + numbers, outputs: [stored]))
    graph.nodes.append(
      Node(
        "\(name).dequantize", .dequantizeLinear(axis: 1), inputs: [stored] + numbers,
        outputs: [dequantized(value)]))
  }

  /// Stores the weights and bias of a convolution, the bias in steps of an input that is among the scheme's values.
  private mutating func quantizeWeights(_ node: inout Node) throws {
    guard let steps = parameters[node.inputs[0]] else { return }
    guard let weights = source.constants[node.inputs[1]]?.tensor, weights.dtype == .float32 else {
      throw GraphError(node: node.name, op: node.op.name, "the weights are not constant floats")
    }
    let input = Double(steps.scales[0])
    let channels = weights.shape[0]
    let real = weights.elements(as: Float.self)
    let row = real.count / channels
    var bias = node.input(2).flatMap { source.constants[$0]?.tensor.elements(as: Float.self) }
    var scales: [Float] = []
    var values = [Int8](repeating: 0, count: real.count)
    for channel in 0..<channels {
      let part = real[channel * row..<(channel + 1) * row]
      var scale = (part.map(abs).max() ?? 0) / 127
      // A channel of almost nothing must still hold its bias in 32 bits.
      if let bias { scale = max(scale, Float(Double(abs(bias[channel])) / input / Double(1 << 30))) }
      if !(scale > 1e-12) { scale = 1e-12 }
      scales.append(scale)
      for index in part.indices {
        values[index] = Int8(min(max((real[index] / scale).rounded(.toNearestOrEven), -127), 127))
      }
    }
    if let known = bias, let means = means[node.inputs[0]], case .conv(let convolution) = node.op {
      let perGroup = channels / convolution.groups
      let taps = weights.shape[2] * weights.shape[3]
      bias = known.indices.map { channel in
        let first = channel / perGroup * weights.shape[1]
        return (0..<row).reduce(known[channel]) { sum, index in
          let position = channel * row + index
          return sum - (Float(values[position]) * scales[channel] - real[position])
            * means[first + index / taps]
        }
      }
    }
    if scheme.single != nil {
      // Its input may be real, so that floats run on what is left of the weights.
      let left = values.indices.map { Float(values[$0]) * scales[$0 / row] }
      node.inputs[1] = constant("\(node.name).weight.rounded", Tensor(left, shape: weights.shape))
      if let bias { node.inputs[2] = constant("\(node.name).bias.rounded", Tensor(bias, shape: [channels])) }
      return
    }
    node.inputs[1] = constant("\(node.name).weight", Tensor(values, shape: weights.shape), scales)
    guard let bias else { return }
    let units = scales.map { Float(input * Double($0)) }
    let numbers = bias.indices.map { index in
      Int32(
        min(
          max((Double(bias[index]) / Double(units[index])).rounded(.toNearestOrEven), -0x7fff_ffff),
          0x7fff_ffff))
    }
    node.inputs[2] = constant("\(node.name).bias", Tensor(numbers, shape: [channels]), units)
  }

  private mutating func constant(_ name: String, _ tensor: Tensor) -> ValueID {
    let value = graph.value(name)
    graph.constants[value] = Constant(tensor, isParameter: false)
    return value
  }

  /// Adds a quantized constant and its conversion along axis 0.
  ///
  /// - Returns: the floats.
  private mutating func constant(_ name: String, _ tensor: Tensor, _ scales: [Float]) -> ValueID {
    var inputs = [
      constant("\(name).stored", tensor), constant("\(name).scale", Tensor(scales, shape: [scales.count])),
    ]
    if tensor.dtype == .int8 {
      let zeros = [Int8](repeating: 0, count: scales.count)
      inputs.append(constant("\(name).zero", Tensor(zeros, shape: [scales.count])))
    }
    let floats = graph.value("\(name).real")
    graph.nodes.append(
      Node("\(name).dequantize", .dequantizeLinear(axis: 0), inputs: inputs, outputs: [floats]))
    return floats
  }
}
