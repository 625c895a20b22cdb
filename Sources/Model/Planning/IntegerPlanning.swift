// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import GraphIR

extension Graph {
  /// The nodes in running order: those on stored numbers as `IntegerFinder` finds them, the rest as floats; and
  /// the constants that these read besides the graph's own, real forms of stored ones.
  func planned(_ facts: Facts, macs: [Int], fuses: Bool) -> (
    nodes: [PlannedNode], constants: ValueTable<Tensor>
  ) {
    let finder = IntegerFinder(self, facts, macs: macs)
    var found = finder.find()
    if fuses { found = finder.joined(found) }

    var gone = found.reduce(into: Set<Int>()) { $0.formUnion($1.nodes) }
    // Conversions that nobody reads any more.
    let kept = Set(outputs)
    for index in nodes.indices.reversed() {
      guard case .dequantizeLinear = nodes[index].op, !kept.contains(nodes[index].outputs[0]) else {
        continue
      }
      if finder.consumers[nodes[index].outputs[0], default: []].allSatisfy(gone.contains) {
        gone.insert(index)
      }
    }
    var rest = self
    var real = ValueTable<Tensor>()
    let left = nodes.indices.filter { index in
      guard !gone.contains(index) else { return false }
      let output = nodes[index].outputs[0]
      guard !kept.contains(output), let tensor = realConstant(nodes[index]) else { return true }
      real[output] = tensor
      return false
    }
    rest.nodes = left.map { nodes[$0] }
    let planned = left.map { PlannedNode(nodes[$0], macs: macs[$0]) }
    let floats = fuses ? rest.fused(planned, facts) : planned
    let places = floats.compactMap { finder.producers[$0.node.outputs[0]] }
    let all = zip(places, floats).map { ($0, $1) } + found.map { ($0.place, $0.planned) }
    return (all.sorted { $0.0 < $1.0 }.map(\.1), real)
  }

  /// What a DequantizeLinear of constants gives, as floats; `nil` for others.
  private func realConstant(_ node: Node) -> Tensor? {
    guard case .dequantizeLinear(let axis) = node.op, let stored = constants[node.inputs[0]]?.tensor,
      let scales = floats(node.inputs[1])
    else { return nil }
    var zeros: [Int] = []
    if let input = node.input(2) {
      guard let tensor = constants[input]?.tensor else { return nil }
      zeros = tensor.storedNumbers
    }
    let extents = stored.shape.extents
    let place = axis < 0 ? axis + extents.count : axis
    let perAxis = scales.count > 1
    let inner = perAxis ? extents[(place + 1)...].reduce(1, *) : 1
    let values = stored.storedNumbers.enumerated().map { index, number in
      let slice = perAxis ? index / inner % extents[place] : 0
      return scales[slice] * Float(number - (zeros.isEmpty ? 0 : zeros[slice]))
    }
    return Tensor(values, shape: stored.shape)
  }
}

extension Tensor {
  /// The elements of a stored type.
  fileprivate var storedNumbers: [Int] {
    switch dtype {
    case .int8: elements(as: Int8.self).map(Int.init)
    case .int32: elements(as: Int32.self).map(Int.init)
    default: elements(as: UInt8.self).map(Int.init)
    }
  }
}

extension IntegerFinder {
  /// Lets convolutions do the adds that alone read them.
  func joined(_ found: [Found]) -> [Found] {
    var all = found.map(Optional.some)
    var makers = ValueTable<Int>()
    for (position, one) in found.enumerated() { makers[one.planned.node.outputs[0]] = position }
    for position in all.indices {
      guard let add = all[position], case .add = add.planned.node.op, let sum = add.planned.integer else {
        continue
      }
      // The operand that is made last, so that the other is there by then.
      let order = [0, 1].sorted { makers[sum.inputs[$0].value] ?? -1 > makers[sum.inputs[$1].value] ?? -1 }
      for index in order {
        let (own, other) = (sum.inputs[index], sum.inputs[1 - index])
        guard own.value != other.value, let maker = makers[own.value], var product = all[maker],
          case .conv(let convolution) = product.planned.node.op, convolution.groups == 1,
          product.planned.integer?.join == nil, isReadOnce(own.value, by: add)
        else { continue }
        product.planned.integer!.join = IntegerWork.Join(other: other, output: sum.output, range: sum.range)
        product.planned.residual = other.value
        product.planned.fused = [.add]
        product.planned.node.outputs = add.planned.node.outputs
        product.nodes.formUnion(add.nodes)
        product.place = add.place
        all[maker] = nil
        all[position] = product
        makers[product.planned.node.outputs[0]] = position
        break
      }
    }
    return all.compactMap { $0 }
  }

  /// Whether `value` is read through one conversion, by one node of `found`.
  private func isReadOnce(_ value: ValueID, by found: Found) -> Bool {
    guard isPrivate(value), let reader = consumers[value]?.first else { return false }
    guard case .dequantizeLinear = graph.nodes[reader].op, isPrivate(graph.nodes[reader].outputs[0]) else {
      return false
    }
    return consumers[graph.nodes[reader].outputs[0], default: []].allSatisfy(found.nodes.contains)
  }
}
