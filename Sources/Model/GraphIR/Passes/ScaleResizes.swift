// SPDX-License-Identifier: Apache-2.0

import Buffers

extension Pass {
  public static let scaleResizes = Pass(
    name: "scaleResizes", summary: "give Resize its whole-number scales in place of sizes"
  ) { graph in
    let facts = try graph.facts()
    var changes = 0
    for index in graph.nodes.indices {
      let node = graph.nodes[index]
      guard case .resize(var resize) = node.op, case .size(let size) = resize.target,
        let x = MapShape(facts[node.inputs[0]].shape.extents, layout: graph.layout),
        size.rows % x.rows == 0, size.columns % x.columns == 0
      else { continue }
      resize.target = .scales(rows: Float(size.rows / x.rows), columns: Float(size.columns / x.columns))
      graph.nodes[index].op = .resize(resize)
      changes += 1
    }
    return changes
  }
}
