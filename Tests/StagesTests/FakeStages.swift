// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

@testable import Stages

struct Broken: Error, Equatable {
  var what: String
}

/// Gives the numbers below `count`, each after `pause` microseconds of work.
final class CountingSource: SourceStage {
  let name = StageName.decode
  private let count: Int
  private let pause: UInt32
  private let fail: @Sendable (Int) throws -> Void
  private var index = 0
  let interrupt: @Sendable () -> Void = {}

  init(count: Int, pause: UInt32 = 0, fail: @escaping @Sendable (Int) throws -> Void = { _ in }) {
    self.count = count
    self.pause = pause
    self.fail = fail
  }

  func next() throws -> SourceItem<Int>? {
    guard index < count else { return nil }
    defer { index += 1 }
    if pause > 0 { usleep(pause) }
    try fail(index)
    return SourceItem(index, mediaSeconds: Double(index) / 100, mediaDuration: 0.01)
  }
}

/// Passes numbers on after `pause` microseconds of work.
final class FakeStage: Stage {
  let name: StageName
  private let pause: UInt32
  private let work: @Sendable (Int) throws -> Void

  init(_ name: StageName, pause: UInt32 = 0, work: @escaping @Sendable (Int) throws -> Void = { _ in }) {
    self.name = name
    self.pause = pause
    self.work = work
  }

  func process(_ item: Int) throws -> Int {
    if pause > 0 { usleep(pause) }
    try work(item)
    return item
  }
}

/// Remembers what was delivered.
final class CollectingSink: SinkStage {
  /// What a test looks at while the run owns the sink.
  final class Seen: Sendable {
    private let state = Monitor((items: [Int](), isFinished: false))
    var items: [Int] { state.withLock { $0.items } }
    var isFinished: Bool { state.withLock { $0.isFinished } }
    /// Returns when `count` items were delivered.
    func wait(for count: Int) { state.wait { $0.items.count >= count ? () : nil } }
    fileprivate func add(_ item: Int) { state.change { $0.items.append(item) } }
    fileprivate func finish() { state.change { $0.isFinished = true } }
  }

  let name = StageName.encode
  private let seen: Seen
  private let pause: UInt32
  private let work: @Sendable (Int) throws -> Void

  init(_ seen: Seen, pause: UInt32 = 0, work: @escaping @Sendable (Int) throws -> Void = { _ in }) {
    self.seen = seen
    self.pause = pause
    self.work = work
  }

  func deliver(_ item: Int, _ delivery: Delivery) throws {
    if pause > 0 { usleep(pause) }
    try work(item)
    seen.add(item)
  }

  func finish() { seen.finish() }
}

/// Time that stands until a test moves it.
final class HandClock: Sendable {
  private let nanoseconds = Mutex<UInt64>(0)

  var clock: Clock { Clock { [self] in nanoseconds.withLock { $0 } } }
  func move(by step: UInt64) { nanoseconds.withLock { $0 += step } }
}

/// Six fake stages. `pause` has the microseconds that each takes, `work` its faults.
func fakePipeline(
  count: Int, options: PipelineOptions = PipelineOptions(), clock: Clock = .monotonic,
  seen: CollectingSink.Seen,
  pause: [StageName: UInt32] = [:], work: @escaping @Sendable (StageName, Int) throws -> Void = { _, _ in }
) -> Pipeline {
  func fake(_ name: StageName) -> FakeStage {
    FakeStage(name, pause: pause[name] ?? 0) { try work(name, $0) }
  }
  var assembly = PipelineAssembly(options: options, clock: clock)
  let decode = assembly.begin(
    with: CountingSource(count: count, pause: pause[.decode] ?? 0) { try work(.decode, $0) })
  let resize = assembly.then(fake(.resize), after: decode, through: options.entrance)
  let infer = assembly.then(fake(.infer), after: resize, through: options.networkGate(nil))
  let argmax = assembly.then(fake(.argmax), after: infer, through: options.passage)
  let overlay = assembly.then(fake(.overlay), after: argmax, through: options.passage)
  return assembly.end(
    with: CollectingSink(seen, pause: pause[.encode] ?? 0) { try work(.encode, $0) }, after: overlay,
    through: options.passage)
}
