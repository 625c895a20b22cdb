// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Tells the time in nanoseconds from some fixed moment. Wall-clock jumps do not reach it.
public struct Clock: Sendable {
  public let now: @Sendable () -> UInt64

  public init(now: @escaping @Sendable () -> UInt64) { self.now = now }

  /// The system's monotonic clock.
  public static let monotonic = Clock {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}

extension UInt64 {
  /// Nanoseconds as seconds.
  var seconds: Double { Double(self) / 1e9 }
  /// Nanoseconds as milliseconds.
  var milliseconds: Double { Double(self) / 1e6 }
}
