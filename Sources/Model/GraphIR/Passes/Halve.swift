// SPDX-License-Identifier: Apache-2.0

internal import Buffers

extension Pass {
  public static let halve = Pass(name: "halve", summary: "compute in float16 what halves are wide enough for")
  {
    graph in
    let before = graph.nodes.count
    graph = try graph.halved()
    return abs(graph.nodes.count - before)
  }
}

extension Graph {
  /// This graph with float16 in place of float32: constants rounded, weights so that their sums stay, values
  /// stored as halves.
  ///
  /// Inputs and outputs keep their types. So do the operators that halves are too narrow for, with Casts around
  /// them: whatever gives an output, since scores near a tie decide labels; matrix products, attention of all pixels
  /// and reductions, whose sums may leave the range, with the element by element work and softmax behind them;
  /// coordinates of GridSample; conversions of stored numbers.
  ///
  /// - Throws: `GraphError` naming a constant that holds a number beyond 65504.
  public func halved() throws -> Graph {
    var writer = HalvedGraphWriter(self, try facts())
    return try writer.run()
  }

  /// Whether some of it is on stored numbers.
  public var isQuantized: Bool {
    nodes.contains {
      switch $0.op {
      case .quantizeLinear, .dequantizeLinear: true
      default: false
      }
    }
  }
}

private struct HalvedGraphWriter {
  private let source: Graph
  private let facts: Facts
  private let staysFloat: Set<Int>
  private var graph: Graph
  private var names: FreshNames
  /// Values that have another type now.
  private var current = ValueTable<DType>()
  /// Casts and rounded constants that are there, by source value and type.
  private var made = ValueTable<[DType: ValueID]>()

  init(_ source: Graph, _ facts: Facts) {
    self.source = source
    self.facts = facts
    staysFloat = source.nodesInFloat()
    graph = source
    graph.nodes = []
    names = FreshNames(source)
  }

  mutating func run() throws -> Graph {
    for (index, node) in source.nodes.enumerated() {
      let isHalf = !staysFloat.contains(index)
      var copy = node
      for position in node.inputs.indices where isFloat(node.inputs[position]) {
        copy.inputs[position] = try read(
          node.inputs[position], as: isHalf && !node.readsFloats(position) ? .float16 : .float32,
          areWeights: node.readsWeights(position))
      }
      graph.nodes.append(copy)
      if isHalf, isFloat(node.outputs[0]) { current[node.outputs[0]] = .float16 }
    }
    graph.metadata["precision"] = "fp16"
    try graph.apply([.removeDead])
    keepNames()
    return graph
  }

  /// Constants that nobody reads as floats any more are called as before.
  private mutating func keepNames() {
    var renamed = ValueTable<ValueID>()
    for (value, fresh) in made where source.constants[value] != nil && graph.constants[value] == nil {
      guard let half = fresh[.float16], let constant = graph.constants.removeValue(for: half) else {
        continue
      }
      graph.constants[value] = constant
      renamed[half] = value
    }
    graph.replaceReads(renamed)
  }

  private func isFloat(_ value: ValueID) -> Bool { facts.find(value)?.dtype == .float32 }

  /// The name under which `value` can be read as `dtype`.
  private mutating func read(_ value: ValueID, as dtype: DType, areWeights: Bool) throws -> ValueID {
    if current[value] ?? .float32 == dtype { return value }
    if let there = made[value]?[dtype] { return there }
    let name = source.names[value]
    let fresh = names.value("\(name).\(dtype.rawValue)", in: &graph)
    if let constant = source.constants[value] {
      let halves =
        areWeights
        ? try constant.tensor.halvedWeights(name, layout: source.layout) : try constant.tensor.halved(name)
      graph.constants[fresh] = Constant(halves, isParameter: constant.isParameter)
    } else {
      graph.nodes.append(
        Node(names.make("\(graph.names[fresh]).cast"), .cast(dtype), inputs: [value], outputs: [fresh]))
    }
    made[value, default: [:]][dtype] = fresh
    return fresh
  }
}

extension Graph {
  /// The nodes that are computed on float32 values.
  fileprivate func nodesInFloat() -> Set<Int> {
    let producers = producers()
    var kept: Set<Int> = []
    for (index, node) in nodes.enumerated() {
      let follows = node.inputs.contains { producers[$0].map(kept.contains) ?? false }
      if node.op.isWide || outputs.contains(node.outputs[0]) || (follows && node.op.passesOn) {
        kept.insert(index)
      }
    }
    // Places in a picture, back to the operator that predicts them.
    var values = nodes.flatMap { node in
      node.inputs.indices.filter { node.readsFloats($0) }.map { node.inputs[$0] }
    }
    while let value = values.popLast() {
      guard let index = producers[value], nodes[index].op.passesOn, kept.insert(index).inserted else {
        continue
      }
      values += nodes[index].inputs
    }
    return kept
  }
}

extension Node {
  fileprivate func readsWeights(_ position: Int) -> Bool {
    if case .conv = op { return position == 1 }
    return false
  }

  /// Whether the input at `position` is float32 also beside halves: places in a picture, biases of a softmax.
  fileprivate func readsFloats(_ position: Int) -> Bool {
    switch op {
    case .gridSample: position == 1
    case .localAttention: position == 3
    default: false
    }
  }
}

extension Operator {
  /// Needs numbers that float16 does not hold.
  fileprivate var isWide: Bool {
    switch self {
    case .matMul, .globalAttention, .reduceSum, .reduceMean, .batchNormalization, .quantizeLinear,
      .dequantizeLinear, .cast:
      true
    default: false
    }
  }

  /// Gives what it takes, element by element or in another order, or brings it back into range.
  fileprivate var passesOn: Bool {
    switch self {
    case .add, .sub, .mul, .div, .softmax, .reshape, .transpose, .slice: true
    default: false
    }
  }
}
