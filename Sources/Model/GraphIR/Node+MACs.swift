// SPDX-License-Identifier: Apache-2.0

import Buffers

extension Node {
  /// Multiply-adds of a convolution, matrix product or attention; 0 for everything else; `nil` where the number
  /// does not fit in `Int`.
  func macs(inputs: [Fact?], output: Fact, layout: Layout) -> Int? {
    switch op {
    case .conv(let convolution):
      guard let weight = inputs[1].flatMap({ MapShape($0.shape.extents, layout: layout) }) else { return 0 }
      return Shape.checkedCount([
        output.shape.count, weight.channels, convolution.kernel.rows, convolution.kernel.columns,
      ])
    case .matMul:
      return Shape.checkedCount([output.shape.count, inputs[0]?.shape[-1] ?? 0])
    case .localAttention(let attention):
      let channels = [inputs[0], inputs[2]].map {
        $0.flatMap { MapShape($0.shape.extents, layout: layout) }?.channels ?? 0
      }
      let width = MapShape(output.shape.extents, layout: layout)?.channels ?? 1
      return Shape.checkedCount([output.shape.count / width, attention.cells, channels[0] + channels[1]])
    case .globalAttention:
      let maps = [inputs[0], inputs[2]].map { $0.flatMap { MapShape($0.shape.extents, layout: layout) } }
      guard let query = maps[0], let value = maps[1] else { return 0 }
      let pixels = query.rows * query.columns
      return Shape.checkedCount([query.batch, pixels, pixels, query.channels + value.channels])
    default:
      return 0
    }
  }
}

extension Graph {
  /// Multiply-adds of each node's convolution, matrix product or attention; 0 for other nodes.
  public func macs(_ facts: Facts) -> [Int] {
    nodes.map { node in
      guard let output = node.outputs.first.flatMap(facts.find) else { return 0 }
      return node.macs(inputs: node.inputs.map(facts.find), output: output, layout: layout) ?? 0
    }
  }
}
