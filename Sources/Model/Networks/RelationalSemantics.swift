// SPDX-License-Identifier: Apache-2.0

import Buffers
import GraphIR

/// RSP: each fine pixel takes from a small region of the coarse map what is related to it
/// (arXiv 2106.01744).
///
/// The paper's layers are not public; the relation is a dot product with a learnt bias for each pair of
/// sub-pixel and region cell. Cells beyond the border have zero keys and values.
public struct RelationalSemantics: Sendable, Hashable {
  /// Rows and columns of the region, in coarse cells; odd.
  public var region: Int
  /// Channels of queries and keys.
  public var keyWidth: Int

  public init(region: Int = 3, keyWidth: Int = 32) {
    self.region = region
    self.keyWidth = keyWidth
  }

  /// - Returns: the related semantics `[width, rows, columns]` in the lateral's size.
  func build(_ coarse: String, lateral: String, _ prefix: String, _ builder: inout NetworkBuilder) throws
    -> String
  {
    let name = "\(prefix).rsp"
    let width = builder.map(lateral).channels
    let cells = region * region
    let query = try builder.conv(lateral, "\(name).query", keyWidth)
    let key = try spread(try builder.conv(coarse, "\(name).key", keyWidth), "\(name).key", lateral, &builder)
    let value = try spread(
      try builder.conv(coarse, "\(name).value", width), "\(name).value", lateral, &builder)

    var scores: [String] = []
    for cell in 0..<cells {
      let moved = try shifted(key, cell, "\(name).key", &builder)
      let product = try builder.node("\(name).product\(cell)", .mul, query, moved)
      scores.append(try builder.node("\(name).score\(cell)", .reduceSum(axes: [1], keepDims: true), product))
    }
    var relation = try builder.graph.node("\(name).scores", .concat(axis: 1), scores)
    let scale = try builder.fixed("\(name).scale", [1 / Float(keyWidth).squareRoot()], [])
    relation = try builder.node("\(name).scaled", .mul, relation, scale)
    // Sub-pixels side by side as channels, where the bias tells them apart.
    relation = try builder.node("\(name).blocks", .spaceToDepth(block: 2), relation)
    let bias = try builder.parameter("\(name).bias", [1, 4 * cells, 1, 1], .constant(0))
    relation = try builder.node("\(name).biased", .add, relation, bias)
    relation = try builder.node("\(name).pixels", .depthToSpace(block: 2, mode: .dcr), relation)
    relation = try builder.node("\(name).relation", .softmax(axis: 1), relation)

    var sum = ""
    for cell in 0..<cells {
      let weight = try builder.node(
        "\(name).weight\(cell)", .slice(starts: [cell], ends: [cell + 1], axes: [1], steps: [1]), relation)
      let moved = try shifted(value, cell, "\(name).value", &builder)
      let part = try builder.node("\(name).part\(cell)", .mul, moved, weight)
      sum = cell == 0 ? part : try builder.node("\(name).sum\(cell)", .add, sum, part)
    }
    return sum
  }

  /// The coarse map with its zero border, each cell repeated over its four fine pixels.
  private func spread(
    _ x: String, _ name: String, _ lateral: String, _ builder: inout NetworkBuilder
  ) throws -> String {
    let size = builder.map(lateral)
    let resize = Resize(
      .size(Pair(rows: size.rows, columns: size.columns)), mode: .nearest, coordinates: .asymmetric,
      rounding: .floor)
    let fine = try builder.node("\(name).fine", .resize(resize), x)
    let border = region / 2 * 2
    return try builder.node(
      "\(name).padded", .pad(before: [0, 0, border, border], after: [0, 0, border, border], value: 0), fine)
  }

  private func shifted(_ x: String, _ cell: Int, _ name: String, _ builder: inout NetworkBuilder) throws
    -> String
  {
    let starts = [cell / region * 2, cell % region * 2]
    // Ends count from the far border, so that the node does not depend on the size.
    let ends = starts.map { start in
      let left = (region - 1) * 2 - start
      return left == 0 ? GraphLimits.attribute : -left
    }
    return try builder.node(
      "\(name).shift\(cell)", .slice(starts: starts, ends: ends, axes: [2, 3], steps: [1, 1]), x)
  }
}
