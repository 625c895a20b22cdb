// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import GraphIR
internal import Kernels

extension Graph {
  /// The nodes in running order: those on quantized numbers as `QuantizedFinder` finds them, the rest as floats; and
  /// the constants that these read besides the graph's own, real forms of stored ones.
  func planned(_ facts: Facts, macs: [Int], fuses: Bool) -> (
    nodes: [PlannedNode], constants: ValueTable<Tensor>
  ) {
    let finder = QuantizedFinder(self, facts, macs: macs)
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
      zeros = tensor.integers
    }
    let extents = stored.shape.extents
    let place = axis < 0 ? axis + extents.count : axis
    let perAxis = scales.count > 1
    let inner = perAxis ? extents[(place + 1)...].reduce(1, *) : 1
    let values = stored.integers.enumerated().map { index, number in
      let slice = perAxis ? index / inner % extents[place] : 0
      return scales[slice] * Float(number - (zeros.isEmpty ? 0 : zeros[slice]))
    }
    return Tensor(values, shape: stored.shape)
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
