// SPDX-License-Identifier: Apache-2.0

import Buffers
import GraphIR

extension Importer {
  static let windows: [String: Rule] = [
    "AveragePool": { importer, node in
      let includePad = try node.bool("count_include_pad", false)
      var pooling = try importer.pooling(&node)
      pooling.countIncludePad = includePad
      try importer.add(.averagePool(pooling), node.inputs, output: try node.output(), node)
    },
    "MaxPool": { importer, node in
      try node.expect("storage_order", 0)
      let pooling = try importer.pooling(&node)
      try importer.add(.maxPool(pooling), node.inputs, output: try node.output(), node)
    },
    "GlobalAveragePool": plain(.globalAveragePool),
    "ReduceSum": { importer, node in
      try importer.reduce(&node, axesAsInputSince: 13) { .reduceSum(axes: $0, keepDims: $1) }
    },
    "ReduceMean": { importer, node in
      try importer.reduce(&node, axesAsInputSince: 18) { .reduceMean(axes: $0, keepDims: $1) }
    },
    "ArgMax": { importer, node in
      try node.expect("select_last_index", 0)
      let op = Operator.argMax(axis: try node.int("axis", 0), keepDims: try node.bool("keepdims", true))
      try importer.add(op, node.inputs, output: try node.output(), node)
    },
  ]

  private func pooling(_ node: inout NodeReader) throws -> Pooling {
    let x = try fact(node.input(0), node).shape
    guard x.rank == 4 else { throw node.fail("input \(x)", hint: "only two-dimensional pooling runs") }
    guard node.has("kernel_shape") else { throw node.fail("attribute 'kernel_shape' is missing") }
    let kernel = try node.pair("kernel_shape", Pair(1))
    let strides = try node.pair("strides", Pair(1))
    let dilations = try node.pair("dilations", Pair(1))
    guard dilations == Pair(1) else { throw node.fail("attribute 'dilations' is not 1") }
    let pads = try node.pads(
      Pair(rows: x[2], columns: x[3]), kernel: kernel, strides: strides, dilations: dilations)
    return Pooling(kernel: kernel, strides: strides, pads: pads, ceilMode: try node.bool("ceil_mode", false))
  }

  private mutating func reduce(
    _ node: inout NodeReader, axesAsInputSince: Int, _ make: ([Int], Bool) -> Operator
  ) throws {
    let keep = try node.bool("keepdims", true)
    let nothing = try node.bool("noop_with_empty_axes", false)
    var axes = try node.ints("axes")
    if node.inputs.count > 1 {
      guard opset >= axesAsInputSince else {
        throw node.fail("axes are an input only since opset \(axesAsInputSince)")
      }
      axes = try integers(node.input(1), "axes", node)
    }
    let output = try node.output()
    if (axes ?? []).isEmpty, nothing { return try alias(output, to: node.input(0), node) }
    try add(make(axes ?? [], keep), [node.input(0)], output: output, node)
  }
}
