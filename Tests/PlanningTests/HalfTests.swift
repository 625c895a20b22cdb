// SPDX-License-Identifier: Apache-2.0

import Buffers
import CPU
import GraphIR
import Networks
import ONNX
import Planning
import Testing

/// Plans whose values are stored as halves.
struct HalfTests {
  /// Every operator is as near to floats as one rounding of what goes in and out, or of few sums, allows.
  @Test(arguments: OperatorExamples.all.filter { !$0.graph.isQuantized })
  func operatorsAgreeWithFloats(_ example: Example) throws {
    let floats = try run(example.graph, example.inputs, .scalar)
    for way in [Way.plain, .scalar] + Way.fast {
      let error = relativeError(try run(example.graph, example.inputs, way.onHalves), floats)
      #expect(error < 4e-3, "\(example.name), \(way): \(error)")
    }
  }

  @Test(arguments: NetworkSpec.presets.map(\.name))
  func presetsAgreeWithFloats(_ preset: String) throws {
    let example = try NetworkTests.example(preset, rows: 64, columns: 96)
    let floats = try run(example.graph, example.inputs, .scalar)
    let best = Way.fast.last ?? .scalar
    let error = relativeError(try run(example.graph, example.inputs, best.onHalves), floats)
    // Random weights make some networks unsteady: 0.063 was seen with sums in floats, 0.172 with sums in halves.
    let limit: Float = preset == "rsp" || preset == "refinenet-light" ? 0.25 : 0.03
    #expect(error < limit, "\(preset): \(error)")
    let plan = try Plan(graph: try example.graph.optimized().halved(), options: best.options)
    // What stays in floats is matrix products and what belongs to them.
    #expect(plan.work.half * 10 >= plan.work.steps * (preset == "mcibi" ? 5 : 9), "\(plan.text)")
    #expect(plan.precision == "fp16")
  }

  @Test(arguments: CPULevel.usable)
  func threadsDoNotChangeABit(_ level: CPULevel) throws {
    let example = try NetworkTests.example("srm-crm", rows: 64, columns: 96)
    var way = Way.scalar.onHalves
    way.options.level = level
    let one = try run(example.graph, example.inputs, way)
    for threads in [2, 3] {
      let more = try run(example.graph, example.inputs, way, threads: threads, runs: 2)
      #expect(sameBits(one, more), "\(threads) threads, \(level)")
    }
  }

  /// Weights and values take half the bytes, but for the ends, and for the pairs that AMX multiplies.
  @Test func memoryIsHalved() throws {
    let graph = try NetworkTests.example("srm-crm").graph.optimized()
    let options = PlanOptions(level: .scalar)
    let floats = try Plan(graph: graph, options: options)
    let halves = try Plan(graph: try graph.halved(), options: options)
    #expect(Double(halves.weightBytes) < 0.55 * Double(floats.weightBytes))
    #expect(Double(halves.arenaBytes) < 0.7 * Double(floats.arenaBytes))
  }

  /// A file of halves is the same network as the file of floats that is run in halves.
  @Test(arguments: ["srm-crm", "rsp", "mcibi"])
  func filesCarryTheSameNetwork(_ preset: String) throws {
    let example = try NetworkTests.example(preset, rows: 64, columns: 64)
    let bytes = try ONNXWriter.bytes(of: try example.graph.halved())
    let back = try ONNXReader.read(bytes: bytes)
    #expect(back.metadata["precision"] == "fp16")
    #expect(Set(back.constantsByName.keys) == Set(example.graph.constantsByName.keys))
    #expect(bytes.count < (try ONNXWriter.bytes(of: example.graph)).count * 6 / 10)
    let way = (Way.fast.last ?? .scalar).onHalves
    let own = try run(example.graph, example.inputs, way)
    let read = try run(back, example.inputs, way)
    // What an attention rounds inside a file, it keeps in floats otherwise.
    if preset == "srm-crm" { #expect(sameBits(own, read)) }
    #expect(relativeError(read, own) < 0.03)
  }

  @Test func constantsBeyondHalvesAreNamed() throws {
    var builder = GraphBuilder(name: "large")
    let x = try builder.input("x", .float32, [1, 1, 2, 2])
    let large = try builder.parameter("large", Tensor([Float(70_000)], shape: [1, 1, 1, 1]))
    let product = try builder.node("product", .mul, [x, large])
    let graph = try builder.finish(outputs: [try builder.node("end", .relu, [product])])
    let error = #expect(throws: GraphError.self) { try graph.halved() }
    #expect(error?.problem.contains("'large' holds 70000") == true, "\(error.map { "\($0)" } ?? "")")
  }
}
