// SPDX-License-Identifier: Apache-2.0

/// Gives frames in presentation order. Used by one thread at a time.
public protocol FrameSource: AnyObject {
  var info: SourceInfo { get }
  /// The next frame, or `nil` at the end and ever after.
  func next() throws -> Frame?
  /// Sound behind the last frame, once `next` has given `nil`.
  var trailingPackets: [Packet] { get }
}

extension FrameSource {
  public var trailingPackets: [Packet] { [] }
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
