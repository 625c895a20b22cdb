// SPDX-License-Identifier: Apache-2.0

/// Why a file cannot be read or written as a whole. What is wrong with one node is a `GraphError`.
public struct ONNXError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The file; `nil` for bytes in memory.
  public var path: String?
  public var problem: String
  public var hint: String?

  public init(path: String? = nil, _ problem: String, hint: String? = nil) {
    self.path = path
    self.problem = problem
    self.hint = hint
  }

  public var description: String {
    var text = path.map { "'\($0)': " } ?? ""
    text += problem
    if let hint { text += "; \(hint)" }
    return text
  }
}
