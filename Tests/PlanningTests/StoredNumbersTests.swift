// SPDX-License-Identifier: Apache-2.0

import Buffers
import GraphIR
import Kernels
import Planning
import TestSupport
import Testing

/// Operators between stored numbers that move elements or multiply two values of the run: no floats in between.
struct StoredNumbersTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var example: Example
    /// The scale of the output.
    var step: Float
    /// How many steps a number may be off, and how many numbers of a hundred.
    var limit: Float
    var odd: Double
    var kernels: Set<KernelID.Family>

    var testDescription: String { example.name }
  }

  /// Inputs of the given shapes, stored with `scales` and `zeros`; what `body` makes of them is stored again.
  private static func stored(
    _ name: String, _ shapes: [Shape], scales: [Float] = [0.02], zeros: [Int] = [120], to step: Float = 0.02,
    zero: Int = 120, isSigned: Bool = false, limit: Float = 0, odd: Double = 0, kernels: Set<KernelID.Family>,
    _ body: @escaping (inout GraphBuilder, [String]) throws -> String
  ) -> Case {
    func conversions(_ builder: inout GraphBuilder, _ x: String, _ name: String, _ scale: Float, _ zero: Int)
      throws -> String
    {
      let zero =
        isSigned
        ? Tensor([Int8(zero - 128)], shape: []) : Tensor([UInt8(zero)], shape: [])
      let numbers = [
        try builder.constant("\(name).s", Tensor([scale], shape: [])),
        try builder.constant("\(name).z", zero),
      ]
      let number = try builder.node("\(name).q", .quantizeLinear(axis: 1), [x] + numbers)
      return try builder.node(name, .dequantizeLinear(axis: 1), [number] + numbers)
    }
    let example = OperatorExamples.example(name, shapes) { builder, _, x in
      let values = try x.indices.map {
        try conversions(&builder, x[$0], "in\($0)", scales[$0 % scales.count], zeros[$0 % zeros.count])
      }
      return try conversions(&builder, try body(&builder, values), "y", step, zero)
    }
    return Case(example: example, step: step, limit: limit, odd: odd, kernels: kernels)
  }

  static let cases: [Case] = paddings + parts + orders + products

  private static let paddings: [Case] = [
    stored("pad with 0", [[1, 5, 4, 6]], kernels: [.fill]) { builder, x in
      try builder.node("m", .pad(before: [0, 0, 1, 2], after: [0, 0, 3, 0], value: 0), x)
    },
    stored("pad with 0, signed", [[1, 5, 4, 6]], isSigned: true, kernels: [.fill]) { builder, x in
      try builder.node("m", .pad(before: [0, 1, 0, 0], after: [0, 2, 0, 1], value: 0), x)
    },
    stored("pad with what is rounded", [[1, 5, 4, 6]], kernels: [.fill]) { builder, x in
      try builder.node("m", .pad(before: [0, 0, 1, 0], after: [0, 0, 0, 1], value: 0.715), x)
    },
    stored("pad with what is beyond", [[1, 5, 4, 6]], kernels: [.fill]) { builder, x in
      try builder.node("m", .pad(before: [0, 0, 1, 0], after: [0, 0, 0, 1], value: -3e30), x)
    },
    stored(
      "pad to another scale", [[1, 5, 4, 6]], to: 0.03, zero: 99, limit: 1, odd: 0.02,
      kernels: [.fill, .combine]
    ) { builder, x in
      try builder.node("m", .pad(before: [0, 0, 1, 0], after: [0, 0, 0, 1], value: 0.715), x)
    },
  ]

  private static let parts: [Case] = [
    stored("slice", [[1, 6, 7, 9]], kernels: [.copy]) { builder, x in
      try builder.node("m", .slice(starts: [1, 2], ends: [6, 5], axes: [3, 1], steps: [1, 1]), x)
    },
    stored("slice with steps", [[1, 6, 7, 9]], kernels: [.copy]) { builder, x in
      try builder.node("m", .slice(starts: [0, -1], ends: [7, -100], axes: [2, 3], steps: [2, -3]), x)
    },
    stored(
      "slices added", [[1, 6, 7, 9]], to: 0.05, zero: 130, limit: 1, odd: 0.02,
      kernels: [.copy, .combine]
    ) { builder, x in
      let a = try builder.node("a", .slice(starts: [0], ends: [3], axes: [1], steps: [1]), x)
      let b = try builder.node("b", .slice(starts: [3], ends: [6], axes: [1], steps: [1]), x)
      return try builder.node("m", .add, [a, b])
    },
    stored(
      "rows joined", [[1, 3, 4, 5], [1, 3, 2, 5]], scales: [0.02, 0.017], zeros: [120, 111], limit: 1,
      odd: 0.02, kernels: [.copy, .combine]
    ) { builder, x in try builder.node("m", .concat(axis: 2), x) },
  ]

  private static let orders: [Case] = [
    stored("transpose and reshape", [[1, 6, 4, 5]], kernels: [.copy]) { builder, x in
      let a = try builder.node("a", .transpose(permutation: [0, 2, 1, 3]), x)
      let b = try builder.node("b", .reshape(Reshape([1, 24, 5])), [a])
      return try builder.node("m", .transpose(permutation: [0, 2, 1]), [b])
    },
    stored(
      "reshape to another scale", [[1, 6, 4, 5]], to: 0.03, limit: 1, odd: 0.02,
      kernels: [.copy, .combine]
    ) {
      builder, x in try builder.node("m", .reshape(Reshape([6, 20])), x)
    },
    stored("depth to space and back", [[1, 8, 4, 6]], kernels: [.copy]) { builder, x in
      let a = try builder.node("a", .depthToSpace(block: 2, mode: .dcr), x)
      return try builder.node("m", .spaceToDepth(block: 2), [a])
    },
  ]

  private static let products: [Case] = [
    stored(
      "product", [[2, 37, 70], [2, 70, 33]], scales: [0.02, 0.016], zeros: [120, 128], to: 0.15, limit: 1,
      odd: 0.02, kernels: [.matmul]
    ) { builder, x in try builder.node("m", .matMul, x) },
    stored(
      "product with one right side, limits", [[3, 5, 300], [300, 70]], scales: [0.02, 0.017],
      zeros: [0, 255],
      to: 0.2, zero: 3, limit: 1, odd: 0.02, kernels: [.matmul]
    ) { builder, x in
      let a = try builder.node("a", .matMul, x)
      return try builder.node("m", .clip(min: 0, max: 20), [a])
    },
    stored(
      "product of maps", [[1, 2, 9, 7], [1, 2, 11, 7]], scales: [0.02, 0.016], to: 0.1, limit: 1, odd: 0.02,
      kernels: [.copy, .matmul]
    ) { builder, x in
      let right = try builder.node("r", .transpose(permutation: [0, 1, 3, 2]), [x[1]])
      return try builder.node("m", .matMul, [x[0], right])
    },
  ]

  @Test(arguments: cases)
  func runsOnIntegersAlone(_ each: Case) throws {
    let (example, kernels) = (each.example, each.kernels)
    let plan = try Plan(graph: example.graph.optimized())
    #expect(plan.isExact, "\(example.name): \(plan.steps.map(\.kernel))")
    let working = plan.steps.filter { !$0.isConversion && $0.kernel.family != .view }
    for step in working {
      let isExpected = step.kernel.numbers == .quantized && kernels.contains(step.kernel.family)
      #expect(isExpected, "\(example.name): \(step.kernel)")
    }
    #expect(!working.isEmpty)
    let want = try run(example.graph, example.inputs, .scalar)
    for way in Way.fast {
      for threads in [1, 3] {
        #expect(sameBits(try run(example.graph, example.inputs, way, threads: threads), want), "\(way)")
      }
    }
    expectNear(want, try run(example.graph, example.inputs, .plain), each)
  }

  @Test(.enabled(if: PythonRuntime.path != nil, "\(PythonRuntime.missing)"))
  func agreesWithOnnxruntime() throws {
    let expected = try Reference.outputs(of: Self.cases.map(\.example))
    for each in Self.cases {
      let example = each.example
      expectNear(try run(example.graph, example.inputs, .scalar), expected[example.name]!, each)
    }
  }

  /// Weights and bias are stored, and nothing behind the convolution is: it runs on floats.
  @Test(.enabled(if: PythonRuntime.path != nil, "\(PythonRuntime.missing)"))
  func storedWeightsOfARealConvolution() throws {
    let example = OperatorExamples.example("real convolution", [[1, 5, 6, 7]]) { builder, _, x in
      func known(_ name: String, _ values: Tensor, _ scales: [Float]) throws -> String {
        let inputs = [
          try builder.constant("\(name).n", values),
          try builder.constant("\(name).s", Tensor(scales, shape: [scales.count])),
        ]
        return try builder.node(name, .dequantizeLinear(axis: 0), inputs)
      }
      let weights = (0..<3 * 5 * 9).map { Int8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 16) }
      let w = try known("w", Tensor(weights, shape: [3, 5, 3, 3]), [0.01, 0.02, 0.015])
      let b = try known("b", Tensor([Int32(90), -70, 2000], shape: [3]), [0.001, 0.002, 0.0015])
      return try builder.node("y", .conv(Convolution(kernel: Pair(3), pads: Pads(1))), [x[0], w, b])
    }
    let expected = try Reference.outputs(of: [example])[example.name]!
    for way in Way.all {
      #expect(relativeError(try run(example.graph, example.inputs, way), expected) < 1e-4, "\(way)")
    }
  }

  private func expectNear(_ values: [Float], _ expected: [Float], _ each: Case) {
    #expect(values.count == expected.count && !values.isEmpty)
    let steps = zip(values, expected).map { abs($0 - $1) / each.step }
    #expect(steps.allSatisfy { $0 < each.limit + 0.01 }, "\(each.example.name): \(steps.max()!) steps")
    let odd = Double(steps.count { $0 > 0.01 }) / Double(max(steps.count, 1))
    #expect(odd <= each.odd, "\(each.example.name): \(odd * 100) %")
  }
}
