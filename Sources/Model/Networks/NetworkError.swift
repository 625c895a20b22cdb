// SPDX-License-Identifier: Apache-2.0

/// Why a network cannot be named, built, or filled with weights.
public struct NetworkError: Error, Sendable, Hashable, CustomStringConvertible {
  public var problem: String
  public var hint: String?

  public init(_ problem: String, hint: String? = nil) {
    self.problem = problem
    self.hint = hint
  }

  public var description: String {
    guard let hint else { return problem }
    return "\(problem); \(hint)"
  }
}
