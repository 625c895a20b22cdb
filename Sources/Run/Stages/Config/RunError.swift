// SPDX-License-Identifier: Apache-2.0

/// Why a run cannot be as it was described. Errors of files and devices come as `FramesError`, those of
/// pipeline files as `ConfigError`.
public struct RunError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Kind: String, Sendable {
    /// The description contradicts itself or names what is not there.
    case configuration
    /// Strangers could open what it serves.
    case exposed
    /// This machine lacks the CPU level.
    case level
    /// The network does not fit the pipeline.
    case model
    /// The books of the run do not balance.
    case unbalanced
  }

  public var kind: Kind
  /// What was tried, as in "cannot `write`".
  public var operation: String
  public var subject: String
  public var cause: String
  public var hint: String

  public init(_ kind: Kind, _ operation: String, _ subject: String, _ cause: String, hint: String) {
    self.kind = kind
    self.operation = operation
    self.subject = subject
    self.cause = cause
    self.hint = hint
  }

  public var description: String { "cannot \(operation) \(subject): \(cause)" }
}
