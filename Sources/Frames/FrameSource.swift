// SPDX-License-Identifier: Apache-2.0

/// Gives frames in presentation order. Used by one thread at a time.
public protocol FrameSource: AnyObject {
  var info: SourceInfo { get }
  /// The next frame, or `nil` at the end and ever after.
  func next() throws -> Frame?
  /// Sound behind the last frame, once `next` has given `nil`.
  var trailingPackets: [Packet] { get }
  /// What happened since this was last asked, beside the frames that were given.
  func takeAccount() -> SourceAccount
}

/// What a source did beside giving frames.
public struct SourceAccount: Sendable, Hashable {
  /// Damaged frames that were left out.
  public var corruptFrames = 0
  /// Frames that were passed over because newer ones stood behind them.
  public var skippedFrames = 0
  /// Time spent waiting for data.
  public var waitedNanoseconds: UInt64 = 0
  /// When the frame given last was captured, in nanoseconds of CLOCK_MONOTONIC; `nil` where unknown.
  public var capturedAt: UInt64?

  public init() {}
}

extension FrameSource {
  public var trailingPackets: [Packet] { [] }
  public func takeAccount() -> SourceAccount { SourceAccount() }
}

/// Takes frames in presentation order. Used by one thread at a time.
public protocol FrameSink: AnyObject {
  func write(_ frame: Frame) throws
  /// Completes the output. Calling it again does nothing.
  ///
  /// - Parameter trailing: sound behind the last frame.
  func finish(trailing: [Packet]) throws
}

extension FrameSink {
  public func finish() throws { try finish(trailing: []) }
}
