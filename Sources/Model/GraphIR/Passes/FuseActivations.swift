// SPDX-License-Identifier: Apache-2.0

extension Pass {
  public static let fuseActivations = Pass(
    name: "fuseActivations", summary: "let a convolution apply the Relu or Clip that alone reads it"
  ) { graph in
    let producers = graph.producers()
    let free = graph.privateValues()
    var removed: Set<Int> = []
    for index in graph.nodes.indices {
      let node = graph.nodes[index]
      guard let activation = node.op.activation, free.contains(node.inputs[0]),
        let producer = producers[node.inputs[0]], case .conv(var convolution) = graph.nodes[producer].op,
        convolution.activation == .none
      else { continue }
      convolution.activation = activation
      graph.nodes[producer].op = .conv(convolution)
      graph.nodes[producer].outputs = node.outputs
      removed.insert(index)
    }
    graph.removeNodes(removed)
    return removed.count
  }
}

extension Operator {
  /// What a convolution can apply itself. A Clip that goes below zero bounds signed numbers, such as
  /// offsets, and stays a node.
  fileprivate var activation: Activation? {
    switch self {
    case .relu: .relu
    case .clip(let low, let high) where low >= 0: .clip(min: low, max: high)
    default: nil
    }
  }
}
