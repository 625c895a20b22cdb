// SPDX-License-Identifier: Apache-2.0

public import Buffers
internal import Foundation
public import GraphIR
public import Quantization
public import Workers

/// A model of floats that has seen its calibration pictures.
public struct CalibratedModel {
  /// Pictures as the model takes them.
  public let examples: [AlignedBytes]
  private let graph: Graph
  private let pool: WorkerPool
  private let calibrator: Calibrator
  private var ranges = ValueTable<ClosedRange<Float>>()

  /// So many pictures tell sensitive operators from others: each runs on all of them.
  private static let sensitivityExamples = 8

  public init(
    _ source: Graph, examples: [AlignedBytes], pool: WorkerPool,
    keepingReal isReal: (String) -> Bool
  ) throws {
    self.examples = examples
    self.pool = pool
    graph = try source.foldedForQuantization()
    var calibrator = try Calibrator(graph: graph, pool: pool, keepingReal: isReal)
    calibrator.observe(examples.count) { index, memory in
      memcpy(memory.baseAddress!, examples[index].pointer, examples[index].count)
    }
    self.calibrator = calibrator
  }

  public var operatorCount: Int { calibrator.scheme.operators.count }

  /// Settles the ranges.
  ///
  /// - Parameter method: `nil` for the one that keeps most labels on the pictures.
  /// - Returns: what was chosen and why, for the user.
  public mutating func choose(_ method: RangeMethod?) throws -> String {
    if let method {
      ranges = calibrator.ranges(method)
      return "\(method)"
    }
    let reference = try LabelReference(graph: graph, examples: examples, pool: pool)
    var line = ProgressLine()
    var trials: [(method: RangeMethod, agreement: Double)] = []
    for method in RangeMethod.common {
      line.show("range \(method)")
      let stored = try calibrator.quantized(ranges: calibrator.ranges(method))
      trials.append((method, try reference.agreement(of: stored)))
    }
    line.clear()
    // Of equals the first: sorting is stable.
    trials.sort { $0.agreement > $1.agreement }
    ranges = calibrator.ranges(trials[0].method)
    let words = trials.map { String(format: "\($0.method) %.2f %%", $0.agreement * 100) }
    return "\(words[0]) of labels as in fp32; \(words.dropFirst().joined(separator: ", "))"
  }

  /// - Precondition: ranges are chosen.
  public func quantized(without nodes: Set<String> = []) throws -> Graph {
    var graph = try calibrator.quantized(ranges: ranges, without: nodes)
    graph.metadata["precision"] = "int8"
    return graph
  }

  /// What each operator costs, worst first; tells on standard error how far it is.
  ///
  /// - Precondition: ranges are chosen.
  public func sensitivities() throws -> [OperatorSensitivity] {
    let count = min(examples.count, CalibratedModel.sensitivityExamples)
    let spread = (0..<count).map { examples[$0 * examples.count / count] }
    let reference = try LabelReference(graph: graph, examples: spread, pool: pool)
    var line = ProgressLine()
    defer { line.clear() }
    return try calibrator.sensitivities(ranges: ranges, against: reference) { done, all in
      line.show("sensitivity \(done) of \(all) operators")
    }
  }

  /// A row for each operator.
  public static func table(_ ranking: [OperatorSensitivity]) -> String {
    let width = ranking.map(\.node.count).max() ?? 0
    let rows = ranking.map {
      String(format: "%9.3f %%  ", $0.agreement * 100) + $0.node.padded(to: width + 2) + $0.op
    }
    return (["labels as in fp32 when an operator alone is quantised:"] + rows).joined(separator: "\n")
  }
}
