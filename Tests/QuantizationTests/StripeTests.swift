// SPDX-License-Identifier: Apache-2.0

import Buffers
import CPU
import Foundation
import GraphIR
import Networks
import Planning
import Quantization
import Testing
import Workers

/// Networks run in stripes give the bytes that they give map by map.
struct StripeTests {
  /// A small network of random operators: blocks with a residual, windows of all kinds, changes of size, gates.
  struct RandomNetwork {
    private var builder: GraphBuilder
    private var dice: SystemDice
    private var names = 0

    init(seed: UInt64) throws {
      dice = SystemDice(state: seed)
      builder = GraphBuilder(name: "random")
    }

    mutating func built() throws -> Graph {
      let extents = Pair(rows: dice.next(1...45), columns: dice.next(1...23))
      var x = try builder.input("image", .float32, [1, 3, extents.rows, extents.columns])
      x = try conv(x, out: dice.next(1...3) * 5, kernel: 3, stride: dice.next(1...2))
      for _ in 0..<dice.next(2...6) { x = try block(x) }
      x = try conv(x, out: 7, kernel: 1)
      return try builder.finish(outputs: [x])
    }

    private mutating func block(_ x: String) throws -> String {
      let channels = builder.shape(x)[1]
      switch dice.next(0...8) {
      case 0, 1, 2:
        let stride = dice.next(1...2)
        let wide = try relu(conv(x, out: channels * 3, kernel: 1))
        let deep = try relu(
          conv(
            wide, out: channels * 3, kernel: 2 * dice.next(1...2) + 1, stride: stride,
            dilation: stride == 1 ? dice.next(1...3) : 1, groups: channels * 3))
        let narrow = try conv(deep, out: channels, kernel: 1)
        return stride == 1 ? try node(.add, [x, narrow]) : narrow
      case 3: return try relu(conv(x, out: dice.next(1...12), kernel: 3, dilation: dice.next(1...2)))
      case 4:
        let pooling = Pooling(kernel: Pair(3), strides: Pair(dice.next(1...2)), pads: Pads(1))
        return try node(dice.next(0...1) == 0 ? .maxPool(pooling) : .averagePool(pooling), [x])
      case 5:
        let shape = builder.shape(x)
        let size = Pair(rows: shape[2] + dice.next(0...9), columns: shape[3] * dice.next(1...2))
        return try node(.resize(Resize(.size(size))), [x])
      case 6: return try node(.mul, [x, node(.sigmoid, [conv(x, out: 1, kernel: 1)])])
      case 7: return try node(.hardSwish, [conv(x, out: channels, kernel: 1)])
      default:
        return try node(.concat(axis: 1), [conv(x, out: 5, kernel: 1), relu(conv(x, out: 4, kernel: 3))])
      }
    }

    private mutating func node(_ op: Operator, _ inputs: [String]) throws -> String {
      names += 1
      return try builder.node("\(op.name.lowercased())\(names)", op, inputs)
    }

    private mutating func relu(_ x: String) throws -> String { try node(.relu, [x]) }

    private mutating func conv(
      _ x: String, out: Int, kernel: Int, stride: Int = 1, dilation: Int = 1, groups: Int = 1
    ) throws -> String {
      let depth = builder.shape(x)[1] / groups
      let count = out * depth * kernel * kernel
      let weights = (0..<count).map { _ in
        Float(dice.next(-1000...1000)) / 600 / Float(depth * kernel * kernel).squareRoot()
      }
      names += 1
      let weight = try builder.parameter("w\(names)", Tensor(weights, shape: [out, depth, kernel, kernel]))
      let bias = try builder.parameter(
        "b\(names)", Tensor((0..<out).map { _ in Float(dice.next(-9...9)) / 20 }, shape: [out]))
      let convolution = Convolution(
        kernel: Pair(kernel), strides: Pair(stride), dilations: Pair(dilation),
        pads: Pads(dilation * (kernel / 2)), groups: groups)
      return try node(.conv(convolution), [x, weight, bias])
    }
  }

  struct SystemDice {
    var state: UInt64

    mutating func next(_ range: ClosedRange<Int>) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return range.lowerBound + Int(state >> 33) % range.count
    }
  }

  static func picture(_ count: Int, _ seed: Int) -> [Float] {
    (0..<count).map { sin(Float($0) * 0.37 + Float(seed)) * 2 }
  }

  static func quantized(seed: UInt64) throws -> Graph {
    var network = try RandomNetwork(seed: seed)
    let float = try network.built().foldedForQuantization()
    var calibrator = try Calibrator(graph: float, pool: WorkerPool(threads: 1))
    calibrator.observe(2) { index, memory in _ = memory.update(from: picture(memory.count, index)) }
    return try float.quantized(calibrator.scheme, ranges: calibrator.ranges(.minMax)).optimized()
  }

  static func bytes(_ plan: Plan, threads: Int) -> [UInt8] {
    let session = Session(plan: plan, pool: WorkerPool(threads: threads))
    let shape = plan.inputs[0].fact.shape
    let input = picture(shape.count, 9)
    _ = input.withUnsafeBytes { memcpy(session.input(plan.inputs[0]), $0.baseAddress!, $0.count) }
    for _ in 0..<2 { session.run() }
    let output = plan.outputs[0]
    let count = output.fact.shape.count * output.fact.dtype.byteCount
    return Array(UnsafeRawBufferPointer(start: session.output(output), count: count))
  }

  static func plan(_ graph: Graph, level: CPULevel, scratch: Int?) throws -> Plan {
    var options = PlanOptions(level: level)
    options.stripes = scratch.map { StripeLimits(leastBytes: 0, leastValueBytes: 0, scratchBytes: $0) }
    return try Plan(graph: graph, options: options)
  }

  static func isStriped(_ step: Step) -> Bool { step.reason.contains("in stripes") }

  /// Few rows and many, at every level.
  @Test(arguments: CPULevel.usable)
  func sameBytesAsMapByMap(_ level: CPULevel) throws {
    var striped = 0
    for seed in 1...30 {
      let graph = try Self.quantized(seed: UInt64(seed))
      let want = Self.bytes(try Self.plan(graph, level: level, scratch: nil), threads: 1)
      for scratch in [6 << 10, 40 << 10, 1 << 30] {
        let plan = try Self.plan(graph, level: level, scratch: scratch)
        striped += plan.steps.count(where: Self.isStriped)
        for threads in [1, 2, 3] {
          #expect(
            Self.bytes(plan, threads: threads) == want,
            "network \(seed), \(scratch) bytes, \(threads) threads\n\(plan.text)")
        }
      }
    }
    #expect(striped > 500)
  }

  /// The same of real numbers, whose convolutions and pools run in stripes.
  @Test(arguments: [false, true])
  func sameBytesOfRealNumbers(_ halves: Bool) throws {
    var striped = 0
    for seed in 1...30 {
      var network = try RandomNetwork(seed: UInt64(seed))
      var graph = try network.built().optimized()
      if halves { graph = try graph.halved() }
      let want = Self.bytes(try Self.plan(graph, level: .best, scratch: nil), threads: 1)
      for scratch in [20 << 10, 1 << 30] {
        let plan = try Self.plan(graph, level: .best, scratch: scratch)
        striped += plan.steps.count(where: Self.isStriped)
        for threads in [1, 3] { #expect(Self.bytes(plan, threads: threads) == want, "network \(seed)") }
      }
    }
    #expect(striped > 100)
  }

  /// The blocks of MobileNetV2 at full size keep their wide maps out of the arena, and a profile still tells each step.
  @Test func wideMapsStayInside() throws {
    let float = try NetworkSpec(parsing: "srm-crm").build(rows: 352, columns: 480, form: .deployable, seed: 3)
      .foldedForQuantization()
    var calibrator = try Calibrator(graph: float, pool: WorkerPool(threads: 2))
    calibrator.observe(1) { index, memory in _ = memory.update(from: Self.picture(memory.count, index)) }
    let graph = try float.quantized(calibrator.scheme, ranges: calibrator.ranges(.minMax)).optimized()
    var options = PlanOptions()
    let plan = try Plan(graph: graph, options: options)
    options.stripes = nil
    let whole = try Plan(graph: graph, options: options)
    #expect(plan.arenaBytes + 2 * plan.scratchBytes < whole.arenaBytes)
    #expect(plan.scratchBytes > 0 && plan.scratchBytes <= StripeLimits().scratchBytes)
    #expect(plan.macs == whole.macs && plan.steps.contains(where: Self.isStriped))
    let times = Session(plan: plan, pool: WorkerPool(threads: 2)).profile(runs: 2)
    #expect(times.map(\.step.name) == plan.steps.map(\.name))
    #expect(times.allSatisfy { $0.seconds >= 0 && $0.last.start >= 0 })
    #expect(times.filter { Self.isStriped($0.step) && $0.step.macs > 0 }.allSatisfy { $0.seconds > 0 })
  }
}
