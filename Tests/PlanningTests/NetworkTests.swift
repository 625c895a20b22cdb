// SPDX-License-Identifier: Apache-2.0

import Buffers
import CPU
import GraphIR
import Networks
import Planning
import TestSupport
import Testing

/// Whole networks with random weights.
struct NetworkTests {
  static func example(
    _ preset: String, form: NetworkSpec.Form = .deployable, rows: Int = 96, columns: Int = 128
  )
    throws -> Example
  {
    let graph = try NetworkSpec(parsing: preset).build(rows: rows, columns: columns, form: form, seed: 5)
    var noise = Noise(11)
    return Example(name: preset, graph: graph, inputs: ["image": noise.tensor([1, 3, rows, columns], -2, 2)])
  }

  @Test(.enabled(if: PythonRuntime.path != nil, "\(PythonRuntime.missing)"))
  func presetsAgreeWithOnnxruntime() throws {
    let names =
      NetworkSpec.presets.map(\.name).filter { $0 != "refinenet" } + ["plain backbone=efficientnet-lite0"]
    let examples = try names.map { try Self.example($0) }
    let expected = try Reference.outputs(of: examples)
    for example in examples {
      for way in [Way.scalar] + Way.fast {
        let error = relativeError(try run(example.graph, example.inputs, way), expected[example.name]!)
        #expect(error < 1e-4, "\(example.name), \(way): \(error)")
      }
    }
  }

  /// The training form keeps its normalization; unfolded it gives what it gives folded.
  @Test func passesDoNotChangeTheTrainingForm() throws {
    let example = try Self.example("srm-crm", form: .training, rows: 64, columns: 64)
    let plain = try run(example.graph, example.inputs, .plain)
    let error = relativeError(try run(example.graph, example.inputs, .scalar), plain)
    #expect(error < 1e-4)
  }

  @Test(arguments: CPULevel.usable)
  func threadsDoNotChangeABit(_ level: CPULevel) throws {
    let example = try Self.example("srm-crm")
    var way = Way.scalar
    way.options.level = level
    let one = try run(example.graph, example.inputs, way)
    for threads in [2, 3] {
      let more = try run(example.graph, example.inputs, way, threads: threads, runs: 3)
      #expect(sameBits(one, more), "\(threads) threads, \(level)")
    }
  }

  /// Sharing memory between values changes nothing but its size.
  @Test(arguments: ["srm-crm", "rsp", "refinenet-light", "mcibi"])
  func memoryIsShared(_ preset: String) throws {
    let example = try Self.example(preset)
    var alone = Way.scalar
    alone.options.level = .best
    var shared = alone
    alone.options.reusesMemory = false
    let expected = try run(example.graph, example.inputs, alone)
    let values = try run(example.graph, example.inputs, shared, runs: 2)
    #expect(sameBits(expected, values))
    shared.options.reusesMemory = true
    let graph = try example.graph.optimized()
    let small = try Plan(graph: graph, options: shared.options).arenaBytes
    let large = try Plan(graph: graph, options: alone.options).arenaBytes
    #expect(small * 3 < large, "\(small) of \(large) bytes")
  }
}
