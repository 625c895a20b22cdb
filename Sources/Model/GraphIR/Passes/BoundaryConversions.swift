// SPDX-License-Identifier: Apache-2.0

import Buffers

extension Pass {
  /// Removes a QuantizeLinear at an input and a DequantizeLinear at an output: the graph then takes and gives u8.
  public static let dropBoundaryConversions = Pass(
    name: "dropBoundaryConversions", summary: "take and give u8 where inputs are quantized and outputs were"
  ) { graph in
    let before = graph.nodes.count
    graph = try graph.withoutBoundaryConversions()
    return before - graph.nodes.count
  }
}

extension Graph {
  /// This graph without the conversions at its ends: an input that one QuantizeLinear alone reads comes in as u8,
  /// and an output that a DequantizeLinear gives goes out as u8. Only u8 of one scale counts.
  ///
  /// Inputs that are u8 now tell their scale and zero point.
  public func withoutBoundaryConversions() throws -> Graph {
    var graph = self
    let facts = try facts()
    let readers = consumers()
    var dropped: Set<NodeID> = []
    var replaced = ValueTable<ValueID>()
    for index in inputs.indices {
      let input = inputs[index].value
      guard !outputs.contains(input), let only = readers[input], only.count == 1,
        let quantization = quantization(nodes[only[0]], quantizes: true),
        facts[nodes[only[0]].outputs[0]].dtype == .uint8
      else { continue }
      let value = nodes[only[0]].outputs[0]
      guard !outputs.contains(value) else { continue }
      dropped.insert(only[0])
      replaced[value] = input
      graph.inputs[index].fact.dtype = .uint8
      graph.inputs[index].quantization = quantization
    }
    graph.replaceReads(replaced)
    graph.removeNodes(dropped)
    let makers = producers()
    for index in outputs.indices {
      guard let maker = makers[outputs[index]], quantization(nodes[maker], quantizes: false) != nil,
        let value = nodes[maker].inputs.first, facts[value].dtype == .uint8, constants[value] == nil,
        makers[value] != nil
      else { continue }
      graph.outputs[index] = value
    }
    try graph.apply([.removeDead])
    return graph
  }

  /// Scale and zero point of a conversion to u8 or, where `quantizes` is false, from it; `nil` for other nodes and
  /// where there is not one of each. Without a zero point the quantized type is left to be checked.
  func quantization(_ node: Node, quantizes: Bool) -> Quantization? {
    switch (node.op, quantizes) {
    case (.quantizeLinear, true), (.dequantizeLinear, false): break
    default: return nil
    }
    guard let scale = constants[node.inputs[1]]?.tensor, scale.dtype == .float32, scale.shape.count == 1
    else {
      return nil
    }
    var zero: UInt8 = 0
    if let value = node.input(2) {
      guard let tensor = constants[value]?.tensor, tensor.dtype == .uint8, tensor.shape.count == 1 else {
        return nil
      }
      zero = tensor.elements(as: UInt8.self)[0]
    }
    return Quantization(scale: scale.elements(as: Float.self)[0], zeroPoint: Int32(zero))
  }
}
