// SPDX-License-Identifier: Apache-2.0

import Buffers

extension LayoutRewriter {
  mutating func rewrite(_ node: Node) throws {
    let x = node.inputs[0]
    let rank = shape(x).rank
    switch node.op {
    case .conv, .batchNormalization, .averagePool, .maxPool, .globalAveragePool, .depthToSpace, .spaceToDepth,
      .resize, .warp, .localAttention, .globalAttention, .relu, .clip, .sigmoid, .hardSigmoid, .hardSwish,
      .cast:
      emit(node, node.op, node.inputs.map { read($0) })
    case .add, .sub, .mul, .div: binary(node)
    case .matMul:
      emit(node, node.op, node.inputs.map { readPlain($0) }, order: Array(0..<shape(node.outputs[0]).rank))
    case .gridSample:
      emit(node, node.op, [read(x), readPlain(node.inputs[1])])
    case .transpose(let permutation): view(node.outputs[0], of: x, permutation: permutation)
    case .reshape(let target): reshape(node, target)
    case .softmax(let axis): emit(node, .softmax(axis: place(axis, rank)), [read(x)])
    case .concat(let axis): emit(node, .concat(axis: place(axis, rank)), node.inputs.map { read($0) })
    case .quantizeLinear(let axis):
      convert(node, axis) { .quantizeLinear(axis: $0) }
    case .dequantizeLinear(let axis):
      convert(node, axis) { .dequantizeLinear(axis: $0) }
    case .slice(let starts, let ends, let axes, let steps):
      emit(
        node, .slice(starts: starts, ends: ends, axes: axes.map { place($0, rank) }, steps: steps), [read(x)])
    case .pad(let before, let after, let value):
      let order = Self.order(rank)
      emit(
        node, .pad(before: order.map { before[$0] }, after: order.map { after[$0] }, value: value), [read(x)])
    case .reduceSum(let axes, let keep):
      reduce(node, axes, keep) { .reduceSum(axes: $0, keepDims: keep) }
    case .reduceMean(let axes, let keep):
      reduce(node, axes, keep) { .reduceMean(axes: $0, keepDims: keep) }
    case .argMax(let axis, let keep):
      reduce(node, [axis], keep) { .argMax(axis: $0[0], keepDims: keep) }
    }
  }

  /// With one scale a conversion takes its input in whatever order that stands in.
  private mutating func convert(_ node: Node, _ axis: Int, _ make: (Int) -> Operator) {
    let x = node.inputs[0]
    let numbers = node.inputs.dropFirst().map { read($0) }
    let usual = Self.order(shape(x).rank)
    guard hasOneScale(node), let form = existing(x, preferring: usual) else {
      return emit(node, make(channelAxis(axis, node)), [read(x)] + numbers)
    }
    emit(node, make(axis), [form.value] + numbers, order: form.order)
  }

  /// Where `axis` of an old value stands in the new one.
  private func place(_ axis: Int, _ rank: Int) -> Int {
    Self.order(rank).firstIndex(of: axis < 0 ? axis + rank : axis)!
  }

  /// The axis of scales; meaningless, and left alone, where there is one scale.
  private func channelAxis(_ axis: Int, _ node: Node) -> Int {
    let rank = shape(node.inputs[0]).rank
    guard (-rank..<rank).contains(axis) else { return axis }
    return place(axis, rank)
  }

  private mutating func reduce(_ node: Node, _ axes: [Int], _ keep: Bool, _ make: ([Int]) -> Operator) {
    let rank = shape(node.inputs[0]).rank
    let named = axes.isEmpty ? Array(0..<rank) : axes.map { $0 < 0 ? $0 + rank : $0 }
    var order: [Int]?
    if !keep {
      // What is left of the order, its axes renumbered.
      let rest = (0..<rank).filter { !named.contains($0) }
      order = Self.order(rank).compactMap { rest.firstIndex(of: $0) }
    }
    emit(node, make(named.map { place($0, rank) }), [read(node.inputs[0])], order: order)
  }

  /// Operands of lower rank are aligned at the innermost axis, which the new order moves.
  private mutating func binary(_ node: Node) {
    let rank = shape(node.outputs[0]).rank
    // Where an operand of the whole shape stands in another order only, the result does too.
    let whole = node.inputs.first { shape($0) == shape(node.outputs[0]) && !isConstant($0) }
    if rank == 4, let order = whole.flatMap({ existing($0, preferring: Self.last) })?.order,
      order != Self.last,
      node.inputs.allSatisfy({ shape($0).rank == 4 })
    {
      return emit(node, node.op, node.inputs.map { read($0, order) }, order: order)
    }
    let inputs = node.inputs.map { input -> ValueID in
      let shape = shape(input)
      guard rank == 4, shape.rank < 4, shape.count > 1 else { return read(input) }
      let full = Shape(Array(repeating: 1, count: 4 - shape.rank) + shape.extents)
      if let constant = old.constants[input] {
        let tensor = constant.tensor.reshaped(full).transposed(Self.last)
        return insert(tensor, isParameter: constant.isParameter, like: "\(old.names[input]).usual")
      }
      let wide = insert(.reshape(Reshape(full.extents)), [read(input)], like: "\(old.names[input]).wide")
      return insert(.transpose(permutation: Self.last), [wide], like: "\(old.names[input]).usual")
    }
    emit(node, node.op, inputs)
  }

  /// Rows and columns become one axis, or one axis becomes them: no element moves if channels stay
  /// innermost. Other shapes are taken in the old order.
  private mutating func reshape(_ node: Node, _ target: Reshape) {
    let (x, y) = (node.inputs[0], node.outputs[0])
    let (from, to) = (shape(x).extents, shape(y).extents)
    let open = target.extents.contains(-1)
    let isFixed = old.constants[x] != nil
    if !isFixed, from == to {
      emit(node, .reshape(Reshape(Array(repeating: 0, count: to.count))), [read(x)])
    } else if !isFixed, from.count == 4, to == [from[0], from[1], from[2] * from[3]] {
      emit(node, .reshape(Reshape([0, -1, from[1]])), [read(x)], order: [0, 2, 1])
    } else if !isFixed, to.count == 4, from == [to[0], to[1], to[2] * to[3]] {
      emit(node, .reshape(Reshape([0, to[2], open ? -1 : to[3], to[1]])), [read(x, [0, 2, 1])])
    } else if !isFixed, from.count == 4, to.count < 4, from[2] * from[3] == 1 {
      // One cell: both orders are one.
      emit(node, .reshape(Reshape(to)), [read(x)], order: Array(0..<to.count))
    } else if !isFixed, to.count == 4, from.count < 4, to[2] * to[3] == 1 {
      emit(node, .reshape(Reshape([to[0], 1, 1, to[1]])), [readPlain(x)])
    } else {
      emit(node, node.op, [readPlain(x)], order: Array(0..<to.count))
    }
  }
}
