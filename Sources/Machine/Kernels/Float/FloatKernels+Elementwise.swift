// SPDX-License-Identifier: Apache-2.0

internal import CKernels
public import Workers

public enum BinaryFunction: String, Sendable, Hashable {
  case add, sub, mul, div

  public var family: KernelID.Family {
    switch self {
    case .add: .add
    case .sub: .sub
    case .mul: .mul
    case .div: .div
    }
  }
}

public enum UnaryFunction: Sendable, Hashable {
  case clamp(Limits)
  case sigmoid
  case hardSigmoid(alpha: Float, beta: Float)
  case hardSwish

  public var family: KernelID.Family {
    switch self {
    case .clamp: .clamp
    case .sigmoid: .sigmoid
    case .hardSigmoid: .hardSigmoid
    case .hardSwish: .hardSwish
    }
  }
}

/// How two operands run along an output: extents outermost first, and for each the elements to step in either
/// operand, 0 where it repeats. Adjacent axes are joined where both operands allow it.
public struct BroadcastPlan: Sendable, Hashable {
  public private(set) var extents: [Int]
  public private(set) var aStrides: [Int]
  public private(set) var bStrides: [Int]

  /// An innermost run longer than this is not made, so that there are units to share.
  private static let longestRun = 16384

  /// - Parameters: shapes that broadcast to `output` as in ONNX, outermost first.
  public init(a: [Int], b: [Int], output: [Int]) {
    func strides(_ shape: [Int]) -> [Int] {
      var result = [Int](repeating: 0, count: output.count)
      var step = 1
      for (index, extent) in shape.enumerated().reversed() {
        let axis = index + output.count - shape.count
        precondition(extent == output[axis] || extent == 1, "\(shape) does not broadcast to \(output)")
        result[axis] = extent == 1 ? 0 : step
        step *= extent
      }
      return result
    }
    let aAll = strides(a)
    let bAll = strides(b)
    extents = []
    aStrides = []
    bStrides = []
    // From the innermost outwards, then turned round.
    for axis in output.indices.reversed() where output[axis] != 1 {
      if let inner = extents.indices.last, aAll[axis] == aStrides[inner] * extents[inner],
        bAll[axis] == bStrides[inner] * extents[inner], output[axis] * extents[inner] <= Self.longestRun
      {
        extents[inner] *= output[axis]
        continue
      }
      extents.append(output[axis])
      aStrides.append(aAll[axis])
      bStrides.append(bAll[axis])
    }
    if extents.isEmpty { (extents, aStrides, bStrides) = ([1], [1], [1]) }
    extents.reverse()
    aStrides.reverse()
    bStrides.reverse()
  }

  public var isRunnable: Bool { extents.count <= Int(RM_FLOAT_RANK) }
  public var elements: Int { extents.reduce(1, *) }
}

extension FloatKernels {
  /// `output = limits(a function b)`; the output may be an operand of its own shape.
  public func binary(
    _ function: BinaryFunction, _ plan: BroadcastPlan, a: UnsafeRawPointer, b: UnsafeRawPointer,
    output: UnsafeMutableRawPointer, limits: Limits = .none
  ) -> Job {
    precondition(plan.isRunnable)
    var n = rm_float_binary()
    n.a = a
    n.b = b
    n.output = output
    n.rank = Int32(plan.extents.count)
    setArray(&n.extents, with: plan.extents)
    setArray(&n.a_strides, with: plan.aStrides)
    setArray(&n.b_strides, with: plan.bStrides)
    n.low = limits.low
    n.high = limits.high
    let kernel: rm_float_binary_fn =
      switch function {
      case .add: table.pointee.add.function
      case .sub: table.pointee.sub.function
      case .mul: table.pointee.mul.function
      case .div: table.pointee.div.function
      }
    return Job(kernel, n, units: plan.extents.dropLast().reduce(1, *), work: plan.elements * 4)
  }

  /// The output may be the input.
  public func unary(
    _ function: UnaryFunction, input: UnsafeRawPointer, output: UnsafeMutableRawPointer, count: Int
  ) -> Job {
    var n = rm_float_unary()
    n.input = input
    n.output = output
    n.count = count
    let kernel: rm_float_unary_fn
    switch function {
    case .clamp(let limits):
      n.a = limits.low
      n.b = limits.high
      kernel = table.pointee.clamp.function
    case .sigmoid: kernel = table.pointee.sigmoid.function
    case .hardSigmoid(let alpha, let beta):
      n.a = alpha
      n.b = beta
      kernel = table.pointee.hard_sigmoid.function
    case .hardSwish: kernel = table.pointee.hard_swish.function
    }
    return Job(kernel, n, units: blocks(count), work: count * 4)
  }

  /// Over the middle axis of `[outer][extent][inner]`; the output may be the input.
  public func softmax(
    input: UnsafeRawPointer, output: UnsafeMutableRawPointer, outer: Int, extent: Int, inner: Int
  ) -> Job {
    precondition(extent > 0)
    let n = rm_float_softmax(input: input, output: output, outer: outer, extent: extent, inner: inner)
    return Job(table.pointee.softmax.function, n, units: outer, work: outer * extent * inner * 40)
  }

  public func fill(_ output: UnsafeMutableRawPointer, count: Int, value: Float) -> Job {
    let n = rm_float_fill(output: output, count: count, value: value)
    return Job(table.pointee.fill.function, n, units: blocks(count), work: count)
  }

  /// `count` elements to float32, or float32 to elements.
  public func convert(
    toFloat: Bool, input: UnsafeRawPointer, output: UnsafeMutableRawPointer, count: Int
  ) -> Job {
    let n = rm_float_convert(input: input, output: output, count: count)
    let kernel: rm_float_convert_fn =
      toFloat ? table.pointee.to_float.function : table.pointee.from_float.function
    return Job(kernel, n, units: blocks(count), work: count)
  }

  private func blocks(_ count: Int) -> Int {
    let block = Int(RM_FLOAT_BLOCK)
    return (count + block - 1) / block
  }
}
