// SPDX-License-Identifier: Apache-2.0

import GraphIR

/// Attention of every position to all positions: softmax(qᵀk / √channels) applied to the values.
struct PositionAttention {
  /// Maps of equal size; query and key of equal channels.
  var query: String
  var key: String
  var value: String

  /// - Returns: a map shaped like `value`.
  func build(_ name: String, _ builder: inout NetworkBuilder) throws -> String {
    let map = builder.map(value)
    let width = builder.map(query).channels
    func rows(_ x: String, _ part: String) throws -> String {
      try builder.node("\(name).\(part)", .reshape(Reshape([0, 0, -1])), x)
    }
    func columns(_ x: String, _ part: String) throws -> String {
      try builder.node("\(name).\(part).columns", .transpose(permutation: [0, 2, 1]), rows(x, part))
    }
    var scores = try builder.node("\(name).product", .matMul, columns(query, "query"), rows(key, "key"))
    let scale = try builder.fixed("\(name).scale", [1 / Float(width).squareRoot()], [])
    scores = try builder.node("\(name).scores", .mul, scores, scale)
    let weights = try builder.node("\(name).affinity", .softmax(axis: -1), scores)
    var mixed = try builder.node("\(name).mix", .matMul, weights, columns(value, "value"))
    mixed = try builder.node("\(name).rows", .transpose(permutation: [0, 2, 1]), mixed)
    return try builder.node("\(name).map", .reshape(Reshape([0, 0, map.rows, -1])), mixed)
  }
}
