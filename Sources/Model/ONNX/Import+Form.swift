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
      // Attributes until opset 9, inputs since.
      let old = (try node.ints("starts"), try node.ints("ends"), try node.ints("axes"))
      guard let starts = try importer.integers(node.input(1), "starts", node) ?? old.0,
        let ends = try importer.integers(node.input(2), "ends", node) ?? old.1
      else { throw node.fail("starts or ends are missing") }
      let axes = try importer.integers(node.input(3), "axes", node) ?? old.2 ?? Array(starts.indices)
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
      let takesZero = try node.bool("allowzero", false)
      let attribute = try node.ints("shape")
      guard let extents = try importer.integers(node.input(1), "shape", node) ?? attribute else {
        throw node.fail("no shape")
      }
      guard !takesZero || !extents.contains(0) else {
        throw node.fail("reshapes to \(extents), which holds nothing")
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
    // Attributes until opset 10, inputs since.
    let old = (pads: try node.ints("pads"), value: try node.float("value", 0))
    guard let pads = try integers(node.input(1), "pads", node) ?? old.pads else { throw node.fail("no pads") }
    let value = try float(node.input(2), "constant_value", node, old.value)
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
    guard mode == "constant" else {
      return try padByCopies(&node, mode: mode, before: before, after: after)
    }
    try add(
      .pad(before: before, after: after, value: value), [node.input(0)], output: try node.output(), node)
  }

  /// Reflected or repeated edges, as slices joined to the map, axis by axis.
  private mutating func padByCopies(
    _ node: inout NodeReader, mode: String, before: [Int], after: [Int]
  ) throws {
    guard mode == "reflect" || mode == "edge" || mode == "wrap" else {
      throw node.fail("attribute 'mode' is '\(mode)'", hint: "constant, reflect, edge and wrap are supported")
    }
    var value = node.input(0)
    let extents = try fact(value, node).shape.extents
    let axes = extents.indices.filter { before[$0] != 0 || after[$0] != 0 }
    let output = try node.output()
    guard !axes.isEmpty else { return try alias(output, to: value, node) }
    for (position, axis) in axes.enumerated() {
      let extent = extents[axis]
      let most = mode == "reflect" ? extent - 1 : extent
      let sides = 0..<GraphLimits.inputs / 2
      guard sides.contains(before[axis]), sides.contains(after[axis]),
        mode == "edge" || before[axis] <= most && after[axis] <= most
      else { throw node.fail("pads axis \(axis) of \(extents) by \(before[axis]) and \(after[axis])") }
      func cell(_ place: Int) -> Int {
        switch mode {
        case "reflect": place < 0 ? -place : place >= extent ? 2 * (extent - 1) - place : place
        case "edge": min(max(place, 0), extent - 1)
        default: (place + extent) % extent
        }
      }
      var parts: [String] = []
      func slice(_ importer: inout Importer, _ place: Int) throws -> String {
        try importer.add(
          .slice(starts: [cell(place)], ends: [cell(place) + 1], axes: [axis], steps: [1]), [value],
          part: "cell", node)
      }
      for place in -before[axis]..<0 { parts.append(try slice(&self, place)) }
      parts.append(value)
      for place in extent..<extent + after[axis] { parts.append(try slice(&self, place)) }
      let isLast = position == axes.count - 1
      value = try add(
        .concat(axis: axis), parts, output: isLast ? output : nil, part: isLast ? "" : "axis\(axis)", node)
    }
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
