// SPDX-License-Identifier: Apache-2.0

public import Buffers

extension Graph {
  /// This graph without the conversions at its ends: an input that is only ever stored comes in stored, and an
  /// output that is only a stored value made real goes out stored. Only u8 values of one scale count.
  ///
  /// - Returns: also the scale and zero point of each input that is stored now.
  public func withStoredEnds() throws -> (graph: Graph, inputs: ValueTable<Quantization>) {
    var graph = self
    var stored = ValueTable<Quantization>()
    let facts = try facts()
    let readers = consumers()
    var dropped: Set<Int> = []
    var renamed = ValueTable<ValueID>()
    for index in inputs.indices {
      let input = inputs[index].value
      guard !outputs.contains(input), let only = readers[input], only.count == 1,
        let quantization = quantization(nodes[only[0]], quantizes: true),
        facts.find(nodes[only[0]].outputs[0])?.dtype == .uint8
      else { continue }
      let value = nodes[only[0]].outputs[0]
      guard !outputs.contains(value) else { continue }
      dropped.insert(only[0])
      renamed[value] = input
      graph.inputs[index].fact.dtype = .uint8
      stored[input] = quantization
    }
    graph.replaceReads(renamed)
    graph.removeNodes(dropped)
    let makers = producers()
    for index in outputs.indices {
      guard let maker = makers[outputs[index]], quantization(nodes[maker], quantizes: false) != nil,
        let value = nodes[maker].inputs.first, facts.find(value)?.dtype == .uint8, constants[value] == nil,
        makers[value] != nil
      else { continue }
      graph.outputs[index] = value
    }
    try graph.apply([.removeDead])
    return (graph, stored)
  }

  /// Scale and zero point of a conversion to u8 or, where `quantizes` is false, from it; `nil` for other nodes and
  /// where there is not one of each. Without a zero point the stored type is left to be checked.
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
