// SPDX-License-Identifier: Apache-2.0

import Buffers

extension Pass {
  public static let moveConversions = Pass(
    name: "moveConversions", summary: "move u8 elements, with conversions behind or before that"
  ) { graph in
    guard graph.layout == .channelsLast else { return 0 }
    var mover = ConversionMover(graph, try graph.facts())
    mover.moveDequantizeDown()
    mover.moveQuantizeUp()
    mover.dropPairs()
    graph = mover.graph
    return mover.changes
  }
}

/// Exchanges conversions of one scale with operators that only move elements, which changes no result: what was
///
///     u8 - DequantizeLinear - Transpose - Slice - QuantizeLinear - u8
///
/// with one scale and zero point on both sides is a Transpose and a Slice of u8 numbers.
private struct ConversionMover {
  var graph: Graph
  var changes = 0
  private let facts: Facts
  private var names: FreshNames
  /// The DequantizeLinear behind each u8 value of the run, by what it gives.
  private var conversions = ValueTable<Node>()

  init(_ graph: Graph, _ facts: Facts) {
    self.graph = graph
    self.facts = facts
    names = FreshNames(graph)
  }

  /// Each DequantizeLinear goes behind what only moves elements.
  mutating func moveDequantizeDown() {
    var nodes: [Node] = []
    for node in graph.nodes {
      if graph.quantization(node, quantizes: false) != nil, facts.find(node.inputs[0])?.dtype == .uint8,
        graph.constants[node.inputs[0]] == nil
      {
        conversions[node.outputs[0]] = node
      }
      guard let conversion = conversions[node.inputs[0]],
        let quantization = graph.quantization(conversion, quantizes: false),
        let op = node.op.onQuantized(quantization, exactBorder: true)
      else {
        nodes.append(node)
        continue
      }
      let stored = names.value("\(graph.names[node.outputs[0]]).stored", in: &graph)
      var real = conversion
      real.name = names.make("\(node.name).real")
      real.inputs[0] = stored
      real.outputs = node.outputs
      nodes.append(Node(node.name, op, inputs: [conversion.inputs[0]], outputs: [stored]))
      nodes.append(real)
      conversions[node.outputs[0]] = real
      changes += 1
    }
    graph.nodes = nodes
  }

  /// Each QuantizeLinear goes before what moves elements for it alone.
  mutating func moveQuantizeUp() {
    var producers = graph.producers()
    var free = graph.privateValues()
    /// What stands in the place of a node.
    var replaced: [Int: [Node]] = [:]
    for index in graph.nodes.indices.reversed() {
      let quantize = graph.nodes[index]
      guard let quantization = graph.quantization(quantize, quantizes: true),
        free.contains(quantize.inputs[0]), let place = producers[quantize.inputs[0]],
        let op = movingForAll(graph.nodes[place], quantization),
        graph.nodes[place].inputs.allSatisfy({ free.contains($0) || conversions[$0] != nil })
      else { continue }
      let moving = graph.nodes[place]
      let earlier = moving.inputs.map { input -> Node in
        var node = quantize
        node.name = names.make("\(quantize.name).early")
        node.inputs[0] = input
        node.outputs = [names.value("\(graph.names[quantize.outputs[0]]).early", in: &graph)]
        return node
      }
      graph.nodes[index] = Node(
        moving.name, op, inputs: earlier.map { $0.outputs[0] }, outputs: quantize.outputs)
      // The first one is met again further up.
      graph.nodes[place] = earlier[0]
      replaced[place] = Array(earlier.dropFirst())
      producers[earlier[0].outputs[0]] = place
      free.insert(earlier[0].outputs[0])
      changes += 1
    }
    graph.nodes = graph.nodes.indices.flatMap { [graph.nodes[$0]] + replaced[$0, default: []] }
  }

  /// What `node` is on quantized numbers; a concatenation by channels is left to who computes it without copies.
  private func movingForAll(_ node: Node, _ quantization: Quantization) -> Operator? {
    if case .concat(let axis) = node.op, let rank = facts.find(node.inputs[0])?.shape.rank {
      return rank == 4 && (axis == 3 || axis == -1) ? nil : node.op
    }
    return node.op.onQuantized(quantization, exactBorder: false)
  }

  /// A DequantizeLinear with a QuantizeLinear of the same scale behind it goes: what reads the latter reads the u8 value
  /// before both.
  mutating func dropPairs() {
    let kept = Set(graph.outputs)
    var replacements = ValueTable<ValueID>()
    for node in graph.nodes {
      guard let quantization = graph.quantization(node, quantizes: true), !kept.contains(node.outputs[0]),
        let conversion = conversions[node.inputs[0]],
        graph.quantization(conversion, quantizes: false) == quantization
      else { continue }
      replacements[node.outputs[0]] = conversion.inputs[0]
      changes += 1
    }
    graph.replaceReads(replacements)
  }
}

extension Operator {
  /// The operator on quantized numbers, where all it does is to move elements; `nil` for others.
  ///
  /// - Parameter exactBorder: whether a border must be one of the quantized numbers; else it is rounded as they are.
  fileprivate func onQuantized(_ quantization: Quantization, exactBorder: Bool) -> Operator? {
    switch self {
    case .reshape, .transpose, .slice, .depthToSpace, .spaceToDepth: return self
    case .pad(let before, let after, let value):
      let (scale, zero) = (quantization.scales[0], Float(quantization.zeroPoints[0]))
      let number = min(max((value / scale).rounded(.toNearestOrEven) + zero, 0), 255)
      guard !exactBorder || (number - zero) * scale == value else { return nil }
      return .pad(before: before, after: after, value: number)
    default: return nil
    }
  }
}
