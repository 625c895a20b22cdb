// SPDX-License-Identifier: Apache-2.0

import GraphIR

/// What stands at the end of a picture network, and what of it is still to be computed.
///
/// Exporters put label arithmetic behind the scores: ArgMax with casts and squeezes, a sigmoid with a threshold,
/// a softmax. None of it changes which class wins, so that reading stops before it.
struct PictureHead {
  enum Kind {
    /// Scores, or one channel that is above 0 (or 0.5 behind a sigmoid) where the second class is.
    case scores
    /// The winner of scores along an axis.
    case winner(axis: Int, last: Bool)
    /// The second class where the value is above a constant.
    case threshold(String)
  }

  /// The output of the file that was chosen.
  let output: String
  let kind: Kind
  /// The value that scores are taken from.
  private(set) var scores: String
  /// A sigmoid stood between `scores` and the output: a threshold on its result is one on theirs by the
  /// inverse.
  private(set) var hasLostSigmoid = false
  /// One channel of `scores` is a sigmoid's, 0…1.
  private(set) var isProbability = false
  /// The ArgMax needs nothing around it: it stays as it is.
  let keepsWinner: Bool
  /// Outputs of the file, in order.
  let outputs: [String]

  /// - Throws: `GraphError` where an output is asked for that is not there.
  init(_ graph: ONNXGraphProto, output wanted: String?) throws {
    outputs = graph.output.map(\.name)
    var makers: [String: Int] = [:]
    for (index, node) in graph.node.enumerated() {
      for value in node.output where !value.isEmpty { makers[value] = index }
    }
    func maker(_ value: String) -> ONNXNodeProto? { makers[value].map { graph.node[$0] } }

    let heads = graph.output.map { (name: $0.name, decision: Self.decision(behind: $0.name, maker)) }
    if let wanted {
      guard outputs.contains(wanted) else {
        throw GraphError(
          "there is no output '\(wanted)'", hint: "outputs: \(outputs.joined(separator: ", "))")
      }
      output = wanted
    } else {
      // Labels are what the rest was made for; else the first, which exporters keep for the main head.
      guard let main = heads.first(where: { $0.decision != nil }) ?? heads.first else {
        throw GraphError("the graph has no output")
      }
      output = main.name
    }
    let chosen = output
    let decision = heads.first { $0.name == chosen }?.decision
    if let decision, decision.opType == "ArgMax" {
      let axis = decision.attribute.first { $0.name == "axis" }.map { Int($0.i) } ?? 0
      let last = decision.attribute.first { $0.name == "select_last_index" }.map { $0.i != 0 } ?? false
      kind = .winner(axis: axis, last: last)
      scores = decision.input.first ?? ""
      keepsWinner = axis == 1 && decision.output.first == chosen && !last
    } else if let decision, decision.input.count == 2 {
      kind = .threshold(decision.input[1])
      scores = decision.input[0]
      keepsWinner = false
    } else {
      kind = .scores
      scores = chosen
      keepsWinner = false
    }
    if !keepsWinner { dropMonotone(maker) }
    isProbability = !hasLostSigmoid && Self.isBehindSigmoid(scores, maker)
  }

  /// Values that must be computed.
  var needed: [String] {
    if case .threshold(let limit) = kind { return [scores, limit] }
    return [scores]
  }

  /// The ArgMax or comparison that an output is made of by casts, reshapes and constant factors alone.
  private static func decision(behind output: String, _ maker: (String) -> ONNXNodeProto?) -> ONNXNodeProto? {
    var value = output
    for _ in 0..<16 {
      guard let node = maker(value), let first = node.input.first else { return nil }
      switch node.opType {
      case "ArgMax", "Greater", "GreaterOrEqual": return node
      case "Cast", "Identity", "Squeeze", "Unsqueeze", "Reshape", "Flatten", "Mul", "Dropout": value = first
      default: return nil
      }
    }
    return nil
  }

  /// Goes back over what does not change the order of scores.
  private mutating func dropMonotone(_ maker: (String) -> ONNXNodeProto?) {
    // A file that runs in circles is refused when it is imported.
    for _ in 0..<16 {
      guard let node = maker(scores), let first = node.input.first else { return }
      switch node.opType {
      case "Identity", "Cast", "Dropout": break
      case "LogSoftmax", "Softmax":
        // Over classes, in either order of axes; over rows or columns it would mean something else.
        let axis = node.attribute.first { $0.name == "axis" }.map { Int($0.i) }
        guard axis == 1 || axis == -3 || axis == 3 || axis == -1 || axis == nil else { return }
      case "Sigmoid":
        // One channel or many: the order stays, and a threshold is brought along.
        hasLostSigmoid = true
        scores = first
        return
      default: return
      }
      scores = first
    }
  }

  private static func isBehindSigmoid(_ value: String, _ maker: (String) -> ONNXNodeProto?) -> Bool {
    var value = value
    for _ in 0..<16 {
      guard let node = maker(value), let first = node.input.first else { return false }
      switch node.opType {
      case "Resize", "Upsample", "Squeeze", "Unsqueeze", "Reshape", "Transpose", "Slice", "Identity", "Cast":
        value = first
      case "Sigmoid": return true
      default: return false
      }
    }
    return false
  }
}
