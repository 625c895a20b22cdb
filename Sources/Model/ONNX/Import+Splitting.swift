// SPDX-License-Identifier: Apache-2.0

import Buffers
import GraphIR

extension Importer {
  /// What gives its input back, whole or in parts.
  static let splitting: [String: Rule] = [
    "Identity": { importer, node in try importer.alias(try node.output(), to: node.input(0), node) },
    "Dropout": { importer, node in
      node.ignore("ratio")
      node.ignore("seed")
      if let mode = importer.known(node.input(2))?.tensor, mode.dtype == .bool, mode.shape.count == 1,
        mode.bytes.pointer.load(as: UInt8.self) != 0
      {
        throw node.fail("it drops values", hint: "export in inference mode")
      }
      // The mask that it may give besides is never used in inference.
      guard let output = node.outputs.first else { throw node.fail("no output") }
      try importer.alias(output, to: node.input(0), node)
    },
    "Cast": { importer, node in
      let target = ONNXTensorProto.DataType(rawValue: try node.int("to", 0))
      node.ignore("saturate")
      node.ignore("round_mode")
      let source = try importer.fact(node.input(0), node).dtype
      // Half and double precision are computed as float32.
      let isReal = target.map { [.float, .float16, .double, .bfloat16].contains($0) } ?? false
      guard target == source.proto || (isReal && source == .float32) else {
        throw node.fail(
          "casts \(source.rawValue) to type \(target?.rawValue ?? 0)",
          hint: "only casts that change nothing run")
      }
      try importer.alias(try node.output(), to: node.input(0), node)
    },
    "Split": { try $0.split(&$1) },
  ]

  private mutating func split(_ node: inout NodeReader) throws {
    let axis = try node.int("axis", 0)
    let parts = try node.int("num_outputs", node.outputs.count)
    let extents = try fact(node.input(0), node).shape.extents
    let resolved = axis < 0 ? axis + extents.count : axis
    guard extents.indices.contains(resolved), parts == node.outputs.count, parts >= 1,
      parts <= GraphLimits.inputs
    else {
      throw node.fail("splits \(extents) along axis \(axis) into \(parts)")
    }
    let attribute = try node.ints("split")
    var sizes = try integers(node.input(1), "split", node) ?? attribute ?? []
    if sizes.isEmpty {
      let size = (extents[resolved] + parts - 1) / parts
      sizes = (0..<parts).map { min(size, extents[resolved] - $0 * size) }
    }
    guard sizes.count == parts, sizes.allSatisfy({ $0 >= 1 && $0 <= extents[resolved] }),
      sizes.reduce(0, +) == extents[resolved]
    else { throw node.fail("splits \(extents) along axis \(axis) into \(sizes)") }
    var start = 0
    for (index, size) in sizes.enumerated() {
      let output = node.outputs[index]
      if !output.isEmpty {
        try add(
          .slice(starts: [start], ends: [start + size], axes: [resolved], steps: [1]), [node.input(0)],
          output: output, part: "part\(index)", node)
      }
      start += size
    }
  }
}
