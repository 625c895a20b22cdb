// SPDX-License-Identifier: Apache-2.0

import Planning
import TestSupport
import Testing

/// Every operator, three ways.
struct OperatorTests {
  /// All ways agree with the plainest one.
  @Test(arguments: OperatorExamples.all)
  func waysAgree(_ example: Example) throws {
    let plain = try run(example.graph, example.inputs, .plain)
    let finite = plain.allSatisfy { $0.isFinite }
    #expect(finite)
    for way in [Way.scalar] + Way.fast {
      let values = try run(example.graph, example.inputs, way, threads: 2, runs: 2)
      let error = relativeError(values, plain)
      #expect(error < 2e-5, "\(example.name), \(way): \(error)")
    }
  }

  /// The plainest way agrees with onnxruntime, which never optimizes here either.
  @Test(.enabled(if: PythonRuntime.path != nil, "\(PythonRuntime.missing)"))
  func agreesWithOnnxruntime() throws {
    let examples = OperatorExamples.all
    let expected = try Reference.outputs(of: examples)
    for example in examples {
      for way in Way.all {
        let error = relativeError(try run(example.graph, example.inputs, way), expected[example.name]!)
        #expect(error < 1e-4, "\(example.name), \(way): \(error)")
      }
    }
  }
}
