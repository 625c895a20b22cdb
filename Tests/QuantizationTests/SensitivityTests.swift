// SPDX-License-Identifier: Apache-2.0

import Buffers
import Foundation
import GraphIR
import Networks
import Planning
import TestSupport
import Testing
import Workers

@testable import Quantization

/// What storing single operators costs, and what leaving the worst of them in floats gains.
struct SensitivityTests {
  static let classes = 4

  /// Three convolutions and a classifier of small weights.
  ///
  /// - Parameters:
  ///   - wideHidden: the factor of one channel that the second convolution gives; the third then ignores it.
  ///   - wideScore: the factor of the scores of a class that never wins.
  static func graph(wideHidden: Float = 1, wideScore: Float = 1) throws -> Graph {
    var builder = GraphBuilder(name: "wide")
    let image = try builder.input("image", .float32, [1, 3, NetworkTests.rows, NetworkTests.columns])
    func conv(
      _ name: String, _ x: String, out: Int, inputs: Int, bias: Float = 0,
      factor: (_ out: Int, _ input: Int) -> Float = { _, _ in 1 }
    ) throws -> String {
      let values = (0..<out * inputs).map { index in
        sin(Float(index) * 1.7 + Float(name.count)) * factor(index / inputs, index % inputs)
          / Float(inputs).squareRoot()
      }
      let weights = try builder.parameter("\(name).w", Tensor(values, shape: [out, inputs, 1, 1]))
      let biases = try builder.parameter(
        "\(name).b", Tensor((0..<out).map { bias * (1 - factor($0, 0)) }, shape: [out]))
      return try builder.node(name, .conv(Convolution(kernel: Pair(1))), [x, weights, biases])
    }
    var x = try conv("first", image, out: 8, inputs: 3)
    x = try conv("wide", x, out: 8, inputs: 8) { out, _ in out == 3 ? wideHidden : 1 }
    x = try conv("narrow", x, out: 8, inputs: 8) { _, input in
      input == 3 && wideHidden != 1 ? 0 : 1
    }
    x = try conv("logits", x, out: classes, inputs: 8, bias: 10) { out, _ in out == 0 ? wideScore : 1 }
    return try builder.finish(outputs: [x])
  }

  static func calibrated(_ graph: Graph) throws -> (Calibrator, LabelReference) {
    let pool = WorkerPool(threads: 1)
    var calibrator = try Calibrator(graph: graph, pool: pool)
    calibrator.observe(3) { index, memory in _ = memory.update(from: NetworkTests.picture(index)) }
    let examples = (0..<3).map { index in
      let picture = NetworkTests.picture(index)
      let bytes = AlignedBytes(count: picture.count * 4)
      picture.withUnsafeBytes { bytes.pointer.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
      return bytes
    }
    return (calibrator, try LabelReference(graph: graph, examples: examples, pool: pool))
  }

  /// - Returns: the operators, worst first, and the agreement with as many of them in floats as asked for.
  static func ranking(_ graph: Graph, mixed counts: [Int]) throws -> ([OperatorSensitivity], [Double]) {
    let (calibrator, reference) = try calibrated(graph)
    let ranges = calibrator.ranges(.minMax)
    let ranking = try calibrator.sensitivities(ranges: ranges, against: reference)
    let agreements = try counts.map { count in
      try reference.agreement(
        of: calibrator.quantized(ranges: ranges, without: Set(ranking.prefix(count).map(\.node))))
    }
    return (ranking, agreements)
  }

  @Test func aSoundNetworkKeepsItsLabels() throws {
    let (ranking, agreements) = try Self.ranking(Self.graph(), mixed: [0])
    #expect(ranking.map(\.node).sorted() == ["first", "logits", "narrow", "wide"])
    #expect(ranking.allSatisfy { $0.op == "Conv" && $0.agreement > 0.95 && $0.agreement <= 1 })
    #expect(agreements[0] > 0.95)
  }

  @Test func oneBadOperatorIsFoundAndLeftOut() throws {
    let (ranking, agreements) = try Self.ranking(Self.graph(wideScore: 300), mixed: [0, 1])
    #expect(ranking[0].node == "logits" && ranking[0].agreement < 0.8, "\(ranking)")
    #expect(ranking[1].agreement > 0.95, "\(ranking)")
    #expect(agreements[0] < 0.8 && agreements[1] > 0.95, "\(agreements)")
  }

  /// What makes the value is to blame; what reads it follows.
  @Test func aBadValueIsLeftOutAsWell() throws {
    let (ranking, agreements) = try Self.ranking(Self.graph(wideHidden: 300), mixed: [0, 1])
    #expect(ranking[0].node == "wide" && ranking[0].agreement < ranking[1].agreement - 0.05, "\(ranking)")
    #expect(agreements[1] > agreements[0] + 0.05, "\(agreements)")
  }

  /// Alone, each operator has something to store, and together they store all that is made.
  @Test(arguments: NetworkSpec.presets.map(\.name))
  func eachValueBelongsToOneOperator(_ preset: String) throws {
    let graph = try NetworkSpec(parsing: preset)
      .build(rows: NetworkTests.rows, columns: NetworkTests.columns, form: .deployable, seed: 3)
      .foldedForQuantization()
    let scheme = try QuantizationScheme(graph: graph)
    var left = scheme.stored.subtracting(graph.inputs.map(\.value))
    for operation in scheme.operators {
      let own = scheme.alone(operation.node).stored
      #expect(!own.isEmpty && left.isSuperset(of: own), "\(operation.name): \(own)")
      #expect(scheme.without([operation.name]).stored == scheme.stored.subtracting(own))
      left.subtract(own)
    }
    #expect(left.isEmpty, "\(left)")
  }

  @Test(.enabled(if: PythonRuntime.path != nil, "\(PythonRuntime.missing)"))
  func mixedFilesRunElsewhere() throws {
    let graph = try NetworkSpec(parsing: "srm-crm")
      .build(rows: NetworkTests.rows, columns: NetworkTests.columns, form: .deployable, seed: 3)
      .foldedForQuantization()
    let (calibrator, reference) = try Self.calibrated(graph)
    let ranges = calibrator.ranges(.minMax)
    let worst = try calibrator.sensitivities(ranges: ranges, against: reference).prefix(5).map(\.node)
    let stored = try calibrator.quantized(ranges: ranges, without: Set(worst))
    let floats = try Plan(graph: stored.optimized()).steps.filter {
      !$0.runsOnStoredNumbers && !$0.isConversion
    }
    #expect(floats.count >= worst.count && floats.allSatisfy { $0.kernel.numbers == .float })
    let picture = NetworkTests.picture(9)
    let theirs = try PythonRuntime.logits(
      of: stored, picture, rows: NetworkTests.rows, columns: NetworkTests.columns)
    #expect(NetworkTests.noise(try NetworkTests.run(stored, picture), against: theirs) < 0.1)
  }
}
