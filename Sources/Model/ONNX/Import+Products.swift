// SPDX-License-Identifier: Apache-2.0

import Buffers
import GraphIR

extension Importer {
  static let products: [String: Rule] = [
    "Conv": { importer, node in
      try importer.conv(&node, node.inputs, output: try node.output())
    },
    "MatMul": { importer, node in
      try importer.add(.matMul, node.inputs, output: try node.output(), node)
    },
    "Gemm": { try $0.gemm(&$1) },
    "BatchNormalization": { importer, node in
      let epsilon = try node.float("epsilon", 1e-5)
      node.ignore("momentum")
      try node.expect("spatial", 1)
      try node.expect("training_mode", 0, hint: "export in inference mode")
      try importer.add(
        .batchNormalization(epsilon: epsilon), node.inputs, output: try node.output(), node)
    },
  ]

  /// - Parameter operands: x, weight, bias?; of a node that has the attributes of Conv.
  @discardableResult
  mutating func conv(_ node: inout NodeReader, _ operands: [String], output: String?, part: String = "")
    throws
    -> String
  {
    guard operands.count >= 2 else { throw node.fail("\(operands.count) inputs; the operator takes 2 to 3") }
    let x = try fact(operands[0], node).shape
    let weight = try fact(operands[1], node).shape
    guard x.rank == 4, weight.rank == 4 else {
      throw node.fail("input \(x) and weight \(weight)", hint: "only two-dimensional convolutions run")
    }
    let kernel = try node.pair("kernel_shape", Pair(rows: weight[2], columns: weight[3]))
    let strides = try node.pair("strides", Pair(1))
    let dilations = try node.pair("dilations", Pair(1))
    let pads = try node.pads(
      Pair(rows: x[2], columns: x[3]), kernel: kernel, strides: strides, dilations: dilations)
    let convolution = Convolution(
      kernel: kernel, strides: strides, dilations: dilations, pads: pads, groups: try node.int("group", 1))
    return try add(.conv(convolution), operands, output: output, part: part, node)
  }

  /// alpha · A · B + beta · C as matrix product and sum.
  private mutating func gemm(_ node: inout NodeReader) throws {
    let alpha = try node.float("alpha", 1)
    let beta = try node.float("beta", 1)
    var operands = Array(node.inputs.prefix(2))
    for (index, key) in ["transA", "transB"].enumerated() where try node.bool(key, false) {
      guard index < operands.count else { break }
      operands[index] = try add(.transpose(permutation: [1, 0]), [operands[index]], part: key, node)
    }
    let output = try node.output()
    let c = node.input(2)
    let more = alpha != 1 || !c.isEmpty
    var y = try add(.matMul, operands, output: more ? nil : output, part: more ? "product" : "", node)
    if alpha != 1 {
      let factor = try constant(Tensor([alpha], shape: []), "alpha", node)
      y = try add(.mul, [y, factor], output: c.isEmpty ? output : nil, part: "scaled", node)
    }
    guard !c.isEmpty else { return }
    var bias = c
    if beta != 1 {
      let factor = try constant(Tensor([beta], shape: []), "beta", node)
      bias = try add(.mul, [bias, factor], part: "bias", node)
    }
    try add(.add, [y, bias], output: output, node)
  }
}

// Attributes of windows.
extension NodeReader {
  mutating func pair(_ key: String, _ standard: Pair) throws -> Pair {
    guard let values = try ints(key) else { return standard }
    guard values.count == 2 else {
      throw fail("attribute '\(key)' is \(values)", hint: "only two-dimensional windows run")
    }
    return Pair(rows: values[0], columns: values[1])
  }

  /// `pads`, or what `auto_pad` asks for.
  mutating func pads(_ size: Pair, kernel: Pair, strides: Pair, dilations: Pair) throws -> Pads {
    let rule = try string("auto_pad", "NOTSET")
    let given = try ints("pads")
    switch rule {
    case "NOTSET":
      guard let given else { return Pads(0) }
      guard given.count == 4 else { throw fail("attribute 'pads' is \(given)") }
      return Pads(top: given[0], left: given[1], bottom: given[2], right: given[3])
    case "VALID": return Pads(0)
    case "SAME_UPPER", "SAME_LOWER":
      func total(_ extent: Int, _ kernel: Int, _ stride: Int, _ dilation: Int) throws -> Int {
        let limit = GraphLimits.side
        guard (1...limit).contains(kernel), (1...limit).contains(stride), (1...limit).contains(dilation)
        else {
          throw fail("kernel \(kernel), stride \(stride), dilation \(dilation)")
        }
        let outputs = (extent + stride - 1) / stride
        return max(0, (outputs - 1) * stride + dilation * (kernel - 1) + 1 - extent)
      }
      let rows = try total(size.rows, kernel.rows, strides.rows, dilations.rows)
      let columns = try total(size.columns, kernel.columns, strides.columns, dilations.columns)
      let (top, left) = rule == "SAME_UPPER" ? (rows / 2, columns / 2) : ((rows + 1) / 2, (columns + 1) / 2)
      return Pads(top: top, left: left, bottom: rows - top, right: columns - left)
    default: throw fail("attribute 'auto_pad' is '\(rule)'")
    }
  }
}
