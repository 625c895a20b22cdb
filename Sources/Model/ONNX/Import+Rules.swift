// SPDX-License-Identifier: Apache-2.0

extension Importer {
  /// What is imported, by ONNX operator type.
  static let rules: [String: Rule] = [
    products, elementwise, curves, windows, reductions, form, splitting, geometry, stored, known, transposed,
  ].reduce(into: [:]) { all, family in all.merge(family) { $1 } }

  /// What to do instead of operators that people meet.
  static let hints: [String: String] = [
    "Loop": "export without control flow",
    "If": "export without control flow",
    "Scan": "export without control flow",
    "LSTM": "only networks without memory between frames run",
    "GRU": "only networks without memory between frames run",
    "NonMaxSuppression": "export the network without its post-processing",
    "NonZero": "export the network without its post-processing",
    "DeformConv": "use the offsets with GridSample instead",
    "InstanceNormalization": "train with batch normalization instead",
    "LayerNormalization": "train with batch normalization instead",
  ]

  /// Imports one node.
  ///
  /// - Throws: `GraphError` naming the node, its operator, and what cannot run.
  mutating func read(_ proto: ONNXNodeProto, index: Int) throws {
    var node = try NodeReader(proto, index: index)
    guard let rule = Importer.rules[node.op] else {
      throw node.fail(
        "the operator is not supported",
        hint: Importer.hints[node.op] ?? "'roadmask model check' lists all nodes that cannot run")
    }
    guard node.inputs.count <= 1024 else { throw node.fail("\(node.inputs.count) inputs") }
    if normalization != nil, try absorb(node) { return }
    if Importer.foldable.contains(node.op), try foldKnown(&node) { return }
    try rule(&self, &node)
    try node.finish()
  }
}
