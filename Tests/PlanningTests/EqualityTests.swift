// SPDX-License-Identifier: Apache-2.0

import Buffers
import CPU
import GraphIR
import Networks
import Testing

@testable import Planning

/// A plan is a value: the same work gives an equal one, and anything else gives another.
struct EqualityTests {
  static func graph(_ preset: String = "srm-crm", seed: UInt64 = 5) throws -> Graph {
    try NetworkSpec(parsing: preset).build(rows: 96, columns: 128, form: .deployable, seed: seed).optimized()
  }

  @Test(arguments: NetworkSpec.presets.map(\.name))
  func equalGraphsGiveEqualPlans(_ preset: String) throws {
    for level in [CPULevel.scalar, .best] {
      let options = PlanOptions(level: level)
      let one = try Plan(graph: Self.graph(preset), options: options)
      let same = try Plan(graph: Self.graph(preset), options: options)
      #expect(one == same && one.text == same.text, "\(level)")
    }
  }

  @Test func everyOptionGivesAnotherPlan() throws {
    let plan = try Plan(graph: Self.graph())
    var options = [PlanOptions(fuses: false), PlanOptions(reusesMemory: false)]
    if CPULevel.best != .scalar { options.append(PlanOptions(level: .scalar)) }
    var narrow = PlanOptions()
    narrow.stripes = StripeLimits(leastBytes: 1000, leastValueBytes: 1000)
    options.append(narrow)
    for other in options {
      let changed = try Plan(graph: Self.graph(), options: other)
      #expect(changed != plan && changed.text != plan.text, "\(other)")
    }
  }

  /// What a plan does depends on weights too, which its text does not show.
  @Test func otherWeightsGiveAnotherPlan() throws {
    let (one, other) = (try Plan(graph: Self.graph(seed: 5)), try Plan(graph: Self.graph(seed: 6)))
    #expect(one != other && one.text == other.text)
    #expect(one.steps.count == other.steps.count && one.memory == other.memory)
    let differing = zip(one.steps, other.steps).filter { $0 != $1 }
    #expect(!differing.isEmpty && differing.allSatisfy { $0.0.weightBytes > 0 })
  }

  @Test func stepsDifferInOneParameter() throws {
    func plan(_ limit: Float) throws -> Plan {
      var builder = GraphBuilder(name: "x", layout: .channelsLast)
      let x = try builder.input("x", .float32, [1, 4, 4, 3])
      let y = try builder.node("y", .clip(min: 0, max: limit), [x])
      return try Plan(graph: builder.finish(outputs: [y]), options: PlanOptions(level: .scalar))
    }
    #expect(try plan(6).steps == plan(6).steps)
    #expect(try plan(6).steps != plan(5).steps)
    #expect(try plan(6).text == plan(5).text)
  }
}
