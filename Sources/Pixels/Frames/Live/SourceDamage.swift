// SPDX-License-Identifier: Apache-2.0

/// What was wrong with what a source gave, so far.
public struct SourceDamage: Sendable, Hashable {
  /// Packets that the container marks as damaged or the decoder refused.
  public var packets = 0
  /// Pictures that came out of the decoder with damage, also those left out for it.
  public var frames = 0
  /// Timestamps that were missing or went back.
  public var timestamps = 0
  /// Seconds by which a file ends earlier than it announces; 0 within a second, and where it announces nothing.
  public var missingSeconds = 0.0

  public init() {}

  /// Pictures that are damaged or were lost.
  public var pictures: Int { max(packets, frames) }

  static func + (one: SourceDamage, other: SourceDamage) -> SourceDamage {
    var sum = one
    sum.packets += other.packets
    sum.frames += other.frames
    sum.timestamps += other.timestamps
    sum.missingSeconds += other.missingSeconds
    return sum
  }
}
