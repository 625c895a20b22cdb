// SPDX-License-Identifier: Apache-2.0

/// The times of one stage: written by the stage's loop, read by whoever reports.
final class StageMeter: Sendable {
  struct Times: Sendable {
    var service: SteadyDistribution
    var wait: SteadyDistribution
    /// Nanoseconds in which a finished item could not be handed on.
    var blocked: UInt64 = 0
  }

  let name: StageName
  private let times: Monitor<Times>

  init(name: StageName, warmup: Int) {
    self.name = name
    times = Monitor(
      Times(
        service: SteadyDistribution(warmup: warmup), wait: SteadyDistribution(warmup: warmup)))
  }

  /// Books an item that was worked on.
  func record(service: UInt64, wait: UInt64?) {
    times.withLock { times in
      times.service.record(service)
      if let wait { times.wait.record(wait) }
    }
  }

  func record(blocked: UInt64) { times.withLock { $0.blocked &+= blocked } }

  /// The figures so far.
  ///
  /// - Parameters:
  ///   - wall: nanoseconds since the run began.
  ///   - depth: of the queue in front of the stage.
  func figures(wall: UInt64, depth: QueueDepth?) -> StageFigures {
    let now = times.withLock { times in
      (
        count: times.service.count, sum: times.service.sum, blocked: times.blocked,
        service: times.service.summary, wait: times.wait.summary
      )
    }
    let span = Double(Swift.max(wall, 1))
    return StageFigures(
      name: name, frames: now.count, service: now.service, wait: now.wait, queue: depth,
      busy: min(1, Double(now.sum) / span), blocked: min(1, Double(now.blocked) / span))
  }
}

/// Depth of a queue; the mean is weighted by time.
public struct QueueDepth: Sendable, Equatable {
  public var current: Int
  public var mean: Double
  public var max: Int

  public init(current: Int, mean: Double, max: Int) {
    self.current = current
    self.mean = mean
    self.max = max
  }
}

/// What is reported of one stage.
public struct StageFigures: Sendable, Equatable {
  public var name: StageName
  /// Items worked on, the failed ones too.
  public var frames: Int
  /// Time spent on an item, waiting excluded.
  public var service: DurationFigures?
  /// Time in the queue before the stage; `nil` for the first stage.
  public var wait: DurationFigures?
  public var queue: QueueDepth?
  /// Share of the wall time in service.
  public var busy: Double
  /// Share of the wall time in which a finished item could not be handed on.
  public var blocked: Double

  public init(
    name: StageName, frames: Int, service: DurationFigures?, wait: DurationFigures?,
    queue: QueueDepth?, busy: Double, blocked: Double
  ) {
    self.name = name
    self.frames = frames
    self.service = service
    self.wait = wait
    self.queue = queue
    self.busy = busy
    self.blocked = blocked
  }

  /// Frames a second that the stage could do: 1 ÷ mean service.
  public var capacity: Double? {
    guard let mean = service?.mean, mean > 0 else { return nil }
    return 1000 / mean
  }
}
