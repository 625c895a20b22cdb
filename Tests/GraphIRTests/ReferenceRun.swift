// SPDX-License-Identifier: Apache-2.0

import Buffers
import Foundation
import GraphIR

/// Runs a graph the plainest way there is, for comparing a graph with what passes make of it.
struct ReferenceRun {
  struct Value {
    var shape: [Int]
    var data: [Float]
  }

  let graph: Graph
  private let facts: Facts
  private var values = ValueTable<Value>()

  /// - Parameter inputs: by name, in channels-first order whatever the graph's layout.
  /// - Returns: the outputs in channels-first order.
  static func run(_ graph: Graph, _ inputs: [String: Value]) throws -> [String: Value] {
    var run = try ReferenceRun(graph)
    for (value, constant) in graph.constants {
      switch constant.tensor.dtype {
      case .float32:
        run.values[value] = Value(shape: constant.tensor.shape.extents, data: constant.tensor.elements())
      default: continue
      }
    }
    for input in graph.inputs { run.values[input.value] = run.ordered(inputs[graph.names[input.value]]!) }
    for node in graph.nodes {
      let output = run.evaluate(node)
      precondition(output.shape == run.facts[node.outputs[0]].shape.extents, "\(node.name): \(output.shape)")
      run.values[node.outputs[0]] = output
    }
    return Dictionary(
      uniqueKeysWithValues: graph.outputs.map { (graph.names[$0], run.plain(run.values[$0]!)) })
  }

  private init(_ graph: Graph) throws {
    self.graph = graph
    facts = try graph.facts()
  }

  /// Channels-first to the graph's order, and back.
  private func ordered(_ value: Value) -> Value {
    guard graph.layout == .channelsLast, value.shape.count == 4 else { return value }
    return transpose(value, [0, 2, 3, 1])
  }
  private func plain(_ value: Value) -> Value {
    guard graph.layout == .channelsLast, value.shape.count == 4 else { return value }
    return transpose(value, [0, 3, 1, 2])
  }

  private func evaluate(_ node: Node) -> Value {
    func input(_ index: Int) -> Value { values[node.inputs[index]]! }
    func map(_ index: Int) -> Value { plain(input(index)) }
    switch node.op {
    case .conv(let convolution):
      let bias = node.inputs.count > 2 ? input(2).data : nil
      return ordered(conv(map(0), map(1), bias, convolution))
    case .matMul: return matMul(input(0), input(1))
    case .batchNormalization(let epsilon):
      var x = map(0)
      let cells = x.shape[2] * x.shape[3]
      for index in x.data.indices {
        let c = index / cells % x.shape[1]
        x.data[index] =
          (x.data[index] - input(3).data[c]) / (input(4).data[c] + epsilon).squareRoot() * input(1).data[c]
          + input(2).data[c]
      }
      return ordered(x)
    case .add: return binary(input(0), input(1), +)
    case .sub: return binary(input(0), input(1), -)
    case .mul: return binary(input(0), input(1), *)
    case .div: return binary(input(0), input(1), /)
    case .relu: return unary(input(0)) { max($0, 0) }
    case .clip(let low, let high): return unary(input(0)) { min(max($0, low), high) }
    case .sigmoid: return unary(input(0)) { 1 / (1 + exp(-$0)) }
    case .hardSigmoid(let a, let b): return unary(input(0)) { min(max(a * $0 + b, 0), 1) }
    case .hardSwish: return unary(input(0)) { $0 * min(max($0 / 6 + 0.5, 0), 1) }
    case .softmax(let axis): return softmax(input(0), axis)
    case .averagePool(let pooling): return ordered(pool(map(0), pooling, average: true))
    case .maxPool(let pooling): return ordered(pool(map(0), pooling, average: false))
    case .globalAveragePool:
      let x = map(0)
      let whole = Pair(rows: x.shape[2], columns: x.shape[3])
      return ordered(pool(x, Pooling(kernel: whole, strides: Pair(1)), average: true))
    case .reduceSum(let axes, let keep): return reduce(input(0), axes, keep, mean: false)
    case .reduceMean(let axes, let keep): return reduce(input(0), axes, keep, mean: true)
    case .argMax(let axis, let keep): return argMax(input(0), axis, keep)
    case .concat(let axis): return concat(node.inputs.map { values[$0]! }, axis)
    case .reshape: return Value(shape: shape(node), data: input(0).data)
    case .transpose(let permutation): return transpose(input(0), permutation)
    case .slice(let starts, let ends, let axes, let steps):
      let x = input(0)
      var ranges = x.shape.map { SliceRange(start: 0, end: $0, step: 1, extent: $0) }
      for (index, axis) in axes.enumerated() {
        let axis = axis < 0 ? axis + x.shape.count : axis
        ranges[axis] = SliceRange(
          start: starts[index], end: ends[index], step: steps[index], extent: x.shape[axis])
      }
      return gather(x, ranges.map(\.count)) { index in zip(index, ranges).map { $1.first + $0 * $1.step } }
    case .pad(let before, let after, let value):
      let x = input(0)
      let extents = x.shape.indices.map { x.shape[$0] + before[$0] + after[$0] }
      return gather(x, extents, outside: value) { index in zip(index, before).map { $0 - $1 } }
    case .depthToSpace(let block, let mode):
      let x = map(0)
      let channels = x.shape[1] / block / block
      return ordered(
        gather(x, [x.shape[0], channels, x.shape[2] * block, x.shape[3] * block]) { index in
          let cell = index[2] % block * block + index[3] % block
          let channel = mode == .dcr ? cell * channels + index[1] : index[1] * block * block + cell
          return [index[0], channel, index[2] / block, index[3] / block]
        })
    case .spaceToDepth(let block):
      let x = map(0)
      return ordered(
        gather(x, [x.shape[0], x.shape[1] * block * block, x.shape[2] / block, x.shape[3] / block]) { index in
          let cell = index[1] / x.shape[1]
          return [
            index[0], index[1] % x.shape[1], index[2] * block + cell / block, index[3] * block + cell % block,
          ]
        })
    case .resize(let resize): return ordered(self.resize(map(0), resize, node))
    case .gridSample: return ordered(sample(map(0), input(1)))
    case .warp(let warp):
      return ordered(self.warp(map(0), map(1), node.inputs.count > 2 ? map(2) : nil, warp.scale))
    case .localAttention(let attention):
      let bias = node.inputs.count > 3 ? input(3) : nil
      return ordered(attend(map(0), map(1), map(2), bias, attention))
    case .globalAttention(let scale): return ordered(attend(map(0), map(1), map(2), scale))
    case .quantizeLinear, .dequantizeLinear, .cast:
      preconditionFailure("stored numbers and halves are not compared here")
    }
  }

  func shape(_ node: Node) -> [Int] { facts[node.outputs[0]].shape.extents }
}

// Form.
extension ReferenceRun {
  /// Calls `body` with every index of `extents`, innermost fastest.
  func each(_ extents: [Int], _ body: ([Int]) -> Void) {
    guard extents.allSatisfy({ $0 > 0 }) else { return }
    var index = [Int](repeating: 0, count: extents.count)
    while true {
      body(index)
      var axis = extents.count - 1
      while axis >= 0 {
        index[axis] += 1
        if index[axis] < extents[axis] { break }
        index[axis] = 0
        axis -= 1
      }
      if axis < 0 { return }
    }
  }

  func offset(_ index: [Int], _ shape: [Int]) -> Int {
    var result = 0
    for (position, extent) in zip(index, shape) { result = result * extent + position }
    return result
  }

  func gather(_ x: Value, _ extents: [Int], outside: Float = 0, _ source: ([Int]) -> [Int]) -> Value {
    var data: [Float] = []
    each(extents) { index in
      let from = source(index)
      let inside = zip(from, x.shape).allSatisfy { $0 >= 0 && $0 < $1 }
      data.append(inside ? x.data[offset(from, x.shape)] : outside)
    }
    return Value(shape: extents, data: data)
  }

  func transpose(_ x: Value, _ permutation: [Int]) -> Value {
    gather(x, permutation.map { x.shape[$0] }) { index in
      var source = index
      for (axis, target) in permutation.enumerated() { source[target] = index[axis] }
      return source
    }
  }

  func concat(_ parts: [Value], _ axis: Int) -> Value {
    let axis = axis < 0 ? axis + parts[0].shape.count : axis
    var extents = parts[0].shape
    extents[axis] = parts.reduce(0) { $0 + $1.shape[axis] }
    var data: [Float] = []
    each(extents) { index in
      var index = index
      var part = 0
      while index[axis] >= parts[part].shape[axis] {
        index[axis] -= parts[part].shape[axis]
        part += 1
      }
      data.append(parts[part].data[offset(index, parts[part].shape)])
    }
    return Value(shape: extents, data: data)
  }
}
