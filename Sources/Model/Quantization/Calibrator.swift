// SPDX-License-Identifier: Apache-2.0

import Buffers
public import CPU
public import GraphIR
import Planning
public import Workers

/// Runs a float graph over example inputs and sees which ranges its values take.
public struct Calibrator {
  public let scheme: QuantizationScheme
  private let graph: Graph
  private let session: Session
  private let input: PlanValue
  /// The values that are seen in what the session gives.
  private let outputs: ValueTable<PlanValue>
  private var statistics = ValueTable<ValueStatistics>()

  /// - Parameter graph: what `Graph.foldedForQuantization` gives; with one input.
  public init(
    graph: Graph, pool: WorkerPool, level: CPULevel = .best,
    keepingReal isReal: (String) -> Bool = { _ in false }
  ) throws {
    self.graph = graph
    scheme = try QuantizationScheme(graph: graph, keepingReal: isReal)
    var observed = graph
    observed.outputs = scheme.values.filter { value in !graph.inputs.contains { $0.value == value } }
    let plan = try Plan(graph: try observed.optimized(), options: PlanOptions(level: level))
    session = Session(plan: plan, pool: pool)
    input = plan.inputs[0]
    var outputs = ValueTable<PlanValue>()
    for output in plan.outputs { outputs[output.value] = output }
    self.outputs = outputs
    for value in scheme.values { statistics[value] = ValueStatistics() }
  }

  /// Two rounds over `examples`: ends first, then the spread between them.
  ///
  /// - Parameter examples: elements of the input, channels last; asked for twice, the same both times.
  public mutating func observe(
    _ count: Int, _ example: (Int, UnsafeMutableBufferPointer<Float>) throws -> Void
  )
    rethrows
  {
    let elements = input.fact.shape.count
    let memory = UnsafeMutableBufferPointer(
      start: session.input(input).assumingMemoryBound(to: Float.self), count: elements)
    for round in 0..<2 {
      for index in 0..<count {
        try example(index, memory)
        session.run()
        for value in scheme.values {
          let output = outputs[value]
          let start = output.map { session.output($0) } ?? UnsafeRawPointer(session.input(input))
          let shape = (output ?? input).fact.shape
          let seen = UnsafeBufferPointer(start: start.assumingMemoryBound(to: Float.self), count: shape.count)
          if round == 0 {
            statistics[value, default: ValueStatistics()].see(seen, channels: shape[-1])
          } else {
            statistics[value, default: ValueStatistics()].count(seen)
          }
        }
      }
    }
  }

  /// The mean of each channel of each value.
  public var means: ValueTable<[Float]> { statistics.mapValues(\.means) }

  /// The range of each value.
  public func ranges(_ method: RangeMethod) -> ValueTable<ClosedRange<Float>> {
    statistics.mapValues { $0.range(method) }
  }

  /// The graph with its values stored in `ranges`.
  ///
  /// - Parameter nodes: operators that run in floats besides those that the calibrator was told of. What they make
  ///   is not stored, so that what reads it runs in floats too.
  public func quantized(ranges: ValueTable<ClosedRange<Float>>, without nodes: Set<String> = []) throws
    -> Graph
  {
    try graph.quantized(scheme.without(nodes), ranges: ranges, means: means)
  }

  /// The graph with nothing stored but what one operator makes, and its weights.
  func quantized(alone node: NodeID, ranges: ValueTable<ClosedRange<Float>>) throws -> Graph {
    try graph.quantized(scheme.alone(node), ranges: ranges, means: means)
  }
}
