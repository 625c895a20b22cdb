// SPDX-License-Identifier: Apache-2.0

/// Turns what a source says about time into timestamps that always increase; gaps are kept, as far as the
/// clock on the wall agrees.
struct TimestampClock {
  /// Beyond these, what a file says is taken as not said: sums stay within `Int64`.
  private static let limits = (time: Int64(1) << 61, duration: Int64(1) << 40)
  /// A longer step is a clock that started anew, as when a transport stream's went back: MP4 could not say it.
  private static let longestStep = Int64(Int32.max)

  /// Ticks of an ordinary frame, 1 or more.
  let usualDuration: Int64
  /// A step back further than this many ticks is a new start of the source's clock.
  let tolerance: Int64
  /// A live source may be so many ticks ahead of the clock on the wall, from one frame to the next; beyond,
  /// its clock has started anew.
  let leap: Int64
  /// Timestamps that were missing or had to be moved.
  private(set) var corrected = 0
  private var last: Int64?
  private var lastDuration: Int64
  private var shift: Int64 = 0

  init(usualDuration: Int64, tolerance: Int64, leap: Int64 = .max) {
    self.usualDuration = max(1, min(usualDuration, TimestampClock.limits.duration))
    self.tolerance = tolerance
    self.leap = leap
    lastDuration = self.usualDuration
  }

  /// The timestamp and length to use for a frame that says `pts` (or nothing) and `duration` (or 0).
  ///
  /// - Parameter elapsed: ticks since the last frame came, for live sources.
  mutating func stamp(pts: Int64?, duration: Int64, elapsed: Int64? = nil) -> (pts: Int64, duration: Int64) {
    let length = (1...TimestampClock.limits.duration).contains(duration) ? duration : usualDuration
    let reach = -TimestampClock.limits.time...TimestampClock.limits.time
    let pts = pts.flatMap { reach.contains($0) && reach.contains($0 &+ shift) ? $0 : nil }
    var time: Int64
    if let last {
      if let pts {
        time = pts + shift
        if time <= last {
          corrected += 1
          if last - time > tolerance {
            let step = max(lastDuration, elapsed ?? 0)
            shift += last + step - time
            time = last + step
          } else {
            time = last + 1
          }
        } else if let elapsed, time - last - elapsed > leap {
          corrected += 1
          shift -= time - last - max(lastDuration, elapsed)
          time = last + max(lastDuration, elapsed)
        } else if elapsed == nil, time - last > TimestampClock.longestStep {
          corrected += 1
          shift -= time - last - lastDuration
          time = last + lastDuration
        }
      } else {
        corrected += 1
        // At the end of time, the smallest step is left.
        time = last + (last < TimestampClock.limits.time ? lastDuration : 1)
      }
    } else {
      if pts == nil { corrected += 1 }
      time = pts ?? 0
    }
    last = time
    lastDuration = length
    return (time, length)
  }
}
