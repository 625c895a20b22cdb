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
  /// Set where the node runs on stored numbers.
  var integer: IntegerWork?

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

extension Graph {
  /// The nodes in running order, where an add is done by the convolution or warp that feeds it, and limits
  /// behind an add by whatever does the add. A fused node stands where the last of its parts stood, so all
  /// that it reads is there.
  /// - Parameter planned: one for each node.
  func fused(_ planned: [PlannedNode], _ facts: Facts) -> [PlannedNode] {
    let producers = producers()
    let consumers = consumers()
    let kept = Set(outputs)
    var planned: [PlannedNode?] = planned

    /// The only reader of a value that nobody else sees.
    func soleReader(_ value: ValueID) -> Int? {
      guard !kept.contains(value), let readers = consumers[value], readers.count == 1 else { return nil }
      return readers[0]
    }

    for index in nodes.indices {
      guard case .add = nodes[index].op, var result = planned[index] else { continue }
      let output = facts[nodes[index].outputs[0]]
      guard output.dtype.isReal else { continue }
      var place = index
      let pair = nodes[index].inputs
      // The operand that is made last, so that the other has had the time to be anything.
      for (value, other) in [(pair[0], pair[1]), (pair[1], pair[0])].sorted(by: {
        producers[$0.0] ?? -1 > producers[$1.0] ?? -1
      }) {
        guard value != other, facts[value] == output, facts[other] == output, soleReader(value) == index,
          let producer = producers[value], var product = planned[producer], product.residual == nil,
          product.fused.isEmpty
        else { continue }
        switch product.node.op {
        case .conv(let convolution): product.addsFirst = convolution.activation == .none
        case .warp: break
        default: continue
        }
        product.node.outputs = nodes[index].outputs
        product.residual = other
        product.fused = [.add]
        result = product
        planned[producer] = nil
        break
      }
      var takesLimits = result.residual == nil || result.addsFirst
      if case .warp = result.node.op { takesLimits = false }
      if takesLimits, let next = soleReader(nodes[index].outputs[0]), let limits = Limits(nodes[next].op) {
        result.limits = limits
        result.fused.append(nodes[next].op)
        result.node.outputs = nodes[next].outputs
        planned[index] = nil
        place = next
      }
      planned[place] = result
    }
    return planned.compactMap { $0 }
  }
}
