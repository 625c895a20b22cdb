// SPDX-License-Identifier: Apache-2.0

import Buffers
import GraphIR

/// What the builders of all networks are written with: layers that name their tensors by position.
struct NetworkBuilder {
  enum Curve { case none, relu, relu6 }

  /// How a parameter starts when no weights are given.
  enum Start {
    case constant(Float)
    /// Normal, variance 2 / fan-in.
    case he
    case values([Float])
  }

  var graph: GraphBuilder
  /// Extra outputs that only training needs.
  var auxiliary: [String] = []
  /// Nodes whose constants hold the input size in a way that shapes do not show.
  var sized: [String] = []
  private let seed: UInt64

  init(name: String, seed: UInt64) {
    graph = GraphBuilder(name: name)
    self.seed = seed
  }

  func map(_ value: String) -> MapShape { graph.map(value) }

  mutating func parameter(_ name: String, _ shape: Shape, _ start: Start) throws -> String {
    let tensor: Tensor
    switch start {
    case .constant(let value): tensor = Tensor([Float](repeating: value, count: shape.count), shape: shape)
    case .values(let values): tensor = Tensor(values, shape: shape)
    case .he:
      let fanIn = max(1, shape.extents.dropFirst().reduce(1, *))
      var numbers = SeededNumbers(seed: seed, name: name)
      tensor = numbers.normals(shape, deviation: (2 / Float(fanIn)).squareRoot())
    }
    return try graph.parameter(name, tensor)
  }

  mutating func fixed(_ name: String, _ values: [Float], _ shape: Shape) throws -> String {
    try graph.constant(name, Tensor(values, shape: shape))
  }

  mutating func node(_ name: String, _ op: Operator, _ inputs: String..., output: String? = nil) throws
    -> String
  {
    try graph.node(name, op, inputs, output: output)
  }

  /// A square convolution with `<name>.weight` and, where asked for, `<name>.bias`. Pads keep the size
  /// unless given.
  mutating func conv(
    _ x: String, _ name: String, _ outputs: Int, kernel: Int = 1, stride: Int = 1, groups: Int = 1,
    pads: Pads? = nil,
    bias: Bool = false, start: Start = .he, output: String? = nil
  ) throws -> String {
    let inputs = map(x).channels
    var operands = [x]
    operands.append(try parameter("\(name).weight", [outputs, inputs / groups, kernel, kernel], start))
    if bias { operands.append(try parameter("\(name).bias", [outputs], .constant(0))) }
    let convolution = Convolution(
      kernel: Pair(kernel), strides: Pair(stride), pads: pads ?? Pads(kernel / 2), groups: groups)
    return try graph.node(name, .conv(convolution), operands, output: output)
  }

  /// Batch normalization with `<name>.bn.scale`, `.bias`, `.mean` and `.variance`.
  mutating func norm(_ x: String, _ name: String, epsilon: Float = 1e-5, scale: Float = 1) throws -> String {
    let shape: Shape = [map(x).channels]
    let operands = try [("scale", scale), ("bias", 0), ("mean", 0), ("variance", 1)].map { part, value in
      try parameter("\(name).bn.\(part)", shape, .constant(value))
    }
    return try graph.node("\(name).bn", .batchNormalization(epsilon: epsilon), [x] + operands)
  }

  mutating func curve(_ x: String, _ name: String, _ curve: Curve) throws -> String {
    switch curve {
    case .none: x
    case .relu: try node("\(name).relu", .relu, x)
    case .relu6: try node("\(name).relu6", .clip(min: 0, max: 6), x)
    }
  }

  /// Convolution, batch normalization that starts with `scale`, curve.
  mutating func layer(
    _ x: String, _ name: String, _ outputs: Int, kernel: Int = 1, stride: Int = 1, groups: Int = 1,
    pads: Pads? = nil,
    epsilon: Float = 1e-5, scale: Float = 1, curve: Curve = .relu
  ) throws -> String {
    var value = try conv(x, name, outputs, kernel: kernel, stride: stride, groups: groups, pads: pads)
    value = try norm(value, name, epsilon: epsilon, scale: scale)
    return try self.curve(value, name, curve)
  }

  /// `coarse` brought to the size of `fine`, bilinear, pixel centres at half-integers.
  mutating func upsample(_ coarse: String, _ name: String, to fine: String) throws -> String {
    let size = map(fine)
    return try node(name, .resize(Resize(.size(Pair(rows: size.rows, columns: size.columns)))), coarse)
  }
}
