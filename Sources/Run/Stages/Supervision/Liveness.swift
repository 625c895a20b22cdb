// SPDX-License-Identifier: Apache-2.0

public import Frames

/// Tells a pipeline that waits for its source from one that hangs.
///
/// As long as frames are booked it is alive. When none are, it is stuck if some are on their way inside; with
/// none inside it waits for its source, which is fine unless the source claims to be live and yet gave nothing
/// for longer than its own stall time, which should have noticed.
public struct Liveness: Sendable {
  /// What is known about a run at one moment.
  public struct Sign: Sendable, Equatable {
    /// Frames that came in, and those that left in any way.
    public var booked: Int
    public var inFlight: Int
    public var source: SourceStatus

    public init(booked: Int, inFlight: Int, source: SourceStatus) {
      self.booked = booked
      self.inFlight = inFlight
      self.source = source
    }
  }

  private let limit: Double
  private let stallTime: Double
  private var last: Sign?
  private var movedAt = 0.0

  /// - Parameters:
  ///   - limit: seconds that frames may stand still.
  ///   - stallTime: seconds after which the source itself notices that nothing comes.
  public init(limit: Double, stallTime: Double) {
    self.limit = limit
    self.stallTime = stallTime
  }

  /// - Parameter now: seconds of a clock that does not jump.
  public mutating func isAlive(_ sign: Sign, at now: Double) -> Bool {
    if sign != last {
      (last, movedAt) = (sign, now)
      return true
    }
    let still = now - movedAt
    if sign.inFlight > 0 { return still <= limit }
    return sign.source.state != .live || still <= limit + 2 * stallTime
  }
}

extension Run {
  /// What tells whether it makes progress.
  public var sign: Liveness.Sign {
    let ledger = figures.ledger
    return Liveness.Sign(
      booked: 2 * ledger.in - ledger.inFlight, inFlight: ledger.inFlight, source: journal.status)
  }
}
