// SPDX-License-Identifier: Apache-2.0

internal import GraphIR
internal import Kernels

/// A node with what its kernel does besides: add another value, keep the result within limits.
struct PlannedNode {
  /// Its output is that of the last node fused into it.
  var node: Node
  /// A value of the output's shape to be added.
  var residual: ValueID?
  /// The limits apply to the sum with the residual.
  var addsFirst = false
  /// An activation that followed an add.
  var limits: Limits?
  var fused: [Operator] = []
  /// Set where the node runs on quantized numbers.
  var quantized: QuantizedWork?

  /// Multiply-adds of the node that does the work.
  let macs: Int

  init(_ node: Node, macs: Int) {
    self.node = node
    self.macs = macs
  }

  /// The operators by name.
  var label: String {
    var names = [node.op.name]
    if case .conv(let convolution) = node.op {
      switch convolution.activation {
      case .none: break
      case .relu: names.append("Relu")
      case .clip: names.append("Clip")
      }
    }
    return (names + fused.map(\.name)).joined(separator: "+")
  }
}

extension Limits {
  init(_ activation: Activation) {
    switch activation {
    case .none: self = .none
    case .relu: self.init(low: 0, high: .infinity)
    case .clip(let min, let max): self.init(low: min, high: max)
    }
  }

  /// The limits that an operator applies, where that is all it does.
  init?(_ op: Operator) {
    switch op {
    case .relu: self.init(low: 0, high: .infinity)
    case .clip(let min, let max): self.init(low: min, high: max)
    default: return nil
    }
  }
}

/// A value of the graph that is stored as u8, with one scale and zero point.
struct QuantizedValue: Sendable, Hashable {
  var value: ValueID
  var scale: Double
  var zero: Int

  /// The stored number nearest to `value`.
  func nearest(_ value: Float) -> Int {
    let steps = (Double(value) / scale).rounded(.toNearestOrEven) + Double(zero)
    return Int(min(max(steps, 0), 255))
  }

  /// `limits` as quantized numbers.
  func range(_ limits: Limits) -> StoredRange {
    StoredRange(
      zero: zero, low: limits.low == -.infinity ? 0 : nearest(limits.low),
      high: limits.high == .infinity ? 255 : nearest(limits.high))
  }
}

/// What a node does where its operands and its result are quantized numbers.
struct QuantizedWork: Sendable {
  /// The operands that are values of the run, in the operator's order.
  var inputs: [QuantizedValue]
  /// What the node itself gives.
  var output: QuantizedValue
  var range: StoredRange
  /// Of a convolution, or a matrix product with a constant.
  var weights: QuantizedWeights?
  /// Of a local attention.
  var relation: AttentionSteps?
  /// Of a global attention: 64 * scale * query scale * key scale, which makes logits of integer products, in Q6.
  var logitsPerUnitQ6: Float?
  /// An add that the convolution does behind its own result.
  var join: Join?

  struct Join: Sendable {
    var other: QuantizedValue
    var output: QuantizedValue
    var range: StoredRange
  }
}

/// Weights with a scale for each output channel.
struct QuantizedWeights: Sendable {
  /// `[out][kernelRows][kernelColumns][in / groups]`.
  var values: [Int8]
  var scales: [Double]
  /// Real numbers, one for each output channel.
  var bias: [Double]
}
