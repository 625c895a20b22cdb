// SPDX-License-Identifier: Apache-2.0

public import Pixels

/// A network that is ready to run: its input, its output, and the call. Used by one thread at a time.
public protocol Inference: AnyObject {
  /// Where in the input the picture goes is not decided here: `resize` does.
  var input: ModelInputFormat { get }
  var logits: LogitsFormat { get }
  /// What the network holds: weights and working memory.
  var byteCount: Int { get }

  /// Reads `input.byteCount` bytes and fills `logits`.
  func run(_ tensor: UnsafeRawPointer, into logits: UnsafeMutableRawPointer) throws

  /// Works with at most so many threads from the next run on, as far as it has them.
  func limit(workers: Int)
}

/// What a network takes and gives, and what it holds: all that a run must know of it to be planned.
public struct NetworkForm: Sendable, Hashable {
  public var input: ModelInputFormat
  public var logits: LogitsFormat
  /// Weights and working memory.
  public var byteCount: Int

  public init(input: ModelInputFormat, logits: LogitsFormat, byteCount: Int) {
    self.input = input
    self.logits = logits
    self.byteCount = byteCount
  }
}

extension Inference {
  public var form: NetworkForm { NetworkForm(input: input, logits: logits, byteCount: byteCount) }

  public func limit(workers: Int) {}
}

/// What a run says about its network, and how it shows the classes.
public struct ModelDescription: Sendable {
  public var name: String
  public var sha256: String?
  /// fp32, fp16, bf16 or int8.
  public var precision: String
  /// Labels are the same bits everywhere.
  public var isExact: Bool
  public var palette: Palette
  /// The classes have names of their own, not numbers.
  public var hasClassNames: Bool
  /// Short, as in the model file; "unknown" if it does not say.
  public var license: String
  /// A line for the start of a run, such as who may use the weights.
  public var notice: String?

  public init(
    name: String, sha256: String? = nil, precision: String, isExact: Bool, palette: Palette,
    hasClassNames: Bool = true, license: String = "unknown", notice: String? = nil
  ) {
    self.name = name
    self.sha256 = sha256
    self.precision = precision
    self.isExact = isExact
    self.palette = palette
    self.hasClassNames = hasClassNames
    self.license = license
    self.notice = notice
  }
}

extension LogitsFormat {
  /// Bytes of the whole tensor.
  var byteCount: Int { rows * columns * pixelStride * dtype.byteCount }
}
