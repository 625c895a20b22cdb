// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import GraphIR
internal import Kernels

/// What is known about a node when its step is made.
struct NodeContext {
  let planned: PlannedNode
  let facts: Facts
  let constants: ValueTable<Tensor>
  /// For the elements that the node works on.
  let kernels: FloatKernels
  let integers: Int8Kernels

  var node: Node { planned.node }
  /// Everything the step reads: the node's inputs that are there, then the residual.
  var values: [ValueID] { node.inputs.filter { !$0.isOmitted } + (planned.residual.map { [$0] } ?? []) }
  var output: ValueID { node.outputs[0] }
  var outputFact: Fact { facts[output] }

  /// An input; `nil` where it is omitted.
  func input(_ index: Int) -> ValueID? { node.input(index) }

  /// The fact of an input that the operator requires.
  func given(_ index: Int) -> Fact { facts[node.inputs[index]] }

  func fact(_ index: Int) -> Fact? { input(index).flatMap(facts.find) }
  func constant(_ index: Int) -> Tensor? { input(index).flatMap { constants[$0] } }

  func bytes(_ value: ValueID) -> Int {
    let fact = facts[value]
    return fact.shape.count * fact.dtype.byteCount
  }

  /// Whether all of `indices` that are there, and the output, are real numbers of one type.
  func isReal(_ indices: Int...) -> Bool {
    let element = outputFact.dtype
    return element.isReal && indices.allSatisfy { fact($0)?.dtype ?? element == element }
  }

  /// Whether the output is quantized.
  var isQuantized: Bool { outputFact.dtype == .uint8 }

  /// A call of the kernels that the node works with.
  func float(_ call: FloatCall) -> Call { .float(call, element: kernels.element) }

  func fail(_ problem: String, hint: String? = nil) -> PlanningError {
    PlanningError(node: node.name, op: node.op.name, problem, hint: hint)
  }

  /// Whether the output is one map.
  var isSinglePicture: Bool { outputFact.shape.rank == 4 && outputFact.shape[0] == 1 }

  /// `axis` counted from the outermost, and the extents before, at and behind it.
  func around(_ axis: Int, _ shape: Shape) -> FloatCall.Axis {
    let axis = axis < 0 ? axis + shape.rank : axis
    let extents = shape.extents
    return FloatCall.Axis(
      outer: extents[..<axis].reduce(1, *), extent: extents[axis],
      inner: extents[(axis + 1)...].reduce(1, *))
  }
}

extension [Int] {
  /// Elements from an index to the next along each axis of a dense array of these extents.
  var denseStrides: [Int] {
    var strides = self
    var step = 1
    for axis in indices.reversed() {
      strides[axis] = step
      step *= self[axis]
    }
    return strides
  }
}
