// SPDX-License-Identifier: Apache-2.0

/// Joins the timestamps of several openings of one source: always increasing, in the first one's time base,
/// with the gaps that the clock on the wall saw.
struct Timeline {
  private let timeBase: TimeBase
  private let rate: Double?
  private var first: Int64?
  private var last: Int64 = 0
  private var lastAt: UInt64
  private var lastDuration: Int64 = 1
  private var shift: Int64 = 0
  private var isAnew = false

  /// - Parameter now: the gap before the first frame counts from here.
  init(_ video: VideoFormat, now: UInt64) {
    timeBase = video.timeBase
    lastAt = now
    // Containers without a rate claim such as their clock's.
    rate = (0.1...500).contains(video.rate.value) ? video.rate.value : nil
  }

  /// The next frame is the first of another opening.
  mutating func startAnew() { isAnew = true }

  mutating func place(_ frame: Frame, now: UInt64) -> (pts: Int64, duration: Int64) {
    let duration = frame.timeBase.convert(frame.duration, to: timeBase)
    let own = frame.timeBase.convert(frame.pts, to: timeBase)
    var pts = own + shift
    if first != nil {
      if isAnew {
        pts = last + max(lastDuration, timeBase.ticks(secondsAway(now: now)))
        shift = pts - own
      }
      pts = max(pts, last + 1)
    }
    first = first ?? pts
    (last, lastAt, lastDuration, isAnew) = (pts, now, max(1, duration), false)
    for packet in frame.sidePackets where shift != 0 {
      packet.shift(by: timeBase.convert(shift, to: packet.timeBase))
    }
    return (pts, duration)
  }

  /// Seconds since the last frame came.
  func secondsAway(now: UInt64) -> Double { Double(now - lastAt) / 1e9 }

  /// Frames that would have come in a gap between two frames, in seconds.
  func framesMissing(in gap: Double) -> Int {
    let usual = rate.map { 1 / $0 } ?? timeBase.seconds(lastDuration)
    guard usual > 0 else { return 0 }
    return max(0, Int((gap / usual).rounded()) - 1)
  }

  /// Seconds from the first frame to `pts`.
  func elapsed(at pts: Int64) -> Double { timeBase.seconds(pts - (first ?? pts)) }
}
