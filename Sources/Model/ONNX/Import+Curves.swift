// SPDX-License-Identifier: Apache-2.0

import Buffers
import Foundation
import GraphIR

/// Functions of one number that are written with those that have kernels. Each is exact in real numbers but Erf,
/// which is within 1.5e-7.
extension Importer {
  static let curves: [String: Rule] = [
    "LeakyRelu": { importer, node in
      let slope = try node.float("alpha", 0.01)
      let factor = try importer.scalar(slope, "slope", node)
      let rest = try importer.scalar(1 - slope, "rest", node)
      try importer.leaky(node, factor, rest)
    },
    "PRelu": { importer, node in
      guard let slope = importer.known(node.input(1))?.tensor, slope.dtype == .float32 else {
        throw node.fail("its slope is computed while running", hint: "export with fixed slopes")
      }
      let rest = Tensor(slope.elements(as: Float.self).map { 1 - $0 }, shape: slope.shape)
      try importer.leaky(
        node, node.input(1), try importer.constant(rest, "rest", node, isParameter: true))
    },
    "Neg": { importer, node in
      let minus = try importer.scalar(-1, "minus", node)
      try importer.add(.mul, [node.input(0), minus], output: try node.output(), node)
    },
    "Abs": { importer, node in
      let minus = try importer.scalar(-1, "minus", node)
      let up = try importer.add(.relu, [node.input(0)], part: "up", node)
      let negative = try importer.add(.mul, [node.input(0), minus], part: "negative", node)
      let down = try importer.add(.relu, [negative], part: "down", node)
      try importer.add(.add, [up, down], output: try node.output(), node)
    },
    "Tanh": { importer, node in
      try importer.tanh(node.input(0), output: try node.output(), node)
    },
    "Exp": { importer, node in
      try importer.exp(node.input(0), output: try node.output(), node)
    },
    "Reciprocal": { importer, node in
      let one = try importer.scalar(1, "one", node)
      try importer.add(.div, [one, node.input(0)], output: try node.output(), node)
    },
    "Elu": { importer, node in
      let alpha = try node.float("alpha", 1)
      try importer.elu(node, alpha: alpha, gamma: 1)
    },
    "Selu": { importer, node in
      let alpha = try node.float("alpha", 1.673_263_2)
      let gamma = try node.float("gamma", 1.050_701)
      try importer.elu(node, alpha: alpha, gamma: gamma)
    },
    "Erf": { importer, node in try importer.erf(node.input(0), output: try node.output(), node) },
    "Gelu": { importer, node in
      let word = try node.string("approximate", "none")
      let x = node.input(0)
      let half = try importer.scalar(0.5, "half", node)
      let one = try importer.scalar(1, "one", node)
      let bent: String
      if word == "tanh" {
        let cube = try importer.add(
          .mul, [try importer.add(.mul, [x, x], part: "square", node), x], part: "cube", node)
        let small = try importer.add(
          .mul, [cube, try importer.scalar(0.044_715, "cubic", node)], part: "small", node)
        let sum = try importer.add(.add, [x, small], part: "sum", node)
        let inner = try importer.add(
          .mul, [sum, try importer.scalar(0.797_884_56, "root", node)], part: "inner", node)
        bent = try importer.tanh(inner, output: nil, node)
      } else {
        let inner = try importer.add(
          .mul, [x, try importer.scalar(0.707_106_77, "root", node)], part: "inner", node)
        bent = try importer.erf(inner, output: nil, node)
      }
      let gate = try importer.add(.add, [bent, one], part: "gate", node)
      let halved = try importer.add(.mul, [x, half], part: "halved", node)
      try importer.add(.mul, [halved, gate], output: try node.output(), node)
    },
    "Max": { try $0.extremes(&$1, isMax: true) },
    "Min": { try $0.extremes(&$1, isMax: false) },
    "Sum": { importer, node in
      var sum = node.input(0)
      let output = try node.output()
      guard node.inputs.count > 1 else { return try importer.alias(output, to: sum, node) }
      for (index, other) in node.inputs.enumerated().dropFirst() {
        let isLast = index == node.inputs.count - 1
        sum = try importer.add(
          .add, [sum, other], output: isLast ? output : nil, part: isLast ? "" : "sum\(index)", node)
      }
    },
    "Pow": { importer, node in
      guard let power = importer.known(node.input(1))?.tensor, power.shape.count == 1,
        let exponent = power.number, exponent.rounded() == exponent, (1...8).contains(exponent)
      else {
        throw node.fail("its exponent is no whole number of 1 to 8", hint: "only such powers run")
      }
      var value = node.input(0)
      let output = try node.output()
      guard exponent > 1 else { return try importer.alias(output, to: value, node) }
      let count = Int(exponent)
      for step in 2...count {
        let isLast = step == count
        value = try importer.add(
          .mul, [value, node.input(0)], output: isLast ? output : nil, part: isLast ? "" : "power\(step)",
          node)
      }
    },
  ]

  func scalarTensor(_ value: Float) -> Tensor { Tensor([value], shape: []) }

  mutating func scalar(_ value: Float, _ part: String, _ node: NodeReader) throws -> String {
    try constant(scalarTensor(value), part, node)
  }

  /// x below 0 times `slope`: slope · x + (1 - slope) · relu(x).
  private mutating func leaky(_ node: NodeReader, _ slope: String, _ rest: String) throws {
    let x = node.input(0)
    let straight = try add(.mul, [x, slope], part: "straight", node)
    let up = try add(.relu, [x], part: "up", node)
    let bent = try add(.mul, [up, rest], part: "bent", node)
    try add(.add, [straight, bent], output: try node.output(), node)
  }

  /// 2 sigmoid(2 x) - 1.
  @discardableResult
  private mutating func tanh(_ x: String, output: String?, _ node: NodeReader) throws -> String {
    let two = try scalar(2, "two", node)
    let doubled = try add(.mul, [x, two], part: "doubled", node)
    let gate = try add(.sigmoid, [doubled], part: "sigmoid", node)
    let wide = try add(.mul, [gate, two], part: "wide", node)
    return try add(
      .sub, [wide, try scalar(1, "one", node)], output: output, part: output == nil ? "tanh" : "", node)
  }

  /// sigmoid(x) / sigmoid(-x), whose relative error is that of the sigmoid on either side.
  @discardableResult
  private mutating func exp(_ x: String, output: String?, _ node: NodeReader) throws -> String {
    let negative = try add(.mul, [x, try scalar(-1, "minus", node)], part: "negative", node)
    let above = try add(.sigmoid, [x], part: "above", node)
    let below = try add(.sigmoid, [negative], part: "below", node)
    return try add(.div, [above, below], output: output, part: output == nil ? "exp" : "", node)
  }

  /// gamma · (relu(x) + alpha · (exp(min(x, 0)) - 1)).
  private mutating func elu(_ node: NodeReader, alpha: Float, gamma: Float) throws {
    let x = node.input(0)
    let down = try add(.clip(min: -.infinity, max: 0), [x], part: "down", node)
    let power = try exp(down, output: nil, node)
    let less = try add(.sub, [power, try scalar(1, "one", node)], part: "less", node)
    let low = try add(.mul, [less, try scalar(alpha * gamma, "alpha", node)], part: "low", node)
    var up = try add(.relu, [x], part: "up", node)
    if gamma != 1 { up = try add(.mul, [up, try scalar(gamma, "gamma", node)], part: "high", node) }
    try add(.add, [up, low], output: try node.output(), node)
  }

  /// Error function by Abramowitz and Stegun, 7.1.26: within 1.5e-7.
  @discardableResult
  private mutating func erf(_ x: String, output: String?, _ node: NodeReader) throws -> String {
    let one = try scalar(1, "one", node)
    let minus = try scalar(-1, "minus", node)
    let up = try add(.relu, [x], part: "positive", node)
    let down = try add(.relu, [try add(.mul, [x, minus], part: "negated", node)], part: "negative", node)
    let size = try add(.add, [up, down], part: "size", node)
    let scaled = try add(.mul, [size, try scalar(0.327_591_1, "p", node)], part: "scaled", node)
    let t = try add(.div, [one, try add(.add, [scaled, one], part: "below", node)], part: "t", node)
    var sum = try add(.mul, [t, try scalar(1.061_405_4, "a5", node)], part: "term5", node)
    for (index, factor) in [-1.453_152, 1.421_413_7, -0.284_496_74, 0.254_829_6].enumerated() {
      let part = "\(4 - index)"
      let raised = try add(
        .add, [sum, try scalar(Float(factor), "a\(part)", node)], part: "sum\(part)", node)
      sum = try add(.mul, [raised, t], part: "term\(part)", node)
    }
    let square = try add(.mul, [x, x], part: "square", node)
    let fall = try exp(try add(.mul, [square, minus], part: "fall", node), output: nil, node)
    let rest = try add(.mul, [sum, fall], part: "rest", node)
    let height = try add(.sub, [one, rest], part: "height", node)
    // The sign: x over its size, with a size that is never 0.
    let sign = try add(
      .div, [x, try add(.add, [size, try scalar(1e-20, "least", node)], part: "above", node)], part: "sign",
      node)
    return try add(.mul, [height, sign], output: output, part: output == nil ? "erf" : "", node)
  }

  /// The larger of several values: b + relu(a - b); the smaller: a - relu(a - b). One constant is a limit.
  private mutating func extremes(_ node: inout NodeReader, isMax: Bool) throws {
    let output = try node.output()
    var value = node.input(0)
    guard node.inputs.count > 1 else { return try alias(output, to: value, node) }
    for (index, other) in node.inputs.enumerated().dropFirst() {
      let last = index == node.inputs.count - 1 ? output : nil
      let part = last == nil ? "step\(index)" : ""
      let (a, b) = known(value) != nil ? (other, value) : (value, other)
      if let limit = known(b)?.tensor, limit.dtype == .float32, limit.shape.count == 1,
        let number = limit.number
      {
        let op: Operator =
          isMax
          ? .clip(min: Float(number), max: .infinity)
          : .clip(min: -.infinity, max: Float(number))
        value = try add(op, [a], output: last, part: part, node)
        continue
      }
      let difference = try add(.sub, [a, b], part: "difference\(index)", node)
      let excess = try add(.relu, [difference], part: "excess\(index)", node)
      value = try add(
        isMax ? .add : .sub, [isMax ? b : a, excess], output: last, part: part, node)
    }
  }
}

extension Tensor {
  /// The only number of a tensor of one element.
  var number: Double? {
    guard shape.count == 1 else { return nil }
    switch dtype {
    case .float32: return Double(elements(as: Float.self)[0])
    case .int64: return Double(elements(as: Int64.self)[0])
    case .int32: return Double(elements(as: Int32.self)[0])
    default: return nil
    }
  }
}
