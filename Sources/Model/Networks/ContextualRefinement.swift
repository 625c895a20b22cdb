// SPDX-License-Identifier: Apache-2.0

import GraphIR

/// CRM: context over channels and space from a bundle of all four stages (arXiv 2412.08671).
///
/// The paper's layers are not public; this is our design in its spirit.
public struct ContextualRefinement: Sendable, Hashable {
  public enum Form: String, Sendable, Hashable, CaseIterable {
    /// Squeeze gates over channels and positions; nothing depends on the input size.
    case gate
    /// Affinities between channels, then between positions. Its channel scale is τ/N, N positions.
    case affinity
  }

  public var form: Form

  public init(_ form: Form) { self.form = form }

  /// - Returns: the context map `[width, H/32, W/32]`.
  func build(_ taps: Taps, width: Int, _ builder: inout NetworkBuilder) throws -> String {
    let name = "context.crm"
    let channels = 2 * width
    var parts: [String] = []
    for (tap, cell) in [(taps.s4, 8), (taps.s8, 4), (taps.s16, 2)] {
      let pooling = Pooling(kernel: Pair(cell), strides: Pair(cell))
      parts.append(try builder.node("\(name).pool\(cell)", .averagePool(pooling), tap))
    }
    parts.append(taps.s32)
    let bundle = try builder.graph.node("\(name).concat", .concat(axis: 1), parts)
    var x = try builder.layer(bundle, "\(name).reduce", channels)
    switch form {
    case .gate: x = try gate(x, name, &builder)
    case .affinity: x = try affinity(x, name, &builder)
    }
    return try builder.layer(x, "\(name).project", width)
  }

  private func gate(_ x: String, _ name: String, _ builder: inout NetworkBuilder) throws -> String {
    let channels = builder.map(x).channels
    var c = try builder.node("\(name).channel.pool", .globalAveragePool, x)
    c = try builder.conv(c, "\(name).channel.squeeze", channels / 8, bias: true)
    c = try builder.node("\(name).channel.relu", .relu, c)
    c = try builder.conv(c, "\(name).channel.expand", channels, bias: true)
    c = try builder.node("\(name).channel.gate", .sigmoid, c)
    let y = try builder.node("\(name).channel.mul", .mul, x, c)
    var s = try builder.conv(y, "\(name).spatial", 1, kernel: 7, bias: true)
    s = try builder.node("\(name).spatial.gate", .sigmoid, s)
    return try builder.node("\(name).spatial.mul", .mul, y, s)
  }

  private func affinity(_ x: String, _ name: String, _ builder: inout NetworkBuilder) throws -> String {
    let map = builder.map(x)
    let positions = map.rows * map.columns
    // Channels among themselves: A = softmax(X Xᵀ · τ/N), X + A X.
    let rows = try builder.node("\(name).channel.rows", .reshape(Reshape([0, 0, -1])), x)
    let columns = try builder.node("\(name).channel.columns", .transpose(permutation: [0, 2, 1]), rows)
    var scores = try builder.node("\(name).channel.product", .matMul, rows, columns)
    let tau = try builder.parameter("\(name).tau", [], .constant(Float(positions).squareRoot()))
    scores = try builder.node("\(name).channel.tau", .mul, scores, tau)
    let share = try builder.fixed("\(name).channel.share", [1 / Float(positions)], [])
    scores = try builder.node("\(name).channel.scale", .mul, scores, share)
    builder.sized.append("\(name).channel.scale")
    let weights = try builder.node("\(name).channel.affinity", .softmax(axis: -1), scores)
    var y = try builder.node("\(name).channel.mix", .matMul, weights, rows)
    y = try builder.node("\(name).channel.map", .reshape(Reshape([0, 0, map.rows, -1])), y)
    y = try builder.node("\(name).channel.add", .add, x, y)
    // Positions among themselves.
    let attention = PositionAttention(
      query: try builder.conv(y, "\(name).query", map.channels / 4, bias: true),
      key: try builder.conv(y, "\(name).key", map.channels / 4, bias: true),
      value: try builder.conv(y, "\(name).value", map.channels, bias: true))
    let z = try attention.build("\(name).spatial", &builder)
    return try builder.node("\(name).spatial.add", .add, y, z)
  }
}
