// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import GraphIR
internal import Kernels

/// A value of the graph that is stored as u8, with one scale and zero point.
struct StoredValue: Sendable, Hashable {
  var value: ValueID
  var scale: Double
  var zero: Int

  /// The stored number nearest to `value`.
  func nearest(_ value: Float) -> Int {
    let steps = (Double(value) / scale).rounded(.toNearestOrEven) + Double(zero)
    return Int(min(max(steps, 0), 255))
  }

  /// `limits` as stored numbers.
  func range(_ limits: Limits) -> StoredRange {
    StoredRange(
      zero: zero, low: limits.low == -.infinity ? 0 : nearest(limits.low),
      high: limits.high == .infinity ? 255 : nearest(limits.high))
  }
}

/// What a node does where its operands and its result are stored numbers.
struct IntegerWork: Sendable {
  /// The operands that are values of the run, in the operator's order.
  var inputs: [StoredValue]
  /// What the node itself gives.
  var output: StoredValue
  var range: StoredRange
  /// Of a convolution, or a matrix product with a constant.
  var weights: IntegerWeights?
  /// Of a local attention.
  var relation: AttentionSteps?
  /// Of a global attention: the exponent of one unit of a product, times 64.
  var steps: Float?
  /// An add that the convolution does behind its own result.
  var join: Join?

  struct Join: Sendable {
    var other: StoredValue
    var output: StoredValue
    var range: StoredRange
  }
}

/// Weights with a scale for each output channel.
struct IntegerWeights: Sendable {
  /// `[out][kernelRows][kernelColumns][in / groups]`.
  var values: [Int8]
  var scales: [Double]
  /// Real numbers, one for each output channel.
  var bias: [Double]
}
