// SPDX-License-Identifier: Apache-2.0

import Buffers

extension FactRule {
  func broadcast() throws -> Fact {
    let (a, b) = (given(0), given(1))
    guard a.dtype == b.dtype else { throw fail("inputs are \(a) and \(b)", hint: "both must have one type") }
    guard a.dtype != .bool else { throw fail("inputs are bool") }
    return try fact(a.dtype, try broadcast(a.shape.extents, b.shape.extents))
  }

  /// Extents to which `a` and `b` stretch, aligned at the innermost axis.
  func broadcast(_ a: [Int], _ b: [Int]) throws -> [Int] {
    let rank = max(a.count, b.count)
    var out = [Int](repeating: 1, count: rank)
    for index in 0..<rank {
      let left = index < rank - a.count ? 1 : a[index - (rank - a.count)]
      let right = index < rank - b.count ? 1 : b[index - (rank - b.count)]
      guard left == right || left == 1 || right == 1 else { throw fail("\(a) and \(b) do not broadcast") }
      out[index] = left == 1 ? right : left
    }
    return out
  }

  func curve(_ numbers: [Float]) throws -> Fact {
    for number in numbers { try finite(number, "an attribute") }
    return try real(0)
  }

  func clip(_ low: Float, _ high: Float) throws -> Fact {
    try limits(low, high)
    return try real(0)
  }

  func limits(_ low: Float, _ high: Float) throws {
    guard low <= high else { throw fail("clips to \(low)…\(high)") }
  }

  func softmax(_ axis: Int) throws -> Fact {
    let fact = try real(0)
    _ = try self.axis(axis, rank: fact.shape.rank)
    return fact
  }

  func cast(_ dtype: DType) throws -> Fact {
    guard dtype.isReal else { throw fail("casts to \(dtype.rawValue)", hint: "float32 or float16") }
    return Fact(dtype, try real(0).shape)
  }

  func quantize(_ axis: Int) throws -> Fact {
    let fact = try real(0)
    try channelwise(fact, axis)
    let type = facts[2]?.dtype ?? .uint8
    guard type == .uint8 || type == .int8 else {
      throw fail("zero point of type \(type.rawValue)", hint: "it must be uint8 or int8")
    }
    return Fact(type, fact.shape)
  }

  func dequantize(_ axis: Int) throws -> Fact {
    guard [.uint8, .int8, .int32].contains(x.dtype) else { throw fail("input is \(x)") }
    if let zero = facts[2], zero.dtype != x.dtype {
      throw fail(
        "zero point of type \(zero.dtype.rawValue) for \(x)",
        hint: "both conversions of a value must have one type")
    }
    try channelwise(x, axis)
    return Fact(.float32, x.shape)
  }

  /// Scale and zero point have one element, or one for each slice along `axis`.
  private func channelwise(_ fact: Fact, _ axis: Int) throws {
    let scale = try real(1).shape
    if let zero = facts[2], zero.shape.count != scale.count {
      throw fail(
        "\(scale.count) scales but \(zero.shape.count) zero points",
        hint: "there is one zero point for each scale")
    }
    guard scale.rank == 1, scale.count != 1 else {
      guard scale.count == 1 else { throw fail("scale \(scale)") }
      return
    }
    let resolved = try self.axis(axis, rank: fact.shape.rank)
    guard fact.shape[resolved] == scale.count else {
      throw fail(
        "\(scale.count) scales along axis \(axis) of \(fact.shape)",
        hint: "weights have a scale for each output channel, axis 0")
    }
  }
}
