// SPDX-License-Identifier: Apache-2.0

import Buffers
import GraphIR

/// MCIBI: context from other images, kept as one mean feature per class (arXiv 2108.11819).
///
/// The memory `[classes, channels]` is a parameter that the trainer updates without gradient.
public struct DatasetContext: Sendable, Hashable {
  public enum Form: String, Sendable, Hashable, CaseIterable {
    /// Pixels attend to the class mixtures of all pixels, as in the paper.
    case pixel
    /// Pixels attend to the classes themselves; no product over positions.
    case classKey = "classkey"
  }

  public var form: Form

  public init(_ form: Form) { self.form = form }

  /// - Returns: a map shaped like `x`, augmented by the memory.
  func build(_ x: String, classes: Int, _ builder: inout NetworkBuilder) throws -> String {
    let name = "context.mcibi"
    let channels = builder.map(x).channels
    let inner = channels / 2
    let memory = try builder.parameter("\(name).memory", [classes, channels], .he)

    let hidden = try builder.layer(x, "\(name).stage1", channels)
    let logits = try builder.conv(
      hidden, "\(name).classifier", classes, bias: true, output: "aux.mcibi.logits")
    // Changes nothing: it gives the map the name that the trainer looks for.
    let features = try builder.node(
      "\(name).features", .reshape(Reshape([0, 0, 0, 0])), x, output: "aux.mcibi.features")
    builder.auxiliary += [logits, features]

    var query = try builder.layer(x, "\(name).query1", inner)
    query = try builder.layer(query, "\(name).query2", inner)
    var context: String
    switch form {
    case .pixel: context = try pixels(query, logits, memory, name, &builder)
    case .classKey: context = try keys(query, memory, name, &builder)
    }
    context = try builder.layer(context, "\(name).expand", channels)
    let both = try builder.node("\(name).concat", .concat(axis: 1), x, context)
    return try builder.layer(both, "\(name).fuse", channels, kernel: 3)
  }

  private func pixels(
    _ query: String, _ logits: String, _ memory: String, _ name: String, _ builder: inout NetworkBuilder
  ) throws -> String {
    let inner = builder.map(query).channels
    let shares = try builder.node("\(name).shares", .softmax(axis: 1), logits)
    let extents = builder.graph.shape(memory).extents
    var weight = try builder.node("\(name).memory.columns", .transpose(permutation: [1, 0]), memory)
    weight = try builder.node(
      "\(name).memory.weight", .reshape(Reshape([extents[1], extents[0], 1, 1])), weight)
    let mixture = try builder.node("\(name).mixture", .conv(Convolution(kernel: Pair(1))), shares, weight)
    var key = try builder.layer(mixture, "\(name).key1", inner)
    key = try builder.layer(key, "\(name).key2", inner)
    let value = try builder.layer(mixture, "\(name).value", inner)
    return try PositionAttention(query: query, key: key, value: value).build("\(name).attention", &builder)
  }

  /// Keys and values of the classes are linear in the memory, so they are constants after training.
  private func keys(
    _ query: String, _ memory: String, _ name: String, _ builder: inout NetworkBuilder
  ) throws -> String {
    let inner = builder.map(query).channels
    let extents = builder.graph.shape(memory).extents
    func projected(_ part: String) throws -> String {
      let weight = try builder.parameter("\(name).\(part).weight", [inner, extents[1]], .he)
      let columns = try builder.node("\(name).\(part).columns", .transpose(permutation: [1, 0]), weight)
      return try builder.node("\(name).\(part)", .matMul, memory, columns)
    }
    let key = try builder.node(
      "\(name).key.weights", .reshape(Reshape([extents[0], inner, 1, 1])), try projected("key"))
    var scores = try builder.node("\(name).scores", .conv(Convolution(kernel: Pair(1))), query, key)
    let scale = try builder.fixed("\(name).scale", [1 / Float(inner).squareRoot()], [])
    scores = try builder.node("\(name).scaled", .mul, scores, scale)
    let shares = try builder.node("\(name).shares", .softmax(axis: 1), scores)
    var value = try builder.node(
      "\(name).value.columns2", .transpose(permutation: [1, 0]), try projected("value"))
    value = try builder.node("\(name).value.weights", .reshape(Reshape([inner, extents[0], 1, 1])), value)
    return try builder.node("\(name).mix", .conv(Convolution(kernel: Pair(1))), shares, value)
  }
}
