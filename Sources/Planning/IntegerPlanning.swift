// SPDX-License-Identifier: Apache-2.0

internal import GraphIR
internal import Kernels

extension Graph {
  /// The nodes in running order: those on stored numbers as `IntegerFinder` finds them, the rest as floats.
  func planned(_ facts: [String: Fact], fuses: Bool) -> [PlannedNode] {
    let finder = IntegerFinder(self, facts)
    var found = finder.find()
    guard !found.isEmpty else { return fuses ? fused(facts) : nodes.map { PlannedNode($0) } }
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
    rest.nodes = nodes.indices.filter { !gone.contains($0) }.map { nodes[$0] }
    let floats = fuses ? rest.fused(facts) : rest.nodes.map { PlannedNode($0) }
    let places = floats.map { finder.producers[$0.node.outputs[0]]! }
    let all = zip(places, floats).map { ($0, $1) } + found.map { ($0.place, $0.planned) }
    return all.sorted { $0.0 < $1.0 }.map(\.1)
  }
}

extension IntegerFinder {
  /// Lets convolutions do the adds that alone read them.
  func joined(_ found: [Found]) -> [Found] {
    var all = found.map(Optional.some)
    var makers: [String: Int] = [:]
    for (position, one) in found.enumerated() { makers[one.planned.node.outputs[0]] = position }
    for position in all.indices {
      guard let add = all[position], case .add = add.planned.node.op, let sum = add.planned.integer else {
        continue
      }
      // The operand that is made last, so that the other is there by then.
      let order = [0, 1].sorted { makers[sum.inputs[$0].name] ?? -1 > makers[sum.inputs[$1].name] ?? -1 }
      for index in order {
        let (own, other) = (sum.inputs[index], sum.inputs[1 - index])
        guard own.name != other.name, let maker = makers[own.name], var product = all[maker],
          case .conv(let convolution) = product.planned.node.op, convolution.groups == 1,
          product.planned.integer?.join == nil, isReadOnce(own.name, by: add)
        else { continue }
        product.planned.integer!.join = IntegerWork.Join(other: other, output: sum.output, range: sum.range)
        product.planned.residual = other.name
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
  private func isReadOnce(_ value: String, by found: Found) -> Bool {
    guard isPrivate(value), let reader = consumers[value]?.first else { return false }
    guard case .dequantizeLinear = graph.nodes[reader].op, isPrivate(graph.nodes[reader].outputs[0]) else {
      return false
    }
    return consumers[graph.nodes[reader].outputs[0]]!.allSatisfy(found.nodes.contains)
  }
}
