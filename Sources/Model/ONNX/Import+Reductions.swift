// SPDX-License-Identifier: Apache-2.0

import Buffers
import GraphIR

/// Reductions and forms that are written with operators that have kernels.
extension Importer {
  static let reductions: [String: Rule] = [
    "ReduceMax": { try $0.reduceMax(&$1, isMin: false) },
    "ReduceMin": { try $0.reduceMax(&$1, isMin: true) },
    "GlobalMaxPool": { importer, node in
      let x = try importer.fact(node.input(0), node).shape
      guard x.rank == 4 else { throw node.fail("input \(x)", hint: "only two-dimensional pooling runs") }
      let pooling = Pooling(kernel: Pair(rows: x[2], columns: x[3]), strides: Pair(1))
      try importer.add(.maxPool(pooling), [node.input(0)], output: try node.output(), node)
    },
    "Expand": { importer, node in
      let x = try importer.fact(node.input(0), node)
      guard let target = try importer.integers(node.input(1), "shape", node) else {
        throw node.fail("no shape")
      }
      let output = try node.output()
      let rank = max(x.shape.rank, target.count)
      let from = Array(repeating: 1, count: rank - x.shape.rank) + x.shape.extents
      let to = Array(repeating: 1, count: rank - target.count) + target
      // Only the axes that grow: the sum brings the others along.
      let grown = zip(from, to).map { $0 == 1 ? $1 : 1 }
      guard rank <= GraphLimits.rank, to.allSatisfy({ $0 >= 1 }),
        zip(from, to).allSatisfy({ $0 == $1 || $0 == 1 || $1 == 1 }),
        let count = Shape.checkedCount(grown), count > 0, count <= GraphLimits.foldedElements
      else { throw node.fail("expands \(x.shape) to \(target)") }
      if count == 1, rank == x.shape.rank { return try importer.alias(output, to: node.input(0), node) }
      guard x.dtype == .float32 else { throw node.fail("expands \(x.dtype.rawValue)") }
      let zeros = try importer.constant(
        Tensor([Float](repeating: 0, count: count), shape: Shape(grown)), "zeros", node)
      try importer.add(.add, [node.input(0), zeros], output: output, node)
    },
    "Upsample": { importer, node in
      let word = try node.string("mode", "nearest")
      guard let mode = Resize.Mode(rawValue: word) else { throw node.fail("attribute 'mode' is '\(word)'") }
      let attribute = try node.floats("scales")
      guard let scales = try importer.floats(node.input(1), "scales", node) ?? attribute, scales.count == 4,
        scales[0] == 1, scales[1] == 1
      else { throw node.fail("scales other axes than rows and columns") }
      let resize = Resize(
        .scales(rows: scales[2], columns: scales[3]), mode: mode, coordinates: .asymmetric, rounding: .floor)
      try importer.add(.resize(resize), [node.input(0)], output: try node.output(), node)
    },
  ]

  /// The largest along neighbouring axes: a window over all of them, on a map `[1, outer, reduced, inner]`.
  private mutating func reduceMax(_ node: inout NodeReader, isMin: Bool) throws {
    let keep = try node.bool("keepdims", true)
    let nothing = try node.bool("noop_with_empty_axes", false)
    let attribute = try node.ints("axes")
    let extents = try fact(node.input(0), node).shape.extents
    let given = try integers(node.input(1), "axes", node) ?? attribute ?? []
    let output = try node.output()
    if given.isEmpty, nothing { return try alias(output, to: node.input(0), node) }
    let axes =
      given.isEmpty
      ? Array(extents.indices) : given.map { $0 < 0 ? $0 + extents.count : $0 }.sorted()
    guard let first = axes.first, let last = axes.last, extents.indices.contains(first),
      extents.indices.contains(last), axes == Array(first...last)
    else { throw node.fail("axes \(given) of \(extents)", hint: "only neighbouring axes are reduced") }
    let outer = extents[..<first].reduce(1, *)
    let reduced = extents[first...last].reduce(1, *)
    let inner = extents[(last + 1)...].reduce(1, *)
    guard reduced <= GraphLimits.side else { throw node.fail("reduces \(reduced) elements at once") }
    var value = try add(.reshape(Reshape([1, outer, reduced, inner])), [node.input(0)], part: "map", node)
    let minus = isMin ? try scalar(-1, "minus", node) : ""
    if isMin { value = try add(.mul, [value, minus], part: "negative", node) }
    let window = Pooling(kernel: Pair(rows: reduced, columns: 1), strides: Pair(1))
    value = try add(.maxPool(window), [value], part: "largest", node)
    if isMin { value = try add(.mul, [value, minus], part: "smallest", node) }
    let kept = extents.indices.compactMap { axes.contains($0) ? (keep ? 1 : nil) : extents[$0] }
    try add(.reshape(Reshape(kept)), [value], output: output, node)
  }
}
