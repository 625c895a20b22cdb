// SPDX-License-Identifier: Apache-2.0

/// Notices that decoding a live stream falls behind, and says what to leave out until it has caught up.
///
/// A stream is behind when its packets are later against the clock than they were at best, and were read
/// with hardly a wait for a second: late packets alone are the network's doing.
struct DecodeLag {
  enum Measure: Int, Comparable {
    case everything
    /// Pictures that no other picture needs are left out.
    case references
    /// All is left out up to a key frame.
    case keyFrames

    static func < (one: Measure, other: Measure) -> Bool { one.rawValue < other.rawValue }
  }

  /// Seconds behind from which less is decoded, and below which all is again.
  static let references = 0.75, keyFrames = 2.0, caughtUp = 0.25
  /// Seconds over which waiting is watched, and the share of it below which packets lie ready.
  static let window = 1.0, share = 0.1

  private(set) var measure = Measure.everything
  private var best: Double?
  private var since: Double?
  private var waited = 0.0

  /// - Parameters:
  ///   - now: seconds of a clock that does not jump.
  ///   - media: seconds of the packet, as its stream says.
  ///   - waited: seconds that it was waited for.
  mutating func note(now: Double, media: Double, waited: Double) {
    let offset = now - media
    // A stream whose clock started anew is measured anew.
    if let known = best, abs(offset - known) > 10 { (best, since) = (nil, nil) }
    let least = min(best ?? offset, offset)
    // Clocks drift: what was best once is forgotten little by little.
    best = least + (offset - least) * 0.0001
    if since == nil { (since, self.waited) = (now, 0) }
    self.waited += waited
    let behind = offset - least
    if behind < DecodeLag.caughtUp { measure = .everything }
    guard let begin = since, now - begin >= DecodeLag.window else { return }
    if self.waited > DecodeLag.share * (now - begin) {
      measure = .everything
    } else if behind >= DecodeLag.keyFrames {
      measure = .keyFrames
    } else if behind >= DecodeLag.references {
      measure = max(measure, .references)
    }
    (since, self.waited) = (now, 0)
  }
}
