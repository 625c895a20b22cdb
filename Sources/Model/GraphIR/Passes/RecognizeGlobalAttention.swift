// SPDX-License-Identifier: Apache-2.0

import Buffers

extension Pass {
  public static let recognizeGlobalAttention = recognizing(
    "recognizeGlobalAttention", summary: "replace two products of positions by GlobalAttention"
  ) { graph, facts in GlobalAttentionFinder(graph, facts).attention(at:) }
}

/// Reads the pattern backwards from its last node, with N = rows * columns:
///
///     scores = MatMul(Transpose(query as [1, C, N]), key as [1, C, N]) * scale
///     output = Transpose(MatMul(Softmax(scores), Transpose(value as [1, D, N]))) as [1, D, rows, columns]
private struct GlobalAttentionFinder {
  let graph: Graph
  let facts: Facts
  let producers: ValueTable<Int>

  init(_ graph: Graph, _ facts: Facts) {
    self.graph = graph
    self.facts = facts
    producers = graph.producers()
  }

  func attention(at index: Int) -> Node? {
    let node = graph.nodes[index]
    guard case .reshape = node.op, let size = facts.find(node.outputs[0])?.shape, size.rank == 4,
      let mixed = turned(node.inputs[0]), let mix = producer(mixed), case .matMul = mix.op,
      let value = turned(mix.inputs[1]).flatMap({ flattened($0) }),
      let softmax = producer(mix.inputs[0]), case .softmax(let axis) = softmax.op, axis == 2 || axis == -1,
      let scaled = producer(softmax.inputs[0]), case .mul = scaled.op
    else { return nil }
    for (scores, factor) in [(0, 1), (1, 0)] {
      guard let scale = graph.floats(scaled.inputs[factor]), scale.count == 1,
        let product = producer(scaled.inputs[scores]), case .matMul = product.op,
        let query = turned(product.inputs[0]).flatMap({ flattened($0) }),
        let key = flattened(product.inputs[1]),
        facts[query] == facts[key], facts.find(value)?.shape == size, let map = facts.find(key)?.shape,
        map[0] == 1, map[2] == size[2], map[3] == size[3]
      else { continue }
      return Node(
        node.name, .globalAttention(scale: scale[0]), inputs: [query, key, value], outputs: node.outputs)
    }
    return nil
  }

  private func producer(_ value: ValueID) -> Node? { producers[value].map { graph.nodes[$0] } }

  /// What `value` is the transpose of.
  private func turned(_ value: ValueID) -> ValueID? {
    guard let node = producer(value), case .transpose(permutation: [0, 2, 1]) = node.op else { return nil }
    return node.inputs[0]
  }

  /// The map whose rows and columns are one axis in `value`.
  private func flattened(_ value: ValueID) -> ValueID? {
    guard let node = producer(value), case .reshape = node.op, let map = facts.find(node.inputs[0])?.shape,
      map.rank == 4, facts.find(value)?.shape == Shape([map[0], map[1], map[2] * map[3]])
    else { return nil }
    return node.inputs[0]
  }
}
