// SPDX-License-Identifier: Apache-2.0

import Buffers
import GraphIR
import Networks
import Testing

@Suite struct BuildTests {
  @Test func mainNetworkCostsWhatTheDesignSays() throws {
    let graph = try NetworkSpec().build(rows: 384, columns: 480, form: .training)
    let facts = try graph.factsByName()
    #expect(facts["logits"]?.shape == [1, 11, 96, 120])
    let macs = Dictionary(
      uniqueKeysWithValues: zip(graph.nodes.map(\.name), graph.macs(try graph.facts())))
    let backbone = macs.filter { $0.key.hasPrefix("backbone.") }.values.reduce(0, +)
    #expect(abs(Double(backbone) / 1e6 - 1026.5) < 0.05)
    let mixing = macs.filter { $0.key.hasSuffix(".neighbours") || $0.key.hasSuffix(".mixed") }.values.reduce(
      0, +)
    let total = macs.values.reduce(0, +) - mixing
    #expect(abs(Double(total) / 1e6 - 1853.1) < 0.1)
  }

  /// Arithmetic of the trunk by the formula of the paper, section 3.1: a half, a quarter, an eighth and an eighth.
  @Test func denseTrunkCostsWhatItsPaperSays() throws {
    let spec = try NetworkSpec(parsing: "plain backbone=stdc1")
    let graph = try spec.build(rows: 64, columns: 64, form: .training)
    let facts = try graph.factsByName()
    #expect(facts["backbone.s3.m2.concat"]?.shape == [1, 256, 8, 8])
    #expect(facts["backbone.s5.m2.concat"]?.shape == [1, 1024, 2, 2])
    let macs = Dictionary(
      uniqueKeysWithValues: zip(graph.nodes.map(\.name), graph.macs(try graph.facts())))
    let module = macs.filter { $0.key.hasPrefix("backbone.s4.m2.") }.values.reduce(0, +)
    #expect(module == 16 * (512 * 256 + 9 * (256 * 128 + 128 * 64 + 64 * 64)))
    let halving = macs.filter { $0.key.hasPrefix("backbone.s4.m1.") }.values.reduce(0, +)
    #expect(halving == 64 * 256 * 256 + 16 * 9 * 256 + 16 * 9 * (256 * 128 + 128 * 64 + 64 * 64))
    for words in ["stdc1", "stdc2", "stdc1-0.5"] {
      let narrow = try NetworkSpec(parsing: "plain backbone=\(words)")
      #expect(try NetworkSpec(parsing: narrow.description) == narrow)
    }
    #expect(throws: NetworkError.self) { try NetworkSpec(parsing: "plain backbone=stdc1-9") }
  }

  /// Parameters of the published checkpoints less those behind the trunk: 1x1 to 1280 with its norm, 1000 classes.
  @Test(arguments: [("lite0", 4_652_008, 320), ("lite2", 6_092_072, 352)])
  func efficientNetLiteHasThePublishedTrunk(size: String, published: Int, channels: Int) throws {
    let spec = try NetworkSpec(parsing: "plain backbone=efficientnet-\(size)")
    #expect(try NetworkSpec(parsing: spec.description) == spec)
    let graph = try spec.build(rows: 64, columns: 96, form: .training)
    let trunk = graph.constantsByName.filter { name, constant in
      name.hasPrefix("backbone.") && constant.isParameter && !name.hasSuffix(".mean")
        && !name.hasSuffix(".variance")
    }
    let behind = channels * 1280 + 2 * 1280 + 1280 * 1000 + 1000
    #expect(trunk.values.reduce(0) { $0 + $1.tensor.shape.count } == published - behind)
    let facts = try graph.factsByName()
    #expect(facts["logits"]?.shape == [1, 11, 16, 24])
    let last = size == "lite0" ? "b16" : "b21"
    #expect(facts["backbone.\(last).project.bn"]?.shape == [1, channels, 2, 3])
    #expect(throws: NetworkError.self) { try NetworkSpec(parsing: "plain backbone=efficientnet-lite9") }
  }

  @Test func sizesOffTheGridNameTheNearest() throws {
    let error = #expect(throws: NetworkError.self) {
      try NetworkSpec().build(rows: 360, columns: 480, form: .training)
    }
    #expect(error?.description.contains("480x384") == true)
  }

  @Test func parametersDependOnTheSeedAndNotOnTheSize() throws {
    func parameters(_ rows: Int, _ seed: UInt64) throws -> [String: Constant] {
      try NetworkSpec().build(rows: rows, columns: 64, form: .training, seed: seed).constantsByName.filter(
        \.value.isParameter)
    }
    let small = try parameters(32, 1)
    #expect(try parameters(64, 1) == small)
    #expect(try parameters(32, 2) != small)
    #expect(
      small["merge.s8.srm.offset.weight"]?.tensor
        == Tensor([Float](repeating: 0, count: 1152), shape: [2, 64, 3, 3]))
  }

  @Test func weightsGoInByName() throws {
    let spec = try NetworkSpec(parsing: "srm-crm backbone=mobilenetv2-0.25 width=16")
    let source = try spec.build(rows: 32, columns: 32, form: .training, seed: 5)
    let weights = source.constantsByName.filter(\.value.isParameter).mapValues(\.tensor)
    let larger = try spec.build(rows: 64, columns: 32, form: .training, weights: weights)
    #expect(larger.constantsByName.filter(\.value.isParameter).mapValues(\.tensor) == weights)

    // The deployable form's own parameters build it again at another size.
    let deployed = try spec.build(rows: 32, columns: 32, form: .deployable, weights: weights)
    let folded = deployed.constantsByName.filter(\.value.isParameter).mapValues(\.tensor)
    let again = try spec.build(rows: 64, columns: 32, form: .deployable, weights: folded)
    let direct = try spec.build(rows: 64, columns: 32, form: .deployable, weights: weights)
    #expect(again.constantsByName == direct.constantsByName)
    #expect(again.nodesByName == direct.nodesByName)
  }

  @Test func wrongWeightsAreNamed() throws {
    let spec = try NetworkSpec(parsing: "plain backbone=mobilenetv2-0.25 width=16")
    let source = try spec.build(rows: 32, columns: 32, form: .training)
    var weights = source.constantsByName.filter(\.value.isParameter).mapValues(\.tensor)
    weights["tail.classifier.bias"] = Tensor([1, 2])
    weights["backbone.stem.weight"] = nil
    weights["left.over"] = Tensor([1])
    let error = #expect(throws: NetworkError.self) {
      try spec.build(rows: 32, columns: 32, form: .deployable, weights: weights)
    }
    let text = error?.description ?? ""
    for part in [
      "backbone.stem.weight [8,3,3,3]", "left.over [1]", "tail.classifier.bias is float32[2], not [11]",
    ] {
      #expect(text.contains(part), "\(text)")
    }
  }
}
