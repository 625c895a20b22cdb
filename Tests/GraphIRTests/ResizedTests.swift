// SPDX-License-Identifier: Apache-2.0

import Buffers
import GraphIR
import Networks
import Testing

@Suite struct ResizedTests {
  @Test(arguments: [
    "srm-crm", "plain", "rsp", "refinenet-light", "refinenet", "mcibi", "mcibi context=mcibi-classkey@16",
  ])
  func optimizedNetworksTakeAnySize(_ words: String) throws {
    let spec = try NetworkSpec(parsing: "\(words) \(PassTests.small)")
    let small = try spec.build(rows: 32, columns: 64, form: .deployable).optimized()
    let large = try spec.build(rows: 96, columns: 32, form: .deployable).optimized()
    let resized = try small.resized(toRows: 96, columns: 32)
    #expect(resized.nodesByName == large.nodesByName)
    #expect(resized.inputsByName == large.inputsByName)
    #expect(resized.constantsByName == large.constantsByName)
    #expect(try resized.factsByName() == large.factsByName())
  }

  @Test(arguments: [
    ("srm-crm context=crm-affinity", true, "context.crm.channel.scale"),
    ("srm-crm", false, "merge.s16.srm.up"),
  ])
  func whatDependsOnTheSizeIsNamed(_ words: String, _ optimize: Bool, _ node: String) throws {
    let spec = try NetworkSpec(parsing: "\(words) \(PassTests.small)")
    var graph = try spec.build(rows: 64, columns: 64, form: .deployable)
    if optimize { graph = try graph.optimized() }
    let error = #expect(throws: GraphError.self) { try graph.resized(toRows: 128, columns: 64) }
    #expect(error?.node == node)
    #expect(try graph.resized(toRows: 64, columns: 64).nodes == graph.nodes)
  }

  @Test func dumpsTellWhatIsThere() throws {
    let graph = try NetworkSpec(parsing: "srm-crm \(PassTests.small)").build(
      rows: 32, columns: 32, form: .training)
    let text = try graph.text()
    #expect(text.split(separator: "\n").count == graph.nodes.count + 1)
    #expect(text.contains("Conv 3x3 stride=2x2 pads=0,0,1,1"))
    #expect(try graph.dot().contains("digraph \"roadmask\""))
    #expect(try graph.json().contains("\"operator\": \"GridSample\""))
    let summary = try GraphSummary(graph)
    #expect(summary.description.contains("image float32[1,3,32,32]"))
    #expect(summary.operators["Conv"] == graph.nodes.filter { $0.op.name == "Conv" }.count)
  }
}
