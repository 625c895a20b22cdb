// SPDX-License-Identifier: Apache-2.0

internal import Buffers

extension Graph {
  /// This graph with float16 in place of float32: constants rounded to nearest, values stored as halves.
  ///
  /// Inputs and outputs keep their types, behind a Cast. So do the operators that halves are too narrow for,
  /// with Casts around them: matrix products and reductions, whose sums may leave the range, with the element
  /// by element work and softmax behind them; coordinates of GridSample; conversions of stored numbers.
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
  private let facts: [String: Fact]
  private let staysFloat: Set<Int>
  private var graph: Graph
  private var names: FreshNames
  /// What each value of the source is called now, and its type.
  private var current: [String: (name: String, dtype: DType)] = [:]
  /// Casts and rounded constants that are there, by source value and type.
  private var made: [String: [DType: String]] = [:]

  init(_ source: Graph, _ facts: [String: Fact]) {
    self.source = source
    self.facts = facts
    staysFloat = source.nodesInFloat()
    graph = source
    graph.nodes = []
    names = FreshNames(source)
  }

  mutating func run() throws -> Graph {
    let outputs = Set(source.outputs)
    for (index, node) in source.nodes.enumerated() {
      let isHalf = !staysFloat.contains(index)
      var copy = node
      for position in node.inputs.indices where isFloat(node.inputs[position]) {
        copy.inputs[position] = try read(
          node.inputs[position], as: isHalf && !node.readsFloats(position) ? .float16 : .float32)
      }
      let output = node.outputs[0]
      let turns = isHalf && isFloat(output)
      if turns, outputs.contains(output) { copy.outputs[0] = names.make("\(output).half") }
      graph.nodes.append(copy)
      current[output] = (copy.outputs[0], turns ? .float16 : facts[output]!.dtype)
      if copy.outputs[0] != output { cast(copy.outputs[0], to: .float32, output) }
    }
    graph.metadata["precision"] = "fp16"
    try graph.apply([.removeDead])
    keepNames()
    return graph
  }

  /// Constants that nobody reads as floats any more are called as before.
  private mutating func keepNames() {
    var renamed: [String: String] = [:]
    for (value, fresh) in made where source.constants[value] != nil && graph.constants[value] == nil {
      guard let half = fresh[.float16], let constant = graph.constants.removeValue(forKey: half) else {
        continue
      }
      graph.constants[value] = constant
      renamed[half] = value
    }
    graph.replaceReads(renamed)
  }

  private func isFloat(_ value: String) -> Bool { facts[value]?.dtype == .float32 }

  /// The name under which `value` can be read as `dtype`.
  private mutating func read(_ value: String, as dtype: DType) throws -> String {
    let (name, now) = current[value] ?? (value, .float32)
    if now == dtype { return name }
    if let there = made[value]?[dtype] { return there }
    let fresh = names.make("\(value).\(dtype.rawValue)")
    if let constant = source.constants[value] {
      graph.constants[fresh] = Constant(
        try constant.tensor.halved(value), isParameter: constant.isParameter)
    } else {
      cast(name, to: dtype, fresh)
    }
    made[value, default: [:]][dtype] = fresh
    return fresh
  }

  private mutating func cast(_ value: String, to dtype: DType, _ output: String) {
    graph.nodes.append(
      Node(names.make("\(output).cast"), .cast(dtype), inputs: [value], outputs: [output]))
  }
}

extension Graph {
  /// The nodes that are computed on float32 values.
  fileprivate func nodesInFloat() -> Set<Int> {
    let producers = producers()
    var kept: Set<Int> = []
    for (index, node) in nodes.enumerated() {
      let follows = node.inputs.contains { producers[$0].map(kept.contains) ?? false }
      if node.op.isWide || (follows && node.op.passesOn) { kept.insert(index) }
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
    case .matMul, .reduceSum, .reduceMean, .batchNormalization, .quantizeLinear, .dequantizeLinear, .cast:
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

extension Tensor {
  /// The numbers as float16, to nearest.
  fileprivate func halved(_ name: String) throws -> Tensor {
    let halves = elements(as: Float.self).map { ($0, Float16($0)) }
    if let (value, _) = halves.first(where: { $0.0.isFinite && !$0.1.isFinite }) {
      throw GraphError(
        "constant '\(name)' holds \(value), which float16 does not reach",
        hint: "numbers up to 65504 can be halves; keep this model in float32")
    }
    return Tensor(halves.map(\.1), shape: shape)
  }
}
