// SPDX-License-Identifier: Apache-2.0

import Buffers
import GraphIR
import Networks
import Testing

/// Values are numbers, and their names stand in a table.
@Suite struct ValueTests {
  @Test func aNameIsOneValue() {
    var names = ValueNames()
    let (a, b) = (names.value("a"), names.value("b"))
    #expect(a != b && names.value("a") == a && names[b] == "b")
    #expect(names.find("a") == a && names.find("c") == nil)
    #expect(names.value("").isOmitted && !a.isOmitted && a < b)
  }

  @Test func tablesHaveWhatWasEntered() {
    var names = ValueNames()
    let values = (0..<4).map { names.value("v\($0)") }
    var table = ValueTable<[Int]>()
    table[values[2], default: []].append(7)
    table[values[0]] = [1]
    #expect(table[values[2]] == [7] && table[values[1]] == nil && table[values[3]] == nil)
    #expect(table.values == [values[0], values[2]] && table.count == 2)
    #expect(table.map(\.element) == [[1], [7]])
    #expect(table.mapValues(\.count)[values[2]] == 1)
    #expect(table.filter { value, _ in value == values[0] }.values == [values[0]])
    var same = ValueTable<[Int]>()
    same[values[0]] = [1]
    #expect(same != table)
    #expect(table.removeValue(for: values[2]) == [7])
    #expect(same == table, "an entry that is gone is none")
  }

  /// What a value is called, and which it is, stays through passes and at other sizes.
  @Test func valuesStayTheSameThroughPasses() throws {
    let graph = try PassTests.network("srm-crm", rows: 32, columns: 64)
    let optimized = try graph.optimized()
    let (before, after) = (try graph.facts(), try optimized.facts())
    #expect(optimized.outputs == graph.outputs)
    var met = 0
    for value in after.values where before.find(value) != nil {
      met += 1
      #expect(optimized.names[value] == graph.names[value])
    }
    #expect(met > 20)
    let (resized, same) = (try optimized.resized(toRows: 64, columns: 32), Set(after.values))
    #expect(Set(try resized.facts().values) == same)
    #expect(Set(same.map { optimized.names[$0] }).count == same.count, "no name stands twice")
  }

  @Test func workIsToldForEachNode() throws {
    let graph = try PassTests.network("plain")
    let macs = graph.macs(try graph.facts())
    #expect(macs.count == graph.nodes.count)
    #expect(macs.reduce(0, +) == (try GraphSummary(graph).macs))
    for (node, count) in zip(graph.nodes, macs) {
      if case .conv = node.op { #expect(count > 0, "\(node.name)") }
    }
  }
}
