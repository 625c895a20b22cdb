// SPDX-License-Identifier: Apache-2.0

import Buffers
import GraphIR

extension Importer {
  /// Between real and stored numbers, and operators that do both.
  static let stored: [String: Rule] = [
    "QuantizeLinear": { importer, node in
      try node.expect("block_size", 0)
      try node.expect("output_dtype", 0)
      node.ignore("saturate")
      try importer.checkScale(node, scale: node.input(1))
      let axis = try node.int("axis", 1)
      try importer.add(.quantizeLinear(axis: axis), node.inputs, output: try node.output(), node)
    },
    "DequantizeLinear": { importer, node in
      try node.expect("block_size", 0)
      // Of whatever width, it is computed as float32.
      node.ignore("output_dtype")
      try importer.checkScale(node, scale: node.input(1))
      try importer.checkBiasZero(node)
      let axis = try node.int("axis", 1)
      try importer.add(.dequantizeLinear(axis: axis), node.inputs, output: try node.output(), node)
    },
    "QLinearConv": { try $0.storedConv(&$1) },
  ]

  /// As DequantizeLinear, Conv and QuantizeLinear, which is what it means.
  private mutating func storedConv(_ node: inout NodeReader) throws {
    for scale in [1, 4, 6] { try checkScale(node, scale: node.input(scale)) }
    let x = try add(
      .dequantizeLinear(axis: 1), [node.input(0), node.input(1), node.input(2)], part: "x", node)
    let weight = try add(
      .dequantizeLinear(axis: 0), [node.input(3), node.input(4), node.input(5)], part: "weight", node)
    var operands = [x, weight]
    if !node.input(8).isEmpty {
      guard let units = try floats(node.input(1), "x_scale", node), units.count == 1,
        let scales = try floats(node.input(4), "w_scale", node)
      else { throw node.fail("a bias without scales") }
      let scale = try constant(Tensor(scales.map { $0 * units[0] }, shape: [scales.count]), "unit", node)
      operands.append(try add(.dequantizeLinear(axis: 0), [node.input(8), scale], part: "bias", node))
    }
    let sum = try conv(&node, operands, output: nil, part: "product")
    try add(
      .quantizeLinear(axis: 1), [sum, node.input(6), node.input(7)], output: try node.output(), node)
  }

  /// - Throws: `GraphError` where a scale that is known is no positive number.
  private func checkScale(_ node: NodeReader, scale name: String) throws {
    guard let tensor = known(name)?.tensor, tensor.dtype == .float32 else { return }
    for (index, scale) in tensor.elements(as: Float.self).enumerated() where !(scale > 0 && scale.isFinite) {
      throw node.fail(
        "scale \(tensor.shape.count > 1 ? "\(index) of '\(name)'" : "'\(name)'") is \(scale)",
        hint: "a scale is above 0; quantise again, with calibration pictures that reach every layer")
    }
  }

  /// s32 numbers have no zero point.
  private func checkBiasZero(_ node: NodeReader) throws {
    guard let tensor = known(node.input(2))?.tensor, tensor.dtype == .int32,
      let zero = tensor.elements(as: Int32.self).first(where: { $0 != 0 })
    else { return }
    throw node.fail("the zero point of int32 numbers is \(zero)", hint: "it must be 0")
  }
}
