// SPDX-License-Identifier: Apache-2.0

import Buffers
import GraphIR

/// What is worked out while reading: constants, shapes, and the arithmetic that exporters do with them.
extension Importer {
  static let known: [String: Rule] = [
    "Constant": { importer, node in
      let output = try node.output()
      let tensor: Tensor
      if let value = try node.tensor("value") {
        tensor = value
      } else if let value = try node.float("value_float") {
        tensor = Tensor([value], shape: [])
      } else if let values = try node.floats("value_floats") {
        tensor = Tensor(values)
      } else if let value = try node.int("value_int") {
        tensor = Tensor([Int64(value)], shape: [])
      } else if let values = try node.ints("value_ints") {
        tensor = Tensor(values.map(Int64.init), shape: [values.count])
      } else {
        throw node.fail("its value is neither a tensor nor numbers")
      }
      try importer.give(tensor, output, node, isStored: true)
    },
    "Shape": { importer, node in
      let extents = try importer.fact(node.input(0), node).shape.extents
      func bound(_ value: Int) -> Int {
        min(max(value < 0 ? value + extents.count : value, 0), extents.count)
      }
      let start = bound(try node.int("start", 0))
      let end = max(start, bound(try node.int("end", extents.count)))
      let part = extents[start..<end].map { Int64($0) }
      try importer.give(Tensor(part, shape: [part.count]), try node.output(), node)
    },
    "Size": { importer, node in
      let count = try importer.fact(node.input(0), node).shape.count
      try importer.give(Tensor([Int64(count)], shape: []), try node.output(), node)
    },
    "ConstantOfShape": { importer, node in
      guard let extents = try importer.integers(node.input(0), "shape", node) else {
        throw node.fail("no shape")
      }
      let value = try node.tensor("value") ?? Tensor([Float(0)], shape: [1])
      guard extents.count <= GraphLimits.rank,
        extents.allSatisfy({ (0...GraphLimits.attribute).contains($0) }),
        let count = Shape.checkedCount(extents), count <= GraphLimits.foldedElements, value.shape.count == 1
      else { throw node.fail("shape \(extents) is beyond the limits") }
      let shape = Shape(extents)
      let tensor: Tensor
      switch value.dtype {
      case .float32:
        tensor = Tensor(Array(repeating: value.elements(as: Float.self)[0], count: count), shape: shape)
      case .int64:
        tensor = Tensor(Array(repeating: value.elements(as: Int64.self)[0], count: count), shape: shape)
      case .int32:
        tensor = Tensor(Array(repeating: value.elements(as: Int32.self)[0], count: count), shape: shape)
      default: throw node.fail("fills with \(value.dtype.rawValue)")
      }
      try importer.give(tensor, try node.output(), node)
    },
    "Gather": { try $0.gather(&$1) },
    "Equal": {
      throw $1.fail("compares while running", hint: "only sizes known before the run are compared")
    },
    "Where": { throw $1.fail("chooses while running", hint: "only sizes known before the run are compared") },
    // Of known numbers only, which are folded before the rules are asked.
    "Floor": { throw $1.fail("rounds while running", hint: "only numbers known before the run are rounded") },
    "Ceil": { throw $1.fail("rounds while running", hint: "only numbers known before the run are rounded") },
  ]

  /// Picks elements of a known vector; of a value that is not known, one slice.
  private mutating func gather(_ node: inout NodeReader) throws {
    let axis = try node.int("axis", 0)
    let source = try fact(node.input(0), node).shape
    guard let indices = try integers(node.input(1), "indices", node),
      let shape = known(node.input(1))?.tensor.shape
    else { throw node.fail("no indices") }
    let resolved = axis < 0 ? axis + source.rank : axis
    guard source.extents.indices.contains(resolved) else { throw node.fail("axis \(axis) of \(source)") }
    let extent = source[resolved]
    let picked = indices.map { $0 < 0 ? $0 + extent : $0 }
    guard picked.allSatisfy({ (0..<extent).contains($0) }) else {
      throw node.fail("indices \(indices) of \(extent)")
    }
    let output = try node.output()
    if let tensor = known(node.input(0))?.tensor, tensor.shape.rank == 1 {
      switch tensor.dtype {
      case .int64:
        let values = tensor.elements(as: Int64.self)
        return try give(Tensor(picked.map { values[$0] }, shape: shape), output, node)
      case .int32:
        let values = tensor.elements(as: Int32.self)
        return try give(Tensor(picked.map { values[$0] }, shape: shape), output, node)
      case .float32:
        let values = tensor.elements(as: Float.self)
        return try give(Tensor(picked.map { values[$0] }, shape: shape), output, node)
      default: break
      }
    }
    guard picked.count == 1 else {
      throw node.fail(
        "gathers \(picked.count) parts of a value",
        hint: "only single parts, or parts of known vectors, are gathered")
    }
    let slice = Operator.slice(starts: [picked[0]], ends: [picked[0] + 1], axes: [resolved], steps: [1])
    guard shape.rank == 0 else {
      try add(slice, [node.input(0)], output: output, node)
      return
    }
    let part = try add(slice, [node.input(0)], part: "part", node)
    var extents = source.extents
    extents.remove(at: resolved)
    try add(.reshape(Reshape(extents)), [part], output: output, node)
  }

  /// Operators that exporters use for arithmetic on sizes.
  static let foldable: Set<String> = [
    "Add", "Sub", "Mul", "Div", "Concat", "Reshape", "Transpose", "Slice", "Unsqueeze", "Squeeze", "Cast",
    "Floor", "Ceil", "Equal", "Where",
  ]

  /// Works the node out where all its inputs are known and small, and none is a trained number.
  mutating func foldKnown(_ node: inout NodeReader) throws -> Bool {
    var tensors: [Tensor] = []
    for name in node.inputs {
      guard !name.isEmpty else { return false }
      guard let known = known(name), known.tensor.shape.count <= 1024,
        !(known.isParameter && known.tensor.dtype == .float32)
      else { return false }
      tensors.append(known.tensor)
    }
    guard let first = tensors.first, let output = node.outputs.first, node.outputs.count == 1 else {
      return false
    }
    var copy = node
    let op: Operator
    switch node.op {
    case "Add": op = .add
    case "Sub": op = .sub
    case "Mul": op = .mul
    case "Div": op = .div
    case "Concat": op = .concat(axis: try copy.int("axis", 0))
    case "Transpose":
      op = .transpose(permutation: try copy.ints("perm") ?? Array((0..<first.shape.rank).reversed()))
    case "Reshape":
      op = .reshape(Reshape(try integers(node.input(1), "shape", node) ?? []))
      tensors.removeLast(tensors.count - 1)
    case "Unsqueeze", "Squeeze":
      let attribute = try copy.ints("axes")
      let axes = try integers(node.input(1), "axes", node) ?? attribute
      let extents =
        node.op == "Squeeze"
        ? try squeezed(first.shape.extents, axes, node)
        : try unsqueezed(first.shape.extents, axes ?? [], node)
      guard !extents.contains(0) else { return false }
      op = .reshape(Reshape(extents))
      tensors.removeLast(tensors.count - 1)
    case "Slice":
      let old = (try copy.ints("starts"), try copy.ints("ends"), try copy.ints("axes"))
      guard let starts = try integers(node.input(1), "starts", node) ?? old.0,
        let ends = try integers(node.input(2), "ends", node) ?? old.1
      else { return false }
      op = .slice(
        starts: starts, ends: ends,
        axes: try integers(node.input(3), "axes", node) ?? old.2 ?? Array(starts.indices),
        steps: try integers(node.input(4), "steps", node) ?? Array(repeating: 1, count: starts.count))
      tensors.removeLast(tensors.count - 1)
    case "Cast":
      guard let target = ONNXTensorProto.DataType(rawValue: try copy.int("to", 0)),
        let result = first.cast(to: target)
      else { return false }
      try give(result, output, node)
      return true
    case "Floor", "Ceil":
      guard first.dtype == .float32 else { return false }
      let rule: FloatingPointRoundingRule = node.op == "Floor" ? .down : .up
      try give(
        Tensor(first.elements(as: Float.self).map { $0.rounded(rule) }, shape: first.shape), output, node)
      return true
    default: return false
    }
    guard let result = try ConstantEvaluator.evaluate(op, of: node.name, tensors) else { return false }
    try give(result, output, node)
    return true
  }
}

extension Importer {
  /// Equal and Where of whole numbers, as exporters write them for sizes: of one shape, or of single numbers.
  fileprivate static func chosen(_ op: String, _ tensors: [Tensor]) -> Tensor? {
    guard let widest = tensors.max(by: { $0.shape.count < $1.shape.count })?.shape,
      tensors.allSatisfy({ $0.shape == widest || $0.shape.count == 1 })
    else { return nil }
    func numbers(_ tensor: Tensor) -> [Int64]? {
      guard tensor.dtype == .int64 else { return nil }
      let values = tensor.elements(as: Int64.self)
      return values.count == widest.count ? values : Array(repeating: values[0], count: widest.count)
    }
    if op == "Equal" {
      guard tensors.count == 2, let a = numbers(tensors[0]), let b = numbers(tensors[1]) else { return nil }
      let bytes = Tensor(zip(a, b).map { $0 == $1 ? 1 : 0 as UInt8 }, shape: widest).bytes
      return Tensor(dtype: .bool, shape: widest, bytes: bytes)
    }
    guard tensors.count == 3, tensors[0].dtype == .bool, tensors[0].shape == widest,
      let a = numbers(tensors[1]), let b = numbers(tensors[2])
    else { return nil }
    let flags = Tensor(dtype: .uint8, shape: widest, bytes: tensors[0].bytes).elements(as: UInt8.self)
    return Tensor(flags.indices.map { flags[$0] != 0 ? a[$0] : b[$0] }, shape: widest)
  }
}

extension Tensor {
  /// The numbers as another type, toward zero; `nil` where there is no such conversion.
  fileprivate func cast(to target: ONNXTensorProto.DataType) -> Tensor? {
    let values: [Double]
    switch dtype {
    case .float32: values = elements(as: Float.self).map(Double.init)
    case .int32: values = elements(as: Int32.self).map(Double.init)
    case .int64: values = elements(as: Int64.self).map(Double.init)
    default: return nil
    }
    // Beyond 2^53 a double, and beyond 2^31 an int32, would not hold the number.
    let reach = target == .int32 ? 0x1p31 - 1 : 0x1p53
    switch target {
    case .float, .float16, .double: return Tensor(values.map { Float($0) }, shape: shape)
    case .int64:
      guard values.allSatisfy({ abs($0) <= reach }) else { return nil }
      return Tensor(values.map { Int64($0) }, shape: shape)
    case .int32:
      guard values.allSatisfy({ abs($0) <= reach }) else { return nil }
      return Tensor(values.map { Int32($0) }, shape: shape)
    default: return nil
    }
  }
}
