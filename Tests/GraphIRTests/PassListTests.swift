// SPDX-License-Identifier: Apache-2.0

import Buffers
import GraphIR
import Testing

/// The two lists that rewrite graphs.
@Suite struct PassListTests {
  @Test func loweringIsItsPassesInOrder() throws {
    let graph = try PassTests.network("srm-crm", rows: 32, columns: 64).optimized()
    var lowered = graph
    let report = try lowered.apply(.lower(size: Pair(rows: 64, columns: 32), halves: true))
    #expect(report.map(\.pass) == ["scoresAtEnd", "resizeInputs", "halve", "dropBoundaryConversions"])
    let byHand = try graph.withScoresAtEnd().resized(toRows: 64, columns: 32).halved()
      .withoutBoundaryConversions()
    #expect(lowered.nodesByName == byHand.nodesByName)
    #expect(lowered.inputs[0].fact.shape == [1, 64, 32, 3])
    #expect(lowered.metadata["precision"] == "fp16")
  }

  @Test func withoutWishesOnlyTheEndsChange() throws {
    let graph = try PassTests.network("srm-crm").optimized()
    var lowered = graph
    let report = try lowered.apply(.lower())
    #expect(report.map(\.pass) == ["scoresAtEnd", "dropBoundaryConversions"])
    #expect(lowered.inputs == graph.inputs && lowered.inputs[0].quantization == nil)
  }

  @Test func passesTellThemselvesApart() {
    let passes: [Pass] = [Pass].simplify + [Pass].lower(size: Pair(32), halves: true)
    #expect(Set(passes.map(\.name)).count == passes.count)
    #expect(passes.allSatisfy { !$0.summary.isEmpty })
  }
}
