// SPDX-License-Identifier: Apache-2.0

import Buffers

extension Pass {
  public static let foldBatchNorm = Pass(
    name: "foldBatchNorm",
    summary: "work batch normalization into the convolution before it, or into mul and add"
  ) { graph in
    var folder = BatchNormFolder(graph)
    folder.run()
    graph = folder.graph
    return folder.changes
  }
}

/// y = a·x + b for each channel, a = scale / √(variance + ε), b = bias - a·mean.
private struct BatchNormFolder {
  var graph: Graph
  var changes = 0
  private let producers: ValueTable<Int>
  private let consumers: ValueTable<[NodeID]>
  private let kept: Set<ValueID>
  private var names: FreshNames

  init(_ graph: Graph) {
    self.graph = graph
    producers = graph.producers()
    consumers = graph.consumers()
    kept = Set(graph.outputs)
    names = FreshNames(graph)
  }

  mutating func run() {
    var removed: Set<Int> = []
    var inserted: [Int: Node] = [:]
    for index in graph.nodes.indices {
      let node = graph.nodes[index]
      guard case .batchNormalization(let epsilon) = node.op, let line = line(node, epsilon) else { continue }
      if let producer = producers[node.inputs[0]], fold(line, of: node, into: producer) {
        removed.insert(index)
      } else {
        (graph.nodes[index], inserted[index]) = standAlone(node, line)
      }
      changes += 1
    }
    graph.nodes = graph.nodes.indices.flatMap { index -> [Node] in
      if removed.contains(index) { return [] }
      return [graph.nodes[index]] + (inserted[index].map { [$0] } ?? [])
    }
  }

  private func line(_ node: Node, _ epsilon: Float) -> (a: [Double], b: [Double])? {
    guard let scale = graph.floats(node.inputs[1]), let bias = graph.floats(node.inputs[2]),
      let mean = graph.floats(node.inputs[3]), let variance = graph.floats(node.inputs[4])
    else { return nil }
    var (a, b): ([Double], [Double]) = ([], [])
    for index in scale.indices {
      let factor = Double(scale[index]) / (Double(variance[index]) + Double(epsilon)).squareRoot()
      guard factor.isFinite else { return nil }
      a.append(factor)
      b.append(Double(bias[index]) - factor * Double(mean[index]))
    }
    return (a, b)
  }

  /// Works the line into the convolution at `index`, where nothing else sees the convolution's result.
  private mutating func fold(_ line: (a: [Double], b: [Double]), of norm: Node, into index: Int) -> Bool {
    var node = graph.nodes[index]
    guard case .conv(let convolution) = node.op, convolution.activation == .none,
      consumers[node.outputs[0]]?.count == 1, !kept.contains(node.outputs[0]),
      let weight = graph.constants[node.inputs[1]], weight.tensor.dtype == .float32,
      consumers[node.inputs[1]]?.count == 1, weight.tensor.shape[0] == line.a.count
    else { return false }
    let bias = node.input(2)
    if let bias { guard graph.floats(bias) != nil, consumers[bias]?.count == 1 else { return false } }

    var values = weight.tensor.elements(as: Float.self)
    let row = values.count / line.a.count
    for position in values.indices {
      values[position] = Float(Double(values[position]) * line.a[position / max(row, 1)])
    }
    var scaled = weight
    scaled.tensor = Tensor(values, shape: weight.tensor.shape)
    graph.constants[node.inputs[1]] = scaled

    let old = bias.flatMap(graph.floats)
    let sums = line.a.indices.map { Float(Double(old?[$0] ?? 0) * line.a[$0] + line.b[$0]) }
    let value = bias ?? names.value("\(stem(graph.names[node.inputs[1]])).bias", in: &graph)
    graph.constants[value] = Constant(Tensor(sums, shape: [sums.count]), isParameter: weight.isParameter)
    node.inputs = [node.inputs[0], node.inputs[1], value]
    node.outputs = norm.outputs
    graph.nodes[index] = node
    return true
  }

  /// The name of a layer, of that of its weights.
  private func stem(_ weight: String) -> String {
    weight.hasSuffix(".weight") ? String(weight.dropLast(7)) : weight
  }

  /// A normalization behind no convolution: one product and one sum for each channel.
  private mutating func standAlone(_ node: Node, _ line: (a: [Double], b: [Double])) -> (Node, Node) {
    let channels = line.a.count
    let map = MapShape(batch: 1, channels: channels, rows: 1, columns: 1)
    let shape = Shape(map.extents(graph.layout))
    let scale = names.value("\(node.name).factor", in: &graph)
    let offset = names.value("\(node.name).offset", in: &graph)
    let product = names.value("\(node.name).mul", in: &graph)
    let parameter = graph.constants[node.inputs[1]]?.isParameter ?? false
    graph.constants[scale] = Constant(Tensor(line.a.map(Float.init), shape: shape), isParameter: parameter)
    graph.constants[offset] = Constant(Tensor(line.b.map(Float.init), shape: shape), isParameter: parameter)
    return (
      Node(graph.names[product], .mul, inputs: [node.inputs[0], scale], outputs: [product]),
      Node(node.name, .add, inputs: [product, offset], outputs: node.outputs)
    )
  }
}
