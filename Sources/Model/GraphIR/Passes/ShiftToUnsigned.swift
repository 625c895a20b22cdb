// SPDX-License-Identifier: Apache-2.0

import Buffers

extension Pass {
  public static let shiftToUnsigned = Pass(
    name: "shiftToUnsigned", summary: "keep s8 values as u8, with 128 added to them and to their zero point"
  ) { graph in
    let readers = graph.consumers()
    let kept = Set(graph.outputs)
    var names = FreshNames(graph)
    var changes = 0
    for index in graph.nodes.indices {
      let node = graph.nodes[index]
      guard case .quantizeLinear = node.op, node.inputs.count == 3, !kept.contains(node.outputs[0]),
        graph.signedZero(node) != nil
      else { continue }
      let conversions = readers[node.outputs[0]] ?? []
      guard
        conversions.allSatisfy({ reader in
          guard case .dequantizeLinear = graph.nodes[reader].op else { return false }
          return graph.nodes[reader].inputs.count < 3 || graph.signedZero(graph.nodes[reader]) != nil
        })
      else { continue }
      for place in [index] + conversions {
        let zero = graph.signedZero(graph.nodes[place]) ?? 0
        let value = names.value("\(graph.nodes[place].name).zero", in: &graph)
        graph.constants[value] = Constant(Tensor([UInt8(Int(zero) + 128)], shape: []), isParameter: false)
        graph.nodes[place].inputs = Array(graph.nodes[place].inputs.prefix(2)) + [value]
      }
      changes += 1
    }
    return changes
  }
}

extension Graph {
  /// The zero point of a conversion with one scale, where it is a known s8 number.
  fileprivate func signedZero(_ conversion: Node) -> Int8? {
    guard conversion.inputs.count == 3, let zero = constants[conversion.inputs[2]]?.tensor,
      zero.dtype == .int8, zero.shape.count == 1, constants[conversion.inputs[1]]?.tensor.shape.count == 1,
      constants[conversion.inputs[0]] == nil
    else { return nil }
    return zero.elements(as: Int8.self)[0]
  }
}
