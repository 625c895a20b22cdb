// SPDX-License-Identifier: Apache-2.0

extension Pass {
  public static let scoresAtEnd = Pass(
    name: "scoresAtEnd", summary: "leave ArgMax, and the bilinear Resize before it, to the argmax stage"
  ) { graph in
    let before = graph.nodes.count
    graph = try graph.withScoresAtEnd()
    return before - graph.nodes.count
  }
}

extension Graph {
  /// This graph without an ArgMax over channels at its end, and without the bilinear Resize before it: the output
  /// is the scores that they take, and the argmax stage does the rest in one pass over rows. What stands between
  /// the two, conversions to stored numbers and back, goes too.
  public func withScoresAtEnd() throws -> Graph {
    var graph = self
    let producers = producers()
    for index in outputs.indices {
      if let scores = scores(behind: outputs[index], producers) { graph.outputs[index] = scores }
    }
    guard graph.outputs != outputs, Set(graph.outputs).count == outputs.count else { return self }
    try graph.apply([.removeDead])
    return graph
  }

  private func scores(behind output: ValueID, _ producers: ValueTable<Int>) -> ValueID? {
    func node(_ value: ValueID) -> Node? { producers[value].map { nodes[$0] } }
    var value = output
    while let maker = node(value), case .reshape = maker.op { value = maker.inputs[0] }
    guard let winner = node(value), case .argMax(let axis, _) = winner.op,
      axis == layout.channelAxis || axis == layout.channelAxis - 4
    else { return nil }
    let scores = winner.inputs[0]
    value = scores
    while let back = node(value), case .dequantizeLinear = back.op, let there = node(back.inputs[0]),
      case .quantizeLinear = there.op, hasOneScale(back), hasOneScale(there)
    {
      value = there.inputs[0]
    }
    guard let last = node(value), case .resize(let resize) = last.op, resize.mode == .linear,
      resize.coordinates == .halfPixel || resize.coordinates == .pytorchHalfPixel
    else { return scores }
    return last.inputs[0]
  }

  private func hasOneScale(_ conversion: Node) -> Bool {
    constants[conversion.inputs[1]]?.tensor.shape.count == 1
  }
}
