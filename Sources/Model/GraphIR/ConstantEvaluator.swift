// SPDX-License-Identifier: Apache-2.0

public import Buffers

/// Works nodes out whose inputs are all known: arithmetic on sizes, and what training left in parts.
///
/// Covers what files do with constants; it is no way to run a network.
public enum ConstantEvaluator {
  /// - Parameters:
  ///   - name: of the node, for messages.
  ///   - inputs: as many as the operator takes, none omitted.
  /// - Returns: the output, or `nil` where the operator is not worked out ahead, or the result has no
  ///   or too many elements.
  /// - Throws: `GraphError` where the operator does not take these inputs.
  public static func evaluate(
    _ op: Operator, of name: String, _ inputs: [Tensor], layout: Layout = .channelsFirst
  ) throws
    -> Tensor?
  {
    guard !inputs.isEmpty, inputs.allSatisfy({ $0.shape.count > 0 }) else { return nil }
    // The inputs themselves could be one value twice, or unknown.
    var (names, facts) = (ValueNames(), Facts())
    let values = inputs.indices.map { names.value("input \($0)") }
    for (value, tensor) in zip(values, inputs) { facts.set(value, Fact(tensor.dtype, tensor.shape)) }
    let node = Node(name, op, inputs: values, outputs: [names.value("output")])
    let fact = try FactRule(node, layout: layout, facts: facts, names: names).infer()
    guard fact.shape.count <= GraphLimits.foldedElements else { return nil }
    switch op {
    case .reshape: return inputs[0].reshaped(fact.shape)
    case .transpose(let permutation): return inputs[0].transposed(permutation)
    case .concat(let axis): return concat(inputs, axis < 0 ? axis + fact.shape.rank : axis, fact.shape)
    case .slice(let starts, let ends, let axes, let steps):
      return slice(inputs[0], starts, ends, axes, steps, fact.shape)
    case .add, .sub, .mul, .div: return arithmetic(op, inputs[0], inputs[1], fact.shape)
    case .matMul: return matMul(inputs[0], inputs[1], fact.shape)
    default: return nil
    }
  }

  private static func arithmetic(_ op: Operator, _ a: Tensor, _ b: Tensor, _ shape: Shape) -> Tensor? {
    let left = a.broadcastIndices(to: shape)
    let right = b.broadcastIndices(to: shape)
    func map<Element: TensorElement>(_ body: (Element, Element) -> Element?) -> Tensor? {
      let (x, y) = (a.elements(as: Element.self), b.elements(as: Element.self))
      var out: [Element] = []
      out.reserveCapacity(shape.count)
      for index in left.indices {
        guard let value = body(x[left[index]], y[right[index]]) else { return nil }
        out.append(value)
      }
      return Tensor(out, shape: shape)
    }
    func integers<Element: TensorElement & FixedWidthInteger>(_ type: Element.Type) -> Tensor? {
      map { (x: Element, y: Element) in
        let (value, overflow) =
          switch op {
          case .add: x.addingReportingOverflow(y)
          case .sub: x.subtractingReportingOverflow(y)
          case .mul: x.multipliedReportingOverflow(by: y)
          default: x.dividedReportingOverflow(by: y)
          }
        return overflow ? nil : value
      }
    }
    switch a.dtype {
    case .float32:
      return map { (x: Float, y: Float) in
        switch op {
        case .add: x + y
        case .sub: x - y
        case .mul: x * y
        default: x / y
        }
      }
    case .int64: return integers(Int64.self)
    case .int32: return integers(Int32.self)
    default: return nil
    }
  }

  private static func concat(_ inputs: [Tensor], _ axis: Int, _ shape: Shape) -> Tensor {
    let size = inputs[0].dtype.byteCount
    let outer = shape.extents[..<axis].reduce(1, *)
    let inner = shape.extents[(axis + 1)...].reduce(1, *) * size
    let bytes = AlignedBytes(count: shape.count * size)
    let row = shape[axis] * inner
    var start = 0
    for input in inputs {
      let width = input.shape[axis] * inner
      for index in 0..<outer {
        (bytes.pointer + index * row + start).copyMemory(
          from: input.bytes.pointer + index * width, byteCount: width)
      }
      start += width
    }
    return Tensor(dtype: inputs[0].dtype, shape: shape, bytes: bytes)
  }

  private static func slice(
    _ x: Tensor, _ starts: [Int], _ ends: [Int], _ axes: [Int], _ steps: [Int], _ shape: Shape
  ) -> Tensor {
    var strides = x.shape.strides
    var first = 0
    for (index, axis) in axes.enumerated() {
      let resolved = axis < 0 ? axis + x.shape.rank : axis
      let range = SliceRange(
        start: starts[index], end: ends[index], step: steps[index], extent: x.shape[resolved])
      first += range.first * strides[resolved]
      strides[resolved] *= range.step
    }
    return x.gathered(shape, strides: strides, first: first)
  }

  private static func matMul(_ a: Tensor, _ b: Tensor, _ shape: Shape) -> Tensor? {
    guard a.dtype == .float32, a.shape.rank == 2, b.shape.rank == 2 else { return nil }
    let (x, y) = (a.elements(as: Float.self), b.elements(as: Float.self))
    let (rows, inner, columns) = (a.shape[0], a.shape[1], b.shape[1])
    guard let work = Shape.checkedCount([rows, inner, columns]), work <= 1 << 28 else { return nil }
    var out: [Float] = []
    out.reserveCapacity(rows * columns)
    for row in 0..<rows {
      for column in 0..<columns {
        var sum = 0.0
        for index in 0..<inner { sum += Double(x[row * inner + index]) * Double(y[index * columns + column]) }
        out.append(Float(sum))
      }
    }
    return Tensor(out, shape: shape)
  }
}
