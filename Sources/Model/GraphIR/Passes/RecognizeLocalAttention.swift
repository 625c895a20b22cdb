// SPDX-License-Identifier: Apache-2.0

import Buffers

extension Pass {
  public static let recognizeLocalAttention = recognizing(
    "recognizeLocalAttention",
    summary: "replace sums of shifted maps, weighted by a relation, by LocalAttention"
  ) { graph, facts in LocalAttentionFinder(graph, facts).attention(at:) }
}

/// Reads the pattern backwards from its last sum, for a region of k x k cells:
///
///     fine(z) = Pad(Resize(z, twice, nearest), k - 1 on each side)
///     scores  = Concat over cells of ReduceSum(query * Slice(fine(key), cell), channels)
///     weights = Softmax(DepthToSpace(SpaceToDepth(scores * scale, 2) + bias?, 2))
///     output  = sum over cells of Slice(fine(value), cell) * Slice(weights, cell)
private struct LocalAttentionFinder {
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
    guard case .add = node.op, let parts = parts(node), let region = Self.region(cells: parts.count),
      let last = weighted(parts[parts.count - 1]), let size = facts.find(node.outputs[0])?.shape,
      let value = source(last.map, region, cell: parts.count - 1, size: size),
      let relation = relation(last.weights, cells: parts.count)
    else { return nil }
    for (cell, part) in parts.enumerated() {
      guard let part = weighted(part), part.cell == cell, part.weights == last.weights,
        source(part.map, region, cell: cell, size: size) == value
      else { return nil }
    }
    var query: ValueID?
    var key: ValueID?
    for (cell, score) in relation.scores.enumerated() {
      guard let pair = product(score, region, cell: cell, size: size), query ?? pair.query == pair.query,
        key ?? pair.key == pair.key
      else { return nil }
      (query, key) = pair
    }
    guard let query, let key else { return nil }
    return Node(
      node.name, .localAttention(LocalAttention(region: region, scale: relation.scale)),
      inputs: [query, key, value] + relation.bias, outputs: node.outputs)
  }

  private func producer(_ value: ValueID) -> Node? { producers[value].map { graph.nodes[$0] } }

  private static func region(cells: Int) -> Int? { [3, 5, 7].first { $0 * $0 == cells } }

  /// The terms of a chain of sums, first to last; `nil` where it is longer than any region.
  private func parts(_ last: Node) -> [ValueID]? {
    var parts = [last.inputs[1]]
    var first = last.inputs[0]
    while let node = producer(first), case .add = node.op {
      guard parts.count < 49 else { return nil }
      parts.append(node.inputs[1])
      first = node.inputs[0]
    }
    return (parts + [first]).reversed()
  }

  /// `Slice(weights, cell) * map`, either way round.
  private func weighted(_ value: ValueID) -> (map: ValueID, weights: ValueID, cell: Int)? {
    guard let node = producer(value), case .mul = node.op else { return nil }
    for (map, weight) in [(0, 1), (1, 0)] {
      guard let slice = producer(node.inputs[weight]),
        case .slice(let starts, let ends, [1], [1]) = slice.op, ends[0] == starts[0] + 1, starts[0] >= 0,
        facts.find(slice.outputs[0])?.shape[1] == 1
      else { continue }
      return (node.inputs[map], slice.inputs[0], starts[0])
    }
    return nil
  }

  /// The coarse map that `value` is the fine form of, moved to `cell`.
  private func source(_ value: ValueID, _ region: Int, cell: Int, size: Shape) -> ValueID? {
    let border = region - 1
    guard let slice = producer(value), case .slice(let starts, _, [2, 3], [1, 1]) = slice.op,
      starts == [cell / region * 2, cell % region * 2], let moved = facts.find(value)?.shape,
      moved[2] == size[2], moved[3] == size[3],
      let pad = producer(slice.inputs[0]),
      case .pad([0, 0, border, border], [0, 0, border, border], 0) = pad.op,
      let resize = producer(pad.inputs[0]), case .resize(let change) = resize.op,
      change.mode == .nearest, change.coordinates == .asymmetric, change.rounding == .floor,
      let coarse = facts.find(resize.inputs[0])?.shape, coarse[2] * 2 == size[2], coarse[3] * 2 == size[3],
      let fine = facts.find(pad.inputs[0])?.shape, fine[2] == size[2], fine[3] == size[3]
    else { return nil }
    return resize.inputs[0]
  }

  /// Query and key of the score of one cell.
  private func product(_ score: ValueID, _ region: Int, cell: Int, size: Shape) -> (
    query: ValueID, key: ValueID
  )? {
    guard let sum = producer(score), case .reduceSum(axes: [1], keepDims: true) = sum.op,
      let product = producer(sum.inputs[0]), case .mul = product.op
    else { return nil }
    for (query, key) in [(0, 1), (1, 0)] {
      guard let source = source(product.inputs[key], region, cell: cell, size: size),
        facts.find(product.inputs[query])?.shape == facts.find(product.outputs[0])?.shape
      else { continue }
      return (product.inputs[query], source)
    }
    return nil
  }

  /// - Returns: `bias` is empty where it was zero and its sum has been dropped.
  private func relation(_ weights: ValueID, cells: Int) -> (scores: [ValueID], scale: Float, bias: [ValueID])?
  {
    guard let softmax = producer(weights), case .softmax(let axis) = softmax.op, axis == 1 || axis == -3,
      let pixels = producer(softmax.inputs[0]), case .depthToSpace(block: 2, mode: .dcr) = pixels.op,
      var blocks = producer(pixels.inputs[0])
    else { return nil }
    var bias: [ValueID] = []
    if case .add = blocks.op {
      bias = [blocks.inputs[1]]
      guard facts.find(bias[0])?.shape == [1, 4 * cells, 1, 1], let summed = producer(blocks.inputs[0]) else {
        return nil
      }
      blocks = summed
    }
    guard case .spaceToDepth(block: 2) = blocks.op,
      let scaled = producer(blocks.inputs[0]), case .mul = scaled.op,
      let scale = graph.floats(scaled.inputs[1]), scale.count == 1,
      let scores = producer(scaled.inputs[0]), case .concat(let along) = scores.op, along == 1 || along == -3,
      scores.inputs.count == cells
    else { return nil }
    return (scores.inputs, scale[0], bias)
  }
}
