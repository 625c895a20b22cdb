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
  private let producers: [String: Int]
  private let consumers: [String: [Int]]
  private let kept: Set<String>
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
    let bias = node.inputs.count > 2 ? node.inputs[2] : ""
    guard bias.isEmpty || graph.floats(bias) != nil && consumers[bias]?.count == 1 else { return false }

    var values = weight.tensor.elements(as: Float.self)
    let row = values.count / line.a.count
    for position in values.indices {
      values[position] = Float(Double(values[position]) * line.a[position / max(row, 1)])
    }
    graph.constants[node.inputs[1]]!.tensor = Tensor(values, shape: weight.tensor.shape)

    let old = bias.isEmpty ? nil : graph.floats(bias)
    let sums = line.a.indices.map { Float(Double(old?[$0] ?? 0) * line.a[$0] + line.b[$0]) }
    var name = bias
    if name.isEmpty {
      let weightName = node.inputs[1]
      let stem = weightName.hasSuffix(".weight") ? String(weightName.dropLast(7)) : weightName
      name = names.make("\(stem).bias")
    }
    graph.constants[name] = Constant(Tensor(sums, shape: [sums.count]), isParameter: weight.isParameter)
    node.inputs = [node.inputs[0], node.inputs[1], name]
    node.outputs = norm.outputs
    graph.nodes[index] = node
    return true
  }

  /// A normalization behind no convolution: one product and one sum for each channel.
  private mutating func standAlone(_ node: Node, _ line: (a: [Double], b: [Double])) -> (Node, Node) {
    let channels = line.a.count
    let map = MapShape(batch: 1, channels: channels, rows: 1, columns: 1)
    let shape = Shape(map.extents(graph.layout))
    let scale = names.make("\(node.name).factor")
    let offset = names.make("\(node.name).offset")
    let product = names.make("\(node.name).mul")
    let parameter = graph.constants[node.inputs[1]]!.isParameter
    graph.constants[scale] = Constant(Tensor(line.a.map(Float.init), shape: shape), isParameter: parameter)
    graph.constants[offset] = Constant(Tensor(line.b.map(Float.init), shape: shape), isParameter: parameter)
    return (
      Node(product, .mul, inputs: [node.inputs[0], scale], outputs: [product]),
      Node(node.name, .add, inputs: [product, offset], outputs: node.outputs)
    )
  }
}
