// SPDX-License-Identifier: Apache-2.0

import Buffers
import GraphIR

/// ConvTranspose as a convolution that computes all sub-pixels as channels, and DepthToSpace: the same products,
/// summed in one place, on kernels that are there, in int8 too.
///
/// Along one axis, stride s, kernel k: full output s · m + r = Σ_j x[m - j] · w[r + s · j]. Each phase r is
/// a convolution of ceil(k / s) taps; pads cut the full output.
extension Importer {
  static let transposed: [String: Rule] = [
    "ConvTranspose": { try $0.convTranspose(&$1) }
  ]

  /// One axis of it.
  private struct Axis {
    var taps: Int
    /// Cells that the map grows by behind its end.
    var after: Int
    /// Of the full output, what is cut away at the start and at the end.
    var cut: (start: Int, end: Int)
  }

  private mutating func convTranspose(_ node: inout NodeReader) throws {
    let x = try fact(node.input(0), node).shape
    guard let weight = known(node.input(1))?.tensor, weight.dtype == .float32, weight.shape.rank == 4,
      x.rank == 4
    else {
      throw node.fail("input \(x)", hint: "two-dimensional maps and constant float32 weights are supported")
    }
    let kernel = try node.pair("kernel_shape", Pair(rows: weight.shape[2], columns: weight.shape[3]))
    let strides = try node.pair("strides", Pair(1))
    let dilations = try node.pair("dilations", Pair(1))
    let groups = try node.int("group", 1)
    let added = try node.pair("output_padding", Pair(0))
    let sizes = try node.ints("output_shape")
    let rule = try node.string("auto_pad", "NOTSET")
    let given = try node.ints("pads") ?? [0, 0, 0, 0]
    let limits = 1...64
    guard dilations == Pair(1), strides.rows == strides.columns, limits.contains(strides.rows),
      limits.contains(kernel.rows), limits.contains(kernel.columns), given.count == 4,
      given.allSatisfy({ (0...64).contains($0) }),
      kernel == Pair(rows: weight.shape[2], columns: weight.shape[3]),
      (0...64).contains(added.rows), (0...64).contains(added.columns),
      sizes?.allSatisfy({ (1...GraphLimits.side).contains($0) }) ?? true
    else {
      throw node.fail(
        "kernel \(kernel.rows)x\(kernel.columns), strides \(strides.rows) and \(strides.columns), pads \(given)",
        hint: "one stride for both axes, without dilation, up to 64")
    }
    let inputs = x[1]
    guard groups >= 1, inputs == weight.shape[0], inputs % groups == 0, weight.shape[1] >= 1 else {
      throw node.fail("input \(x), weight \(weight.shape), \(groups) groups")
    }
    let stride = strides.rows
    func axis(_ extent: Int, _ kernel: Int, _ before: Int, _ behind: Int, _ added: Int, _ size: Int?) throws
      -> Axis
    {
      var (before, behind, added) = (before, behind, added)
      let full = (extent - 1) * stride + kernel
      if rule == "SAME_UPPER" || rule == "SAME_LOWER" || size != nil {
        let total = full + added - (size ?? extent * stride)
        guard total >= 0 || size == nil else { throw node.fail("output_shape \(sizes ?? [])") }
        let half = max(total, 0) / 2
        before = rule == "SAME_UPPER" ? half : max(total, 0) - half
        behind = max(total, 0) - before
        added += max(-total, 0)
      } else if rule == "VALID" {
        (before, behind) = (0, 0)
      }
      let count = full + added - before - behind
      guard count >= 1 else { throw node.fail("gives no rows or columns") }
      let taps = (kernel + stride - 1) / stride
      let cells = (before + count + stride - 1) / stride
      return Axis(taps: taps, after: cells - extent, cut: (before, cells * stride - before - count))
    }
    let rows = try axis(x[2], kernel.rows, given[0], given[2], added.rows, sizes?.suffix(2).first)
    let columns = try axis(x[3], kernel.columns, given[1], given[3], added.columns, sizes?.last)

    let perGroup = weight.shape[1]
    let phases = stride * stride
    let inputsPerGroup = inputs / groups
    guard
      let count = Shape.checkedCount([perGroup, groups, phases, inputsPerGroup, rows.taps, columns.taps]),
      count <= GraphLimits.knownElements
    else { throw node.fail("its weights are beyond the limits") }
    let outputs = perGroup * groups
    let source = weight.elements(as: Float.self)
    var taps = [Float](repeating: 0, count: count)
    for group in 0..<groups {
      for output in 0..<perGroup {
        for row in 0..<stride {
          for column in 0..<stride {
            let channel = ((group * perGroup + output) * stride + row) * stride + column
            for input in 0..<inputsPerGroup {
              let from = ((group * inputsPerGroup + input) * perGroup + output) * kernel.rows * kernel.columns
              let to = (channel * inputsPerGroup + input) * rows.taps * columns.taps
              for i in 0..<rows.taps where row + stride * i < kernel.rows {
                for j in 0..<columns.taps where column + stride * j < kernel.columns {
                  let place = (rows.taps - 1 - i) * columns.taps + (columns.taps - 1 - j)
                  let cell = (row + stride * i) * kernel.columns + (column + stride * j)
                  taps[to + place] = source[from + cell]
                }
              }
            }
          }
        }
      }
    }
    let shape: Shape = [outputs * phases, inputsPerGroup, rows.taps, columns.taps]
    var operands = [
      node.input(0), try constant(Tensor(taps, shape: shape), "weight", node, isParameter: true),
    ]
    if !node.input(2).isEmpty {
      guard let bias = try floats(node.input(2), "bias", node), bias.count == outputs else {
        throw node.fail("a bias that is not one for each of \(outputs) channels")
      }
      let all = bias.flatMap { Array(repeating: $0, count: phases) }
      operands.append(try constant(Tensor(all, shape: [all.count]), "bias", node, isParameter: true))
    }
    // A window that would reach beyond what is needed is cut at the map's own end.
    let convolution = Convolution(
      kernel: Pair(rows: rows.taps, columns: columns.taps),
      pads: Pads(
        top: rows.taps - 1, left: columns.taps - 1, bottom: max(rows.after, 0), right: max(columns.after, 0)),
      groups: groups)
    let output = try node.output()
    let cutsRows = rows.cut.start > 0 || rows.cut.end > 0 || rows.after < 0
    let cutsColumns = columns.cut.start > 0 || columns.cut.end > 0 || columns.after < 0
    let cuts = cutsRows || cutsColumns
    let isLast = stride == 1 && !cuts
    var value = try add(
      .conv(convolution), operands, output: isLast ? output : nil, part: isLast ? "" : "phases", node)
    if stride > 1 {
      value = try add(
        .depthToSpace(block: stride, mode: .crd), [value], output: cuts ? nil : output,
        part: cuts ? "full" : "", node)
    }
    guard cuts else { return }
    // From the end, so that another size of picture cuts as much.
    func end(_ axis: Axis) -> Int {
      let cut = axis.cut.end + max(-axis.after, 0) * stride
      return cut == 0 ? Int(Int32.max) : -cut
    }
    try add(
      .slice(
        starts: [rows.cut.start, columns.cut.start], ends: [end(rows), end(columns)], axes: [2, 3],
        steps: [1, 1]),
      [value], output: output, node)
  }
}
