// SPDX-License-Identifier: Apache-2.0

import Buffers
import GraphIR
import Planning
import Quantization
import Testing
import Workers

/// Networks that take and give u8, against the same with conversions at their ends.
struct BoundaryConversionTests {
  @Test func theNumbersAreTheSame() throws {
    let (float, stored) = try NetworkTests.quantized("srm-crm")
    let picture = NetworkTests.picture(9)
    let want = try NetworkTests.run(stored, picture)
    let plan = try Plan(graph: stored.optimized().withoutBoundaryConversions())
    let parameters = try #require(plan.inputs[0].quantization)
    #expect(plan.inputs[0].fact.dtype == .uint8 && plan.outputs[0].fact.dtype == .uint8 && plan.isExact)
    let session = Session(plan: plan, pool: WorkerPool(threads: 1))
    let input = session.input(plan.inputs[0]).assumingMemoryBound(to: UInt8.self)
    for (index, value) in picture.enumerated() {
      let number = (value / parameters.scales[0]).rounded(.toNearestOrEven) + Float(parameters.zeroPoints[0])
      input[index] = UInt8(min(max(number, 0), 255))
    }
    session.run()
    let scale = try #require(stored.constant(named: "logits.scale")).tensor.elements(as: Float.self)[0]
    let zero = try #require(stored.constant(named: "logits.zero")).tensor.elements(as: UInt8.self)[0]
    let output = session.output(plan.outputs[0]).assumingMemoryBound(to: UInt8.self)
    #expect(want.indices.allSatisfy { want[$0] == Float(Int(output[$0]) - Int(zero)) * scale })

    let untouched = try float.optimized()
    #expect(try untouched.withoutBoundaryConversions().nodes == untouched.nodes)
  }
}
