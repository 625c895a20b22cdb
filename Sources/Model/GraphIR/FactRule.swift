// SPDX-License-Identifier: Apache-2.0

import Buffers

/// One node with the facts of its inputs: what its output is, or why it cannot be.
///
/// The rules stand in extensions, one file for each family of operators.
struct FactRule {
  let node: Node
  let layout: Layout
  /// As many as the operator may have inputs; `nil` for omitted ones.
  let facts: [Fact?]
  /// For messages.
  private let names: ValueNames

  init(_ node: Node, layout: Layout, facts known: Facts, names: ValueNames) throws {
    self.node = node
    self.layout = layout
    self.names = names
    var facts: [Fact?] = []
    func fail(_ problem: String, hint: String? = nil) -> GraphError {
      GraphError(node: node.name, op: node.op.name, problem, hint: hint)
    }
    guard node.op.inputCount.contains(node.inputs.count) else {
      throw fail("\(node.inputs.count) inputs; the operator takes \(node.op.inputCount.text)")
    }
    for (index, value) in node.inputs.enumerated() {
      if value.isOmitted, index >= node.op.requiredInputs {
        facts.append(nil)
        continue
      }
      guard let fact = known.find(value) else {
        throw fail(
          "reads '\(names[value])', which nothing before it gives",
          hint: "nodes must stand in running order, without cycles")
      }
      // A constant may be empty where only an importer looks at it; nothing is computed from one.
      guard fact.shape.count > 0 else { throw fail("input '\(names[value])' has no elements") }
      facts.append(fact)
    }
    guard node.outputs.count == 1, !node.outputs[0].isOmitted else {
      throw fail("\(node.outputs.count) outputs; the operator gives 1")
    }
    guard known.find(node.outputs[0]) == nil else {
      throw fail("gives '\(names[node.outputs[0]])', which exists already")
    }
    while facts.count < min(node.op.inputCount.upperBound, 8) { facts.append(nil) }
    self.facts = facts
  }

  func fail(_ problem: String, hint: String? = nil) -> GraphError {
    GraphError(node: node.name, op: node.op.name, problem, hint: hint)
  }

  func infer() throws -> Fact {
    switch node.op {
    case .conv(let convolution): try conv(convolution)
    case .matMul: try matMul()
    case .batchNormalization(let epsilon): try batchNormalization(epsilon)
    case .add, .sub, .mul, .div: try broadcast()
    case .relu, .sigmoid, .hardSwish: try real(0)
    case .hardSigmoid(let alpha, let beta): try curve([alpha, beta])
    case .clip(let low, let high): try clip(low, high)
    case .softmax(let axis): try softmax(axis)
    case .averagePool(let pooling), .maxPool(let pooling): try pool(pooling)
    case .globalAveragePool: try globalPool()
    case .reduceSum(let axes, let keep), .reduceMean(let axes, let keep): try reduce(axes, keep)
    case .argMax(let axis, let keep): try argMax(axis, keep)
    case .concat(let axis): try concat(axis)
    case .reshape(let target): try reshape(target)
    case .transpose(let permutation): try transpose(permutation)
    case .slice(let starts, let ends, let axes, let steps): try slice(starts, ends, axes, steps)
    case .pad(let before, let after, let value): try pad(before, after, value)
    case .depthToSpace(let block, _): try depthToSpace(block)
    case .spaceToDepth(let block): try spaceToDepth(block)
    case .resize(let resize): try self.resize(resize)
    case .gridSample: try gridSample()
    case .warp(let warp): try self.warp(warp)
    case .cast(let dtype): try cast(dtype)
    case .localAttention(let attention): try localAttention(attention)
    case .globalAttention: try globalAttention()
    case .quantizeLinear(let axis): try quantize(axis)
    case .dequantizeLinear(let axis): try dequantize(axis)
    }
  }
}

// What the rules are written with.
extension FactRule {
  var x: Fact { given(0) }

  /// The fact of an input that the operator requires.
  func given(_ index: Int) -> Fact {
    guard let fact = facts[index] else { preconditionFailure("input \(index) of \(node.op.name) is checked") }
    return fact
  }

  /// A fact of the given extents, refused where they are empty or beyond the limits.
  func fact(_ dtype: DType, _ extents: [Int]) throws -> Fact {
    guard extents.count <= GraphLimits.rank else { throw fail("output of rank \(extents.count)") }
    for extent in extents where extent < 1 || extent > GraphLimits.attribute {
      throw fail(
        "output would have extents \(extents)", hint: "each must be from 1 to \(GraphLimits.attribute)")
    }
    guard let count = Shape.checkedCount(extents), count <= GraphLimits.elements else {
      throw fail("output \(extents) has more than \(GraphLimits.elements) elements")
    }
    return Fact(dtype, Shape(extents))
  }

  /// The input at `index`, whose elements must be real numbers.
  @discardableResult
  func real(_ index: Int) throws -> Fact {
    let fact = given(index)
    guard fact.dtype == .float32 || fact.dtype == .float16 else {
      let isStored = fact.dtype == .uint8 || fact.dtype == .int8
      throw fail(
        "input '\(names[node.inputs[index]])' is \(fact.dtype.rawValue)",
        hint: isStored
          ? "a DequantizeLinear is missing before it: the operator takes real numbers"
          : "the operator takes real numbers")
    }
    return fact
  }

  /// The input at `index` as a map.
  func map(_ index: Int) throws -> MapShape {
    let fact = given(index)
    guard let map = MapShape(fact.shape.extents, layout: layout) else {
      throw fail(
        "input '\(names[node.inputs[index]])' is \(fact)", hint: "the operator takes values of rank 4")
    }
    return map
  }

  /// `value` where it is a sane attribute.
  @discardableResult
  func bounded(_ value: Int, _ what: String, least: Int, most: Int = GraphLimits.attribute) throws -> Int {
    guard value >= least, value <= most else {
      throw fail("\(what) \(value)", hint: "it must be from \(least) to \(most)")
    }
    return value
  }

  /// `axis` counted from the outermost.
  func axis(_ axis: Int, rank: Int) throws -> Int {
    guard axis >= -rank, axis < rank else { throw fail("axis \(axis) of a value of rank \(rank)") }
    return axis < 0 ? axis + rank : axis
  }

  func axes(_ axes: [Int], rank: Int) throws -> [Int] {
    let resolved = try axes.map { try axis($0, rank: rank) }
    guard Set(resolved).count == resolved.count else { throw fail("axes \(axes) name one twice") }
    return resolved
  }

  func finite(_ value: Float, _ what: String) throws {
    guard value.isFinite else { throw fail("\(what) is \(value)") }
  }
}

extension ClosedRange<Int> {
  fileprivate var text: String {
    if lowerBound == upperBound { return "\(lowerBound)" }
    return "\(lowerBound) to \(upperBound)"
  }
}
