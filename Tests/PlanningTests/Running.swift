// SPDX-License-Identifier: Apache-2.0

import Buffers
import CPU
import GraphIR
import Planning
import Workers

/// A way to run a graph.
struct Way: Sendable, CustomStringConvertible {
  var description: String
  var passes: [Pass]
  var options: PlanOptions
  /// Values are halves.
  var halves = false

  /// Nothing but the change of layout, which running needs.
  static let plain = Way(
    description: "no optional passes, scalar", passes: [.channelsLast],
    options: PlanOptions(level: .scalar, fuses: false, reusesMemory: false))
  static let scalar = Way(
    description: "all passes, scalar", passes: [Pass].simplify, options: PlanOptions(level: .scalar))

  /// All passes, at every level of this machine above scalar.
  static let fast = CPULevel.usable.filter { $0 != .scalar }.map { level in
    Way(
      description: "all passes, \(level.rawValue)", passes: [Pass].simplify,
      options: PlanOptions(level: level))
  }

  static let all = [plain, scalar] + fast

  /// The same on halves.
  var onHalves: Way {
    var way = self
    way.halves = true
    way.description += ", halves"
    return way
  }
}

/// Runs a channels-first graph and returns its first output channels first, as floats.
func run(_ graph: Graph, _ inputs: [String: Tensor], _ way: Way, threads: Int = 1, runs: Int = 1) throws
  -> [Float]
{
  var graph = graph
  try graph.apply(way.passes)
  if way.halves { graph = try graph.endedByLimits().halved() }
  let plan = try Plan(graph: graph, options: way.options)
  let session = Session(plan: plan, pool: WorkerPool(threads: threads))
  for value in plan.inputs {
    let tensor = inputs[value.name]!.moved(toLast: true)
    precondition(tensor.shape == value.fact.shape)
    tensor.withElements(as: Float.self) { elements in
      session.input(value).copyMemory(from: elements.baseAddress!, byteCount: elements.count * 4)
    }
  }
  for _ in 0..<runs { session.run() }
  let output = plan.outputs[0]
  let memory = session.output(output)
  let shape = output.fact.shape
  let values: [Float] =
    switch output.fact.dtype {
    case .float32: (0..<shape.count).map { memory.load(fromByteOffset: $0 * 4, as: Float.self) }
    case .int64: (0..<shape.count).map { Float(memory.load(fromByteOffset: $0 * 8, as: Int64.self)) }
    case .uint8: (0..<shape.count).map { Float(memory.load(fromByteOffset: $0, as: UInt8.self)) }
    default: (0..<shape.count).map { Float(memory.load(fromByteOffset: $0, as: Int8.self)) }
    }
  return Tensor(values, shape: shape).moved(toLast: false).elements(as: Float.self)
}

extension Graph {
  /// With limits that nothing reaches behind its first output: outputs themselves are never halves.
  fileprivate func endedByLimits() throws -> Graph {
    guard try facts()[outputs[0]].dtype == .float32 else { return self }
    var graph = self
    let end = graph.value("end")
    graph.nodes.append(Node("end", .clip(min: -1e30, max: 1e30), inputs: [outputs[0]], outputs: [end]))
    graph.outputs[0] = end
    return graph
  }
}

/// The greatest difference, relative to the greatest magnitude of `expected`.
func relativeError(_ values: [Float], _ expected: [Float]) -> Float {
  guard values.count == expected.count else { return .infinity }
  let scale = max(expected.lazy.map(abs).max() ?? 0, 1e-3)
  return zip(values, expected).reduce(0) { worst, pair in
    let difference = abs(pair.0 - pair.1)
    return difference.isNaN ? .infinity : max(worst, difference / scale)
  }
}

func sameBits(_ a: [Float], _ b: [Float]) -> Bool {
  a.count == b.count && zip(a, b).allSatisfy { $0.bitPattern == $1.bitPattern }
}
