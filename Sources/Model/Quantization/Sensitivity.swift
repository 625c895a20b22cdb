// SPDX-License-Identifier: Apache-2.0

public import GraphIR

/// What storing one operator costs.
public struct OperatorSensitivity: Sendable {
  /// The node's name, and its operator's in ONNX.
  public let node: String
  public let op: String
  /// The share (0…1) of labels that are as in floats when only the operator's weights and what it makes are stored.
  public let agreement: Double
}

extension Calibrator {
  /// Quantizes each operator by itself, all others left in floats: most sensitive first.
  ///
  /// - Parameters:
  ///   - ranges: of all values.
  ///   - reference: of this calibrator's graph. A few examples tell enough, and every operator runs on all.
  ///   - progress: told before each operator how many are done, of how many.
  public func sensitivities(
    ranges: ValueTable<ClosedRange<Float>>, against reference: LabelReference,
    progress: (_ done: Int, _ all: Int) -> Void = { _, _ in }
  ) throws -> [OperatorSensitivity] {
    var found: [OperatorSensitivity] = []
    for (index, operation) in scheme.operators.enumerated() {
      progress(index, scheme.operators.count)
      let agreement = try reference.agreement(of: quantized(alone: operation.node, ranges: ranges))
      found.append(OperatorSensitivity(node: operation.name, op: operation.op, agreement: agreement))
    }
    // Of equals the first in the graph first: sorting is stable.
    return found.sorted { $0.agreement < $1.agreement }
  }
}
