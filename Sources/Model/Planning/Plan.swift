// SPDX-License-Identifier: Apache-2.0

public import Buffers
public import CPU
public import GraphIR
internal import Kernels

public struct PlanOptions: Sendable, Hashable {
  /// The instructions that kernels may use.
  public var level: CPULevel
  /// Whether adds and their activations become part of the convolution or warp before them.
  public var fuses: Bool
  /// Whether values share memory once they are dead. Without it, every value can be looked at after a run.
  public var reusesMemory: Bool
  /// What runs in stripes that stay in a core's cache, where values share memory; `nil`: nothing.
  public var stripes: StripeLimits? = StripeLimits()
  /// Whether convolutions on halves may round input and weights to bf16, where the machine multiplies those.
  public var multipliesBF16: Bool

  public init(
    level: CPULevel = .best, fuses: Bool = true, reusesMemory: Bool = true, multipliesBF16: Bool = false
  ) {
    self.multipliesBF16 = multipliesBF16
    self.level = level
    self.fuses = fuses
    self.reusesMemory = reusesMemory
  }
}

/// A value that goes in or comes out.
public struct PlanValue: Sendable, Hashable {
  public var value: ValueID
  public var name: String
  public var fact: Fact
  /// Scale and zero point of an input of u8.
  public var quantization: Quantization?
}

/// Everything about running a graph that can be settled before the first run: a kernel for each node, weights
/// packed for it, and a place in one arena for each value. Immutable; any number of sessions may share one. Equal plans do the
/// same work in the same places.
public struct Plan: Sendable, Equatable {
  public let name: String
  public let options: PlanOptions
  public let inputs: [PlanValue]
  public let outputs: [PlanValue]
  /// What runs, in order.
  public let steps: [Step]
  /// Bytes of values that one session owns.
  public var arenaBytes: Int { memory.arenaBytes }
  /// Bytes that a session owns for each of its threads besides.
  public let scratchBytes: Int

  /// Bytes that a session takes beside the weights.
  public func sessionBytes(threads: Int) -> Int { arenaBytes + scratchBytes * threads }

  /// Bytes of packed weights, tables and constants that all sessions share.
  public let weightBytes: Int
  /// Carried over from the graph.
  public let metadata: [String: String]

  /// The steps among them that run together.
  let stripes: [Stripe]
  let memory: MemoryPlan
  let facts: Facts
  let constants: ValueTable<Tensor>
  /// For people.
  let names: ValueNames

  /// - Parameter graph: in `channelsLast` layout; what `Graph.optimized()` returns.
  /// - Throws: `PlanningError` naming a node that no kernel can run; `GraphError` where the graph is unsound.
  public init(graph: Graph, options: PlanOptions = PlanOptions()) throws {
    guard graph.layout == .channelsLast else {
      throw PlanningError(
        "the graph is channels first", hint: "apply the passes of GraphIR, the channelsLast one among them")
    }
    guard CPULevel.usable.contains(options.level) else {
      throw PlanningError("this machine has no \(options.level.rawValue)")
    }
    let facts = try graph.facts()
    let (nodes, real) = graph.planned(facts, macs: graph.macs(facts), fuses: options.fuses)
    let kernels = PlanKernels(options)
    var constants = graph.constants.mapValues(\.tensor)
    for (value, tensor) in real { constants[value] = tensor }
    var steps: [Step] = []
    steps.reserveCapacity(nodes.count)
    // Each node packs weights of its own, however many share them: what is too much is told before the work.
    var unpackedBytes = 0
    for planned in nodes where planned.node.op.packsWeights {
      unpackedBytes += planned.node.inputs.reduce(0) { $0 + (constants[$1]?.bytes.count ?? 0) }
      try Plan.refuse(unpackedBytes, at: planned.node)
    }
    var packedBytes = 0
    for planned in nodes {
      let node = planned.node
      let isHalf = [node.inputs[0], node.outputs[0]].contains { facts[$0].dtype == .float16 }
      let context = NodeContext(
        planned: planned, facts: facts, constants: constants,
        kernels: isHalf ? kernels.halves : kernels.floats,
        integers: kernels.quantized)
      let step = try StepFamily.step(for: context)
      packedBytes += step.weightBytes
      try Plan.refuse(packedBytes, at: planned.node)
      steps.append(step)
    }
    let inputs = graph.inputs.map {
      PlanValue(value: $0.value, name: graph.names[$0.value], fact: $0.fact, quantization: $0.quantization)
    }
    let outputs = graph.outputs.map { PlanValue(value: $0, name: graph.names[$0], fact: facts[$0]) }
    var stripes: [Stripe] = []
    if let limits = options.stripes, options.reusesMemory {
      (steps, stripes) = StripeFinder(steps, facts: facts, outputs: graph.outputs, limits: limits).find()
    }
    memory = MemoryPlan(
      steps: &steps, stripes: stripes, facts: facts, inputs: inputs.map(\.value), outputs: graph.outputs,
      constants: Set(constants.values), reuses: options.reusesMemory)
    let read = Set(steps.flatMap(\.constants)).union(graph.outputs)
    self.name = graph.name
    self.options = options
    self.inputs = inputs
    self.outputs = outputs
    self.constants = constants.filter { value, _ in read.contains(value) }
    self.facts = facts
    names = graph.names
    metadata = graph.metadata
    weightBytes =
      steps.reduce(0) { $0 + $1.weightBytes } + self.constants.reduce(0) { $0 + $1.element.bytes.count }
    self.steps = steps
    self.stripes = stripes
    scratchBytes = stripes.map { $0.schedule.scratchBytes(rows: $0.rows) }.max() ?? 0
  }

  private static func refuse(_ bytes: Int, at node: Node) throws {
    guard bytes > GraphLimits.weightBytes else { return }
    throw PlanningError(
      node: node.name, op: node.op.name,
      "the plan would need more than \(GraphLimits.weightBytes) bytes of packed weights")
  }
}

extension Operator {
  fileprivate var packsWeights: Bool {
    switch self {
    case .conv, .matMul: true
    default: false
    }
  }
}
