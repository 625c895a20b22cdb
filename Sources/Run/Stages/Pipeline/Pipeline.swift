// SPDX-License-Identifier: Apache-2.0

internal import Dispatch

/// How a pipeline treats its frames.
public struct PipelineOptions: Sendable {
  public var policy = OverloadPolicy.block
  /// Places between two stages.
  public var places = 4
  /// Frames from `infer` on; `nil` means what the queues hold.
  public var inFlight: Int?
  /// Nanoseconds; older frames are dropped before `infer`.
  public var latencyBudget: UInt64?
  /// The source is asked no faster than its media time runs.
  public var isPaced = false
  /// Frames that stay out of the percentiles.
  public var warmupFrames = 10

  public init() {}
}

/// Stages joined by queues. Each stage runs one loop on a serial queue of its own: receive, work, send;
/// so items leave in the order in which they came.
///
/// A run ends when the source does, by `stop`, by `cancel`, or by an error that is not a
/// `FrameFailure`; the last two close all queues from both ends.
public final class Pipeline: Sendable {
  private let state: RunState
  private let loops: Monitor<[(name: StageName, body: @Sendable () -> Void)]>
  private let interrupt: @Sendable () -> Void
  private let adaptation: Adaptation?
  private let group = DispatchGroup()
  private let span: Monitor<(start: UInt64, end: UInt64?)>

  fileprivate init(
    state: RunState, loops: [(name: StageName, body: @Sendable () -> Void)],
    interrupt: @escaping @Sendable () -> Void, adaptation: Adaptation?
  ) {
    self.state = state
    self.loops = Monitor(loops)
    self.interrupt = interrupt
    self.adaptation = adaptation
    span = Monitor((state.clock.now(), nil))
  }

  /// Starts all loops. Once.
  public func start() {
    let loops = loops.withLock { loops in
      defer { loops = [] }
      return loops
    }
    span.withLock { $0.start = state.clock.now() }
    for loop in loops {
      DispatchQueue(label: "roadmask.\(loop.name)").async(group: group, execute: loop.body)
    }
    group.notify(queue: .global()) { [self] in end() }
  }

  /// Waits until all loops have ended; throws the error that ended the run.
  public func wait() throws {
    group.wait()
    end()
    if let error = state.snapshot.error { throw error }
  }

  private func end() { span.withLock { if $0.end == nil { $0.end = state.clock.now() } } }

  /// Ends the source. What is on its way is finished, and so are the outputs.
  public func stop() {
    state.stop()
    interrupt()
  }

  /// Ends everything at once. What waits is dropped with the reason `stopped`.
  public func cancel() {
    state.cancel()
    interrupt()
  }

  /// The figures so far; final after `wait`.
  public var figures: PipelineFigures {
    let course = state.snapshot
    let span = span.withLock { $0 }
    let end = span.end ?? state.clock.now()
    let wall = end &- span.start
    return PipelineFigures(
      ledger: state.ledger.current,
      stages: state.meters.map {
        $0.figures(wall: wall, depth: state.depth(before: $0.name, from: span.start, to: end))
      },
      age: course.age.summary, recentAge: course.recentAge.summary, wallSeconds: wall.seconds,
      mediaSeconds: course.firstMedia.map { course.mediaEnd - $0 } ?? 0,
      deliveredSeconds: course.firstMedia.map { max(0, course.lastOut - $0) } ?? 0,
      secondsToFirstOutput: course.firstOut.map { ($0 &- span.start).seconds },
      secondsSinceOutput: course.lastOutAt.map { (max(end, $0) &- $0).seconds },
      warmupFrames: state.options.warmupFrames, lastFailure: course.lastFailure.map { "\($0)" },
      adaptation: adaptation?.figures(at: end))
  }
}

/// What a pipeline counted and measured.
public struct PipelineFigures: Sendable {
  public var ledger: Ledger
  public var stages: [StageFigures]
  /// From the first packet of a frame to its delivery.
  public var age: DurationFigures?
  /// The same over the last seconds.
  public var recentAge: DurationFigures?
  public var wallSeconds: Double
  /// Length of what the source gave.
  public var mediaSeconds: Double
  /// How far into it the last delivered frame stands.
  public var deliveredSeconds: Double
  public var secondsToFirstOutput: Double?
  public var secondsSinceOutput: Double?
  public var warmupFrames: Int
  /// Why a frame was last booked as failed.
  public var lastFailure: String?
  /// `nil` where the network always does all its work.
  public var adaptation: AdaptationFigures?
}

/// Joins stages in order: `begin`, `then` …, `end`.
public struct PipelineAssembly: ~Copyable {
  /// A stage that waits for the queue it sends to.
  public struct Upstream<Value: Sendable> {
    fileprivate let name: StageName
    /// What an item holds that comes from it.
    fileprivate var credits: BoundedQueue<Void>?
    /// Sees each value first.
    fileprivate var tap: ((Value) throws -> Void)?
    fileprivate let makeLoop: (Outlet<Value>) -> any Loop
  }

  private let state: RunState
  private var loops: [(name: StageName, body: @Sendable () -> Void)] = []
  private var interrupt: @Sendable () -> Void = {}
  private var adaptation: Adaptation?

  public init(options: PipelineOptions = PipelineOptions(), clock: Clock = .monotonic) {
    self.init(options: options, clock: clock, trace: nil)
  }

  /// - Parameter trace: hears when each stage worked on each frame.
  init(options: PipelineOptions, clock: Clock = .monotonic, trace: RunTrace?) {
    state = RunState(options: options, clock: clock, trace: trace)
  }

  public mutating func begin<Source: SourceStage>(with source: sending Source) -> Upstream<Source.Output> {
    begin(with: source, adaptation: nil)
  }

  /// - Parameters:
  ///   - adaptation: hears of each frame that comes.
  ///   - tap: sees each value that the stage gives before the next stage does; its errors end the run.
  mutating func begin<Source: SourceStage>(
    with source: sending Source, adaptation: Adaptation?, tap: ((Source.Output) throws -> Void)? = nil
  ) -> Upstream<Source.Output> {
    interrupt = source.interrupt
    self.adaptation = adaptation
    let state = state
    return Upstream(name: source.name, tap: tap) {
      SourceLoop(source: source, output: $0, state: state, adaptation: adaptation)
    }
  }

  public mutating func then<Worker: Stage>(
    _ stage: sending Worker, after upstream: Upstream<Worker.Input>, through gate: Gate,
    tap: ((Worker.Output) throws -> Void)? = nil
  ) -> Upstream<Worker.Output> {
    let inlet = join(upstream, to: stage.name, through: gate)
    return Upstream(name: stage.name, credits: inlet.credits, tap: tap) {
      StageLoop(stage: stage, inlet: inlet, output: $0)
    }
  }

  public consuming func end<Sink: SinkStage>(
    with sink: sending Sink, after upstream: Upstream<Sink.Input>, through gate: Gate
  ) -> Pipeline {
    let inlet = join(upstream, to: sink.name, through: gate)
    add(SinkLoop(stage: sink, inlet: inlet), name: sink.name)
    return Pipeline(state: state, loops: loops, interrupt: interrupt, adaptation: adaptation)
  }

  private mutating func join<Value>(
    _ upstream: Upstream<Value>, to name: StageName, through gate: Gate
  ) -> Inlet<Value> {
    precondition(gate.credits == nil || upstream.credits == nil, "an item holds one credit")
    let queue: BoundedQueue<Parcel<Value>> = state.makeQueue(before: name, gate)
    add(
      upstream.makeLoop(
        Outlet(
          from: upstream.name, to: name, gate: gate, queue: queue, tap: upstream.tap, state: state)),
      name: upstream.name)
    return Inlet(
      name: name, gate: gate, queue: queue, credits: state.makeCredits(gate) ?? upstream.credits, state: state
    )
  }

  private mutating func add(_ loop: any Loop, name: StageName) {
    // A stage is handed over here to the one queue that runs its loop, and used nowhere else.
    nonisolated(unsafe) let loop = loop
    loops.append((name, { loop.run() }))
  }
}
