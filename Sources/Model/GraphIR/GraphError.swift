// SPDX-License-Identifier: Apache-2.0

/// Why a graph cannot be built, read, rewritten or run: where, what, and what to do about it.
public struct GraphError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The node's name; `nil` where the graph as a whole is at fault.
  public var node: String?
  /// The node's operator, by its ONNX name.
  public var op: String?
  public var problem: String
  public var hint: String?

  public init(node: String? = nil, op: String? = nil, _ problem: String, hint: String? = nil) {
    self.node = node
    self.op = op
    self.problem = problem
    self.hint = hint
  }

  public var description: String {
    var text = ""
    if let node {
      text = "node '\(node)'"
      if let op { text += " (\(op))" }
      text += ": "
    }
    text += problem
    if let hint { text += "; \(hint)" }
    return text
  }
}
