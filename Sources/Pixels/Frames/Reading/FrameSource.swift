// SPDX-License-Identifier: Apache-2.0

public import Buffers

/// Gives frames in presentation order. Used by one thread at a time.
public protocol FrameSource: AnyObject {
  var info: SourceInfo { get }
  /// The next frame, or `nil` at the end and ever after.
  func next() throws -> Frame?
  /// Sound behind the last frame, once `next` has given `nil`.
  var trailingPackets: [Packet] { get }
  /// How the frame given last came; `nil` where frames are made or read when they are asked for.
  var arrival: FrameArrival? { get }
  /// The true classes of the frame given last; `nil` where nobody knows them, or asked.
  var truth: Lease<LabelMap>? { get }
  /// Frames left out so far.
  var leftOut: FramesLeftOut { get }
  /// What was wrong so far.
  var damage: SourceDamage { get }
  /// Says goodbye to a peer or device, whoever else still holds `self`; there are no frames after it.
  func close()
}

extension FrameSource {
  public var trailingPackets: [Packet] { [] }
  public var arrival: FrameArrival? { nil }
  public var truth: Lease<LabelMap>? { nil }
  public var leftOut: FramesLeftOut { FramesLeftOut() }
  public var damage: SourceDamage { SourceDamage() }
  public func close() {}
}

/// How a frame came from a source that does not wait for us.
public struct FrameArrival: Sendable, Hashable {
  /// When its first packet came, or a camera took it: nanoseconds of the monotonic clock.
  public var at: UInt64
  /// The part of the call of `next` that was spent waiting, in nanoseconds.
  public var waited: UInt64

  public init(at: UInt64, waited: UInt64) {
    self.at = at
    self.waited = waited
  }
}

/// Frames that a source got and does not give.
public struct FramesLeftOut: Sendable, Hashable {
  /// Damaged, and not wanted.
  public var corrupt = 0
  /// Not decoded, because decoding fell behind.
  public var busy = 0

  public init() {}

  public static func + (one: FramesLeftOut, other: FramesLeftOut) -> FramesLeftOut {
    var sum = one
    sum.corrupt += other.corrupt
    sum.busy += other.busy
    return sum
  }

  public static func - (one: FramesLeftOut, other: FramesLeftOut) -> FramesLeftOut {
    var difference = one
    difference.corrupt -= other.corrupt
    difference.busy -= other.busy
    return difference
  }
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
