// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import GraphIR
internal import Kernels

/// Finds what a quantised graph computes on stored numbers: operators between DequantizeLinear nodes and one
/// QuantizeLinear, limits in between included.
///
///     u8 - DequantizeLinear - f32 -\
///                                   Conv - Relu - QuantizeLinear - u8
///     s8 - DequantizeLinear - f32 -/
///
/// Whatever does not have that form, or has no integer kernel, keeps its floats and its conversions.
struct IntegerFinder {
  let graph: Graph
  let facts: Facts
  let producers: ValueTable<Int>
  let consumers: ValueTable<[Int]>
  let kept: Set<ValueID>
  private let macs: [Int]

  /// A node that runs on stored numbers.
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
    if let input = stored(value) {
      // Nothing but limits or a change of scale.
      guard input.scale / output.scale <= CombineRule.largestScale, facts[value].shape.rank > 0 else {
        return nil
      }
      var planned = PlannedNode(quantize, macs: 0)
      planned.node.inputs = [input.value]
      planned.integer = IntegerWork(inputs: [input], output: output, range: output.range(limits))
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
    planned.integer = work
    return Found(planned: planned, nodes: nodes, place: index)
  }

  // What is known about values.

  /// Whether one node alone reads `value`.
  func isPrivate(_ value: ValueID) -> Bool { consumers[value]?.count == 1 && !kept.contains(value) }

  /// Scale and zero point of a conversion with one of each, as those of `value`.
  private func parameters(_ node: Node, of value: ValueID) -> StoredValue? {
    guard let scale = graph.floats(node.inputs[1]), scale.count == 1, scale[0].isNormal, scale[0] > 0
    else {
      return nil
    }
    var zero = 0
    if let point = node.input(2) {
      guard let tensor = graph.constants[point]?.tensor, tensor.dtype == .uint8 else { return nil }
      zero = Int(tensor.elements(as: UInt8.self)[0])
    }
    return StoredValue(value: value, scale: Double(scale[0]), zero: zero)
  }

  /// The stored value that `value` is the real form of.
  func stored(_ value: ValueID) -> StoredValue? {
    guard let result = storedOrConstant(value), graph.constants[result.value] == nil else { return nil }
    return result
  }

  /// The same, constants included.
  func storedOrConstant(_ value: ValueID) -> StoredValue? {
    guard let producer = producers[value], case .dequantizeLinear = graph.nodes[producer].op else {
      return nil
    }
    let node = graph.nodes[producer]
    guard facts[node.inputs[0]].dtype == .uint8 else { return nil }
    return parameters(node, of: node.inputs[0])
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
