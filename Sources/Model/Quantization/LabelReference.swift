// SPDX-License-Identifier: Apache-2.0

public import Buffers
public import CPU
import Foundation
public import GraphIR
import Planning
public import Workers

/// The labels that a float graph gives some example inputs, to hold those of its quantized forms against.
public struct LabelReference {
  private let examples: [AlignedBytes]
  private let pool: WorkerPool
  private let level: CPULevel
  private var labels: [UInt8] = []

  /// - Parameters:
  ///   - graph: as files carry it, with one input and scores as its output.
  ///   - examples: elements of the input in fp32, channels last.
  public init(graph: Graph, examples: [AlignedBytes], pool: WorkerPool, level: CPULevel = .best) throws {
    self.examples = examples
    self.pool = pool
    self.level = level
    labels = try labels(of: graph)
  }

  /// The share (0…1) of score pixels that `graph`, a form of the same network, labels alike.
  public func agreement(of graph: Graph) throws -> Double {
    let same = zip(labels, try labels(of: graph)).count { $0 == $1 }
    return Double(same) / Double(max(labels.count, 1))
  }

  private func labels(of graph: Graph) throws -> [UInt8] {
    let plan = try Plan(graph: try graph.optimized().withScoresAtEnd(), options: PlanOptions(level: level))
    let session = Session(plan: plan, pool: pool)
    let (input, output) = (plan.inputs[0], plan.outputs[0])
    let shape = output.fact.shape
    var labels: [UInt8] = []
    for example in examples {
      memcpy(session.input(input), example.pointer, example.count)
      session.run()
      let scores = UnsafeBufferPointer(
        start: session.output(output).assumingMemoryBound(to: Float.self), count: shape.count)
      labels += bestClasses(scores, classes: shape[-1], pixelStride: shape[-1])
    }
    return labels
  }
}

/// The class with the highest score of each pixel, the lowest of equals.
///
/// - Parameters:
///   - scores: `[pixels][pixelStride]`, of which the first `classes` count.
///   - classes: 1…255.
public func bestClasses<Score: Comparable>(
  _ scores: UnsafeBufferPointer<Score>, classes: Int, pixelStride: Int
) -> [UInt8] {
  stride(from: 0, to: scores.count, by: pixelStride).map { pixel in
    var best = 0
    for index in 1..<max(classes, 1) where scores[pixel + index] > scores[pixel + best] { best = index }
    return UInt8(best)
  }
}
