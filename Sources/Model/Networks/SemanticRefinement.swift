// SPDX-License-Identifier: Apache-2.0

import Buffers
import GraphIR

/// SRM: samples the coarse map where its semantics really are (arXiv 2412.08671).
///
/// Offsets are predicted in pixels of the fine level, mixed over each pixel's 3x3 neighbours, and held to
/// what one signed byte expresses in sixteenths of a pixel. The warp is written as standard ONNX.
public struct SemanticRefinement: Sendable, Hashable {
  public enum Source: String, Sendable, Hashable { case coarse, upsampled }

  /// The map that is sampled.
  public var source: Source
  /// Whether neighbouring offsets are mixed; otherwise each pixel uses its own.
  public var mask: Bool

  public init(source: Source = .coarse, mask: Bool = true) {
    self.source = source
    self.mask = mask
  }

  /// The reach of an offset, in pixels.
  static let reach: Float = 127 / 16

  /// - Returns: the coarse map in the lateral's size, before the two are added.
  func build(_ coarse: String, lateral: String, _ prefix: String, _ builder: inout NetworkBuilder) throws
    -> String
  {
    let name = "\(prefix).srm"
    let map = builder.map(lateral)
    let upsampled = try builder.upsample(coarse, "\(name).up", to: lateral)
    let both = try builder.node("\(name).concat", .concat(axis: 1), upsampled, lateral)
    let features = try builder.layer(both, "\(name).transform", map.channels)

    var offsets = try builder.conv(features, "\(name).offset", 2, kernel: 3, start: .constant(0))
    offsets = try builder.node("\(name).offset.clip", .clip(min: -Self.reach, max: Self.reach), offsets)
    if mask { offsets = try mix(offsets, features, name, &builder) }

    let grid = try self.grid(offsets, name, &builder)
    return try builder.node(
      "\(name).warp", .gridSample(GridSample()), source == .coarse ? coarse : upsampled, grid)
  }

  /// The offsets of each pixel's 3x3 neighbours, weighted by a softmax of the predicted mask. Beyond the
  /// border they are zero.
  private func mix(
    _ offsets: String, _ features: String, _ name: String, _ builder: inout NetworkBuilder
  ) throws -> String {
    let logits = try builder.conv(features, "\(name).mask", 9, kernel: 3, bias: true)
    let mask = try builder.node("\(name).mask.softmax", .softmax(axis: 1), logits)
    let both = try builder.node("\(name).mask.both", .concat(axis: 1), mask, mask)
    var shifts = [Float](repeating: 0, count: 18 * 9)
    for channel in 0..<18 { shifts[channel * 9 + channel % 9] = 1 }
    let shift = try builder.fixed("\(name).shift", shifts, [18, 1, 3, 3])
    let neighbours = try builder.node(
      "\(name).neighbours", .conv(Convolution(kernel: Pair(3), pads: Pads(1), groups: 2)), offsets, shift)
    let weighted = try builder.node("\(name).weighted", .mul, neighbours, both)
    let sums = (0..<36).map { Float(($0 < 18) == ($0 % 18 < 9) ? 1 : 0) }
    let sum = try builder.fixed("\(name).sum", sums, [2, 18, 1, 1])
    return try builder.node("\(name).mixed", .conv(Convolution(kernel: Pair(1))), weighted, sum)
  }

  /// Where each pixel is sampled, in GridSample's coordinates: -1…1 from border to border.
  private func grid(_ offsets: String, _ name: String, _ builder: inout NetworkBuilder) throws -> String {
    let map = builder.map(offsets)
    let (rows, columns) = (map.rows, map.columns)
    var base: [Float] = []
    base.reserveCapacity(rows * columns * 2)
    for row in 0..<rows {
      for column in 0..<columns {
        base.append(Float((Double(column) + 0.5) * 2 / Double(columns) - 1))
        base.append(Float((Double(row) + 0.5) * 2 / Double(rows) - 1))
      }
    }
    let moved = try builder.node("\(name).offset.xy", .transpose(permutation: [0, 2, 3, 1]), offsets)
    let pixel = try builder.fixed("\(name).pixel", [2 / Float(columns), 2 / Float(rows)], [2])
    let scaled = try builder.node("\(name).offset.scaled", .mul, moved, pixel)
    let centres = try builder.fixed("\(name).base", base, [1, rows, columns, 2])
    return try builder.node("\(name).grid", .add, centres, scaled)
  }
}
