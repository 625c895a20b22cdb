// SPDX-License-Identifier: Apache-2.0

import Buffers
import GraphIR
import Networks
import Testing
import Workers

@testable import Planning

struct PlanTests {
  @Test func mainNetworkIsPlannedAsMeant() throws {
    let graph = try NetworkSpec().build(rows: 384, columns: 480, form: .deployable).optimized()
    let plan = try Plan(graph: graph, options: PlanOptions(level: .best))
    #expect(abs(Double(plan.macs) - 1853.1e6) < 1e6)
    #expect(plan.arenaBytes < 26_000_000)
    // Every add is in the kernel before it, and every warp is recognized.
    let unfused = plan.steps.filter { $0.op == "Add" || $0.op == "GridSample" }.map(\.name)
    #expect(unfused.isEmpty)
    #expect(plan.steps.filter { $0.op == "Warp+Add" }.count == 3)
    #expect(
      plan.text.split(separator: "\n").count { $0.hasPrefix("step ") || $0.hasPrefix("  step ") }
        == plan.steps.count)
  }

  @Test func channelsFirstIsRefused() throws {
    let graph = try NetworkSpec().build(rows: 32, columns: 32, form: .deployable)
    #expect(throws: PlanningError.self) { try Plan(graph: graph) }
  }

  @Test func theNodeThatCannotRunIsNamed() throws {
    var builder = GraphBuilder(name: "x", layout: .channelsLast)
    let x = try builder.input("x", .float32, [1, 4, 4, 3])
    let w = try builder.input("w", .float32, [5, 1, 1, 3])
    let y = try builder.node("odd", .conv(Convolution(kernel: Pair(1))), [x, w])
    let graph = try builder.finish(outputs: [y])
    do {
      _ = try Plan(graph: graph)
      Issue.record("a convolution with weights that are not constant was planned")
    } catch let error as PlanningError {
      #expect(error.node == "odd")
      #expect(error.description.contains("weights"))
    }
  }

  /// Also on a map of 65 536 rows, where looking at every count of rows took half a second.
  @Test(arguments: [
    Pair(rows: 720, columns: 1280), Pair(rows: 97, columns: 1500), Pair(rows: 65536, columns: 16),
  ])
  func stripesHaveAsManyRowsAsFit(_ size: Pair) throws {
    var builder = GraphBuilder(name: "x", layout: .channelsLast)
    var value = try builder.input("x", .float32, [1, size.rows, size.columns, 8])
    for index in 0..<4 {
      let weights = try builder.constant(
        "w\(index)", Tensor([Float](repeating: 0, count: 576), shape: [8, 3, 3, 8]))
      value = try builder.node(
        "c\(index)", .conv(Convolution(kernel: Pair(3), pads: Pads(1))), [value, weights])
    }
    let limits = StripeLimits()
    let stripes = try Plan(graph: builder.finish(outputs: [value])).stripes
    #expect(stripes.count == 1)
    for stripe in stripes {
      #expect(stripe.rows >= 2 && stripe.rows < stripe.schedule.rows)
      #expect(stripe.schedule.scratchBytes(rows: stripe.rows) <= limits.scratchBytes)
      #expect(stripe.schedule.scratchBytes(rows: stripe.rows + 1) > limits.scratchBytes)
    }
  }

  @Test func profileNamesEveryStep() throws {
    let graph = try NetworkSpec().build(rows: 64, columns: 64, form: .deployable).optimized()
    let session = Session(plan: try Plan(graph: graph), pool: WorkerPool(threads: 1))
    let times = session.profile(runs: 3)
    #expect(times.map(\.step.name) == session.plan.steps.map(\.name))
    #expect(times.filter { $0.seconds < 0 }.isEmpty)
  }
}
