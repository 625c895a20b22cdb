// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Time as a source sees it. Tests have one of their own, and do not sleep.
struct SourceClock: Sendable {
  /// Nanoseconds; jumps of the wall clock do not reach it.
  var now: @Sendable () -> UInt64
  /// Waits some seconds, or until the flag is set: false then.
  var wait: @Sendable (_ seconds: Double, _ flag: InterruptFlag?) -> Bool

  static let monotonic = SourceClock(now: IOGuard.now) { seconds, flag in
    let end = IOGuard.now() + UInt64(max(0, seconds) * 1e9)
    while true {
      if flag?.isSet == true { return false }
      let now = IOGuard.now()
      if now >= end { return true }
      usleep(UInt32(min(20_000, (end - now) / 1000 + 1)))
    }
  }
}
