// SPDX-License-Identifier: Apache-2.0

import Buffers
import GraphIR
import Networks
import Testing

/// Passes change how a graph is written and not what it computes.
@Suite struct PassTests {
  static let small = "backbone=mobilenetv2-0.25 width=8"

  /// A small network with offsets, masks and normalization that do something.
  static func network(_ words: String, rows: Int = 32, columns: Int = 32) throws -> Graph {
    let spec = try NetworkSpec(parsing: "\(words) \(small)")
    var graph = try spec.build(rows: rows, columns: columns, form: .training, seed: 7)
    for (name, constant) in graph.constantsByName where constant.isParameter {
      let wanted = name.hasSuffix(".offset.weight") || name.hasSuffix(".bias") || name.hasSuffix(".mean")
      guard wanted || name.hasSuffix(".variance") else { continue }
      let values = noise(constant.tensor.shape.count, seed: UInt64(name.utf8.count))
      let scaled = values.map { wanted ? $0 * 0.1 : 1 + $0 * 0.2 }
      graph.setConstant(name, Constant(Tensor(scaled, shape: constant.tensor.shape), isParameter: true))
    }
    return graph
  }

  /// Numbers from -1 to 1.
  static func noise(_ count: Int, seed: UInt64) -> [Float] {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Float(Int32(truncatingIfNeeded: state >> 32)) * 0x1p-31
    }
  }

  static func image(_ graph: Graph) -> [String: ReferenceRun.Value] {
    let shape = graph.inputs[0].fact.shape
    return ["image": .init(shape: shape.extents, data: noise(shape.count, seed: 1))]
  }

  /// The largest difference, in units of the largest number.
  static func error(_ a: ReferenceRun.Value, _ b: ReferenceRun.Value) -> Float {
    guard a.shape == b.shape else { return .infinity }
    let top = a.data.reduce(Float(1e-9)) { max($0, abs($1)) }
    return zip(a.data, b.data).reduce(0) { max($0, abs($1.0 - $1.1)) } / top
  }

  @Test(arguments: [
    "srm-crm", "srm-crm merge=srm:upsampled,srm:nomask,add fuse=separable", "srm-crm context=crm-affinity",
    "rsp",
    "refinenet-light", "refinenet", "mcibi", "mcibi context=mcibi-classkey@32",
  ])
  func networksComputeTheSame(_ words: String) throws {
    let graph = try Self.network(words)
    let image = Self.image(graph)
    let expected = try ReferenceRun.run(graph, image)
    for last in [false, true] {
      var optimized = graph
      try optimized.apply(
        last ? [Pass].simplify : [Pass].simplify.filter { $0.name != "channelsLast" })
      #expect(optimized.nodes.allSatisfy { $0.op.name != "BatchNormalization" && $0.op.name != "GridSample" })
      let outputs = try ReferenceRun.run(optimized, image)
      for (name, value) in expected {
        #expect(Self.error(value, outputs[name]!) < 2e-4, "\(name), channels last: \(last)")
      }
    }
  }

  @Test(arguments: NetworkSpec.presets.map(\.name))
  func twiceIsOnce(_ preset: String) throws {
    let once = try Self.network(preset).optimized()
    let twice = try once.optimized()
    #expect(twice.nodes == once.nodes)
    #expect(twice.constants == once.constants)
    #expect(twice.inputs == once.inputs)
  }

  @Test func mainNetworkNeedsNoTranspose() throws {
    let graph = try Self.network("srm-crm").optimized()
    let operators = try GraphSummary(graph).operators
    #expect(operators["Transpose"] == nil)
    #expect(operators["Warp"] == 3)
    #expect(operators["Clip"] == 3)
    #expect(operators["Relu"] == nil)
    #expect(graph.inputs[0].fact.shape == [1, 32, 32, 3])
  }

  @Test(arguments: [("context=crm-affinity merge=add", 4), ("mcibi", 1)])
  func attentionNeedsFewTransposes(_ words: String, _ limit: Int) throws {
    let graph = try Self.network(words).optimized()
    let operators = try GraphSummary(graph).operators
    #expect(operators["Transpose", default: 0] <= limit)
    #expect(operators["GlobalAttention"] == 1)
  }

  @Test func warpNeedsExactConstants() throws {
    let graph = try Self.network("srm-crm")
    let names = ["base", "pixel", "shift", "sum"].map { "merge.s8.srm.\($0)" }
    for name in names {
      var changed = graph
      let constant = try #require(changed.constant(named: name))
      let tensor = constant.tensor
      var values = tensor.elements(as: Float.self)
      values[1] += 0.01
      changed.setConstant(
        name, Constant(Tensor(values, shape: tensor.shape), isParameter: constant.isParameter))
      let optimized = try changed.optimized()
      let operators = try GraphSummary(optimized).operators
      // Without its neighbours a warp is still one, of offsets that somebody else mixes.
      let isMixing = name.hasSuffix("shift") || name.hasSuffix("sum")
      #expect(operators["Warp"] == (isMixing ? 3 : 2), "\(name)")
      #expect(operators["GridSample", default: 0] == (isMixing ? 0 : 1), "\(name)")
      let image = Self.image(graph)
      let error = Self.error(
        try ReferenceRun.run(changed, image)["logits"]!, try ReferenceRun.run(optimized, image)["logits"]!)
      #expect(error < 2e-4, "\(name)")
    }
  }

  @Test func attentionNeedsItsExactPattern() throws {
    var graph = try Self.network("rsp")
    for (name, constant) in graph.constantsByName where name.hasSuffix("rsp.bias") {
      let shape = constant.tensor.shape
      let tensor = Tensor(Self.noise(shape.count, seed: 4), shape: shape)
      graph.setConstant(name, Constant(tensor, isParameter: constant.isParameter))
    }
    #expect(try GraphSummary(graph.optimized()).operators["LocalAttention"] == 3)
    // Another cell than the one whose turn it is.
    var changed = graph
    let index = try #require(changed.nodes.firstIndex { $0.name == "merge.s8.rsp.value.shift4" })
    changed.nodes[index].op = .slice(starts: [2, 4], ends: [-2, Int.max], axes: [2, 3], steps: [1, 1])
    let optimized = try changed.optimized()
    #expect(try GraphSummary(optimized).operators["LocalAttention"] == 2)
    let image = Self.image(graph)
    for (before, after) in [(graph, try graph.optimized()), (changed, optimized)] {
      let error = Self.error(
        try ReferenceRun.run(before, image)["logits"]!, try ReferenceRun.run(after, image)["logits"]!)
      #expect(error < 2e-4)
    }
  }

  @Test func normalizationAloneBecomesMulAndAdd() throws {
    var builder = GraphBuilder(name: "test")
    let x = try builder.input("image", .float32, [1, 3, 4, 5])
    let parts = try (0..<4).map { index in
      try builder.parameter("bn\(index)", Tensor(Self.noise(3, seed: UInt64(index)).map { $0 + 1.5 }))
    }
    let y = try builder.node("norm", .batchNormalization(epsilon: 1e-3), [x] + parts)
    let z = try builder.node("relu", .relu, [y])
    let graph = try builder.finish(outputs: [z])
    let optimized = try graph.optimized()
    #expect(optimized.nodes.map(\.op) == [.mul, .add, .relu])
    let image = Self.image(graph)
    #expect(
      Self.error(try ReferenceRun.run(graph, image)["relu"]!, try ReferenceRun.run(optimized, image)["relu"]!)
        < 1e-6)
  }
}
