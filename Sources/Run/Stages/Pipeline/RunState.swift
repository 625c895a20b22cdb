// SPDX-License-Identifier: Apache-2.0

/// What the loops of one run share: the books, the clock and the ways to end.
final class RunState: Sendable {
  /// What the source told about time, and when frames went out.
  struct Course: Sendable {
    var firstMedia: Double?
    var mediaEnd = 0.0
    var firstOut: UInt64?
    /// Media seconds of the frame delivered last.
    var lastOut = 0.0
    var lastOutAt: UInt64?
    var age: SteadyDistribution
    var recentAge: RecentDistribution
    var error: (any Error)?
    var lastFailure: (any Error)?
  }

  let options: PipelineOptions
  let clock: Clock
  let trace: RunTrace?
  let startedAt: UInt64
  let ledger = SharedLedger()
  let meters: [StageMeter]
  /// True when the source shall end.
  let stopping = Monitor(false)
  private let course: Monitor<Course>
  private let credits = Monitor<[BoundedQueue<Void>]>([])
  private let queues = Monitor<
    [(stage: StageName, depth: @Sendable (UInt64, UInt64) -> QueueDepth, cancel: @Sendable () -> Void)]
  >([])

  init(options: PipelineOptions, clock: Clock, trace: RunTrace? = nil) {
    self.options = options
    self.clock = clock
    self.trace = trace
    startedAt = clock.now()
    meters = StageName.allCases.map { StageMeter(name: $0, warmup: options.warmupFrames) }
    course = Monitor(
      Course(
        age: SteadyDistribution(warmup: options.warmupFrames), recentAge: RecentDistribution(start: startedAt)
      ))
  }

  func meter(_ stage: StageName) -> StageMeter { meters[stage.position] }

  /// A place for each item that `gate` lets through, to be given back at the end; `nil` means no limit.
  func makeCredits(_ gate: Gate) -> BoundedQueue<Void>? {
    guard let limit = gate.credits else { return nil }
    let credits = BoundedQueue<Void>(places: limit, clock: clock)
    for _ in 0..<limit { _ = credits.send(()) }
    self.credits.withLock { $0.append(credits) }
    return credits
  }

  /// The queue of `gate`, in front of `stage`.
  func makeQueue<Value>(before stage: StageName, _ gate: Gate) -> BoundedQueue<Parcel<Value>> {
    let queue = BoundedQueue<Parcel<Value>>(places: gate.places, policy: gate.policy, clock: clock)
    let ledger = ledger
    queues.withLock {
      $0.append(
        (
          stage: stage, depth: { queue.depth(from: $0, to: $1) },
          cancel: {
            let left = queue.cancel().count
            if left > 0 { ledger.book { $0.drop(left, at: stage, .stopped) } }
          }
        ))
    }
    return queue
  }

  /// - Parameter start, end: of the time that the mean is over.
  func depth(before stage: StageName, from start: UInt64, to end: UInt64) -> QueueDepth? {
    queues.withLock { $0.first { $0.stage == stage } }?.depth(start, end)
  }

  /// Ends the source; what is on its way goes on to the end.
  func stop() { stopping.change { $0 = true } }

  /// Ends everything; what waits is dropped, what is being worked on is finished.
  func cancel() {
    stop()
    for credits in credits.withLock({ $0 }) { _ = credits.cancel() }
    for queue in queues.withLock({ $0 }) { queue.cancel() }
  }

  /// Ends everything because of `error`. The first error is the one that is told.
  func fail(_ error: any Error) {
    end(by: error)
    cancel()
  }

  /// The source has no more because of `error`; what it gave is still delivered.
  func end(by error: any Error) {
    course.withLock { if $0.error == nil { $0.error = error } }
  }

  func note(failure: any Error) { course.withLock { $0.lastFailure = failure } }

  func note(mediaSeconds: Double, duration: Double) {
    course.withLock { course in
      if course.firstMedia == nil { course.firstMedia = mediaSeconds }
      course.mediaEnd = max(course.mediaEnd, mediaSeconds + duration)
    }
  }

  func note(delivered ticket: Ticket) {
    course.withLock { course in
      if course.firstOut == nil { course.firstOut = ticket.deliveredAt }
      course.lastOut = ticket.mediaSeconds
      course.lastOutAt = ticket.deliveredAt
    }
  }

  /// Books how old a frame was when the last output had it.
  func note(age: UInt64) {
    let now = clock.now()
    course.withLock { course in
      course.age.record(age)
      course.recentAge.record(age, now: now)
    }
  }

  var snapshot: Course { course.withLock { $0 } }
}
