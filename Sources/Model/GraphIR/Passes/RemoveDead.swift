// SPDX-License-Identifier: Apache-2.0

extension Pass {
  public static let removeDead = Pass(
    name: "removeDead", summary: "drop nodes and constants that no output needs"
  ) { graph in
    var needed = Set(graph.outputs)
    var kept: [Node] = []
    for node in graph.nodes.reversed() where node.outputs.contains(where: needed.contains) {
      needed.formUnion(node.inputs)
      kept.append(node)
    }
    let before = graph.nodes.count + graph.constants.count
    graph.nodes = kept.reversed()
    graph.constants = graph.constants.filter { value, _ in needed.contains(value) }
    return before - graph.nodes.count - graph.constants.count
  }
}
