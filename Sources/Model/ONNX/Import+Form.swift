// SPDX-License-Identifier: Apache-2.0

import Buffers
import GraphIR

extension Importer {
  static let form: [String: Rule] = [
    "Concat": { importer, node in
      guard let axis = try node.int("axis") else { throw node.fail("attribute 'axis' is missing") }
      try importer.add(.concat(axis: axis), node.inputs, output: try node.output(), node)
    },
    "Transpose": { importer, node in
      let rank = try importer.fact(node.input(0), node).shape.rank
      let permutation = try node.ints("perm") ?? Array((0..<rank).reversed())
      try importer.add(.transpose(permutation: permutation), node.inputs, output: try node.output(), node)
    },
    "Slice": { importer, node in
      guard let starts = try importer.integers(node.input(1), "starts", node),
        let ends = try importer.integers(node.input(2), "ends", node)
      else { throw node.fail("starts or ends are missing") }
      let axes = try importer.integers(node.input(3), "axes", node) ?? Array(starts.indices)
      let steps =
        try importer.integers(node.input(4), "steps", node) ?? Array(repeating: 1, count: starts.count)
      try importer.add(
        .slice(starts: starts, ends: ends, axes: axes, steps: steps), [node.input(0)],
        output: try node.output(), node)
    },
    "Pad": { try $0.pad(&$1) },
    "DepthToSpace": { importer, node in
      let word = try node.string("mode", "DCR")
      guard let mode = DepthToSpaceMode(rawValue: word) else {
        throw node.fail("attribute 'mode' is '\(word)'")
      }
      let block = try node.int("blocksize", 0)
      try importer.add(.depthToSpace(block: block, mode: mode), node.inputs, output: try node.output(), node)
    },
    "SpaceToDepth": { importer, node in
      let block = try node.int("blocksize", 0)
      try importer.add(.spaceToDepth(block: block), node.inputs, output: try node.output(), node)
    },
    "Reshape": { importer, node in
      try node.expect("allowzero", 0)
      guard let extents = try importer.integers(node.input(1), "shape", node) else {
        throw node.fail("no shape")
      }
      try importer.add(.reshape(Reshape(extents)), [node.input(0)], output: try node.output(), node)
    },
    "Flatten": { importer, node in
      let extents = try importer.fact(node.input(0), node).shape.extents
      let axis = try node.int("axis", 1)
      let split = axis < 0 ? axis + extents.count : axis
      guard (0...extents.count).contains(split) else { throw node.fail("axis \(axis) of \(extents)") }
      let outer = extents[..<split].reduce(1, *)
      try importer.add(.reshape(Reshape([outer, -1])), node.inputs, output: try node.output(), node)
    },
    "Unsqueeze": { try $0.unsqueeze(&$1) },
    "Squeeze": { try $0.squeeze(&$1) },
  ]

  private mutating func pad(_ node: inout NodeReader) throws {
    let mode = try node.string("mode", "constant")
    guard mode == "constant" else {
      throw node.fail("attribute 'mode' is '\(mode)'", hint: "only constant is supported")
    }
    guard let pads = try integers(node.input(1), "pads", node) else { throw node.fail("no pads") }
    let value = try float(node.input(2), "constant_value", node, 0)
    let rank = try fact(node.input(0), node).shape.rank
    var before = [Int](repeating: 0, count: rank)
    var after = before
    let axes = try integers(node.input(3), "axes", node) ?? Array(0..<rank)
    guard pads.count == 2 * axes.count else { throw node.fail("\(pads.count) pads for \(axes.count) axes") }
    for (index, axis) in axes.enumerated() {
      let resolved = axis < 0 ? axis + rank : axis
      guard (0..<rank).contains(resolved) else { throw node.fail("axis \(axis) of rank \(rank)") }
      before[resolved] = pads[index]
      after[resolved] = pads[axes.count + index]
    }
    try add(
      .pad(before: before, after: after, value: value), [node.input(0)], output: try node.output(), node)
  }

  /// Axes as an attribute until opset 12, as an input since 13.
  private func squeezedAxes(_ node: inout NodeReader) throws -> [Int]? {
    let attribute = try node.ints("axes")
    return try integers(node.input(1), "axes", node) ?? attribute
  }

  private mutating func unsqueeze(_ node: inout NodeReader) throws {
    guard let axes = try squeezedAxes(&node) else { throw node.fail("no axes") }
    let extents = try unsqueezed(try fact(node.input(0), node).shape.extents, axes, node)
    try add(.reshape(Reshape(extents)), [node.input(0)], output: try node.output(), node)
  }

  func unsqueezed(_ extents: [Int], _ axes: [Int], _ node: NodeReader) throws -> [Int] {
    let rank = extents.count + axes.count
    guard rank <= GraphLimits.rank else { throw node.fail("output of rank \(rank)") }
    let resolved = Set(axes.map { $0 < 0 ? $0 + rank : $0 })
    guard resolved.count == axes.count, resolved.allSatisfy({ (0..<rank).contains($0) }) else {
      throw node.fail("axes \(axes) for rank \(extents.count)")
    }
    var rest = extents[...]
    return (0..<rank).map { resolved.contains($0) ? 1 : rest.removeFirst() }
  }

  private mutating func squeeze(_ node: inout NodeReader) throws {
    let axes = try squeezedAxes(&node)
    let extents = try squeezed(try fact(node.input(0), node).shape.extents, axes, node)
    try add(.reshape(Reshape(extents)), [node.input(0)], output: try node.output(), node)
  }

  func squeezed(_ extents: [Int], _ axes: [Int]?, _ node: NodeReader) throws -> [Int] {
    guard let axes else { return extents.filter { $0 != 1 } }
    let resolved = Set(axes.map { $0 < 0 ? $0 + extents.count : $0 })
    guard resolved.allSatisfy({ extents.indices.contains($0) && extents[$0] == 1 }) else {
      throw node.fail("axes \(axes) of \(extents) are not all 1")
    }
    return extents.indices.filter { !resolved.contains($0) }.map { extents[$0] }
  }
}
