// SPDX-License-Identifier: Apache-2.0

import Buffers
import GraphIR
import Planning
import TestSupport
import Testing

/// Graphs that are sound, and made to cost much: without the limits they take hours, or all memory.
@Suite(.enabled(if: !Sanitizer.isThread, "one thread, for minutes"), .timeLimit(.minutes(10)))
struct HostilePlanTests {
  /// Every value lives to the end: each has to find a place beside all others.
  @Test func manyValuesAtOnce() throws {
    var builder = GraphBuilder(name: "wide", layout: .channelsLast)
    let x = try builder.input("x", .float32, [1, 2, 2, 3])
    let values = try (0..<5000).map { try builder.node("n\($0)", .relu, [x]) }
    let graph = try builder.finish(outputs: values)
    let plan = try Plan(graph: graph)
    #expect(plan.steps.count == 5000 && plan.arenaBytes >= 5000 * 48)
  }

  /// Each sum is written straight into the next concatenation, or is not, but in any case quickly.
  @Test func manyConcatenations() throws {
    var builder = GraphBuilder(name: "deep", layout: .channelsLast)
    let x = try builder.input("x", .float32, [1, 2, 2, 1])
    var parts = try (0..<200).map { try builder.node("n\($0)", .relu, [x]) }
    for round in 0..<20 {
      let whole = try builder.node("c\(round)", .concat(axis: 3), parts)
      parts = try (0..<200).map { part in
        try builder.node(
          "s\(round).\(part)", .slice(starts: [part], ends: [part + 1], axes: [3], steps: [1]), [whole])
      }
    }
    let graph = try builder.finish(outputs: [parts[0]])
    #expect(try Plan(graph: graph).steps.count > 0)
  }

  /// 4 MiB of weights that each node would pack for itself: refused before the first does.
  @Test func sharedWeights() throws {
    var builder = GraphBuilder(name: "shared", layout: .channelsLast)
    var value = try builder.input("x", .float32, [1, 2, 2, 1024])
    let zeros = [Float](repeating: 0, count: 1 << 20)
    let weights = try builder.constant("w", Tensor(zeros, shape: [1024, 1, 1, 1024]))
    for index in 0..<600 {
      value = try builder.node("c\(index)", .conv(Convolution(kernel: Pair(1))), [value, weights])
    }
    let graph = try builder.finish(outputs: [value])
    #expect(throws: PlanningError.self) { try Plan(graph: graph) }
  }
}
