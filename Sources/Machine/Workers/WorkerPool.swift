// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// A fixed number of threads that share the units of one job at a time, the caller among them.
///
/// Each thread begins with its own contiguous share and then helps the others, so neighbouring layers find
/// their rows in the same cache and a thread that was put to sleep holds nobody up. Kernels promise the same
/// result for any split, so results do not depend on the number of threads. A waiting thread spins for at most
/// 50 µs and then sleeps.
///
/// One job at a time: `run` is called by one thread at a time.
public final class WorkerPool: @unchecked Sendable {
  // @unchecked: what threads share is in `WorkerGate`, which is written between closing and opening its gate.

  /// Threads that there are, the caller counted.
  public let threads: Int
  private let shared: WorkerGate
  private var handles: [pthread_t] = []

  /// Starts `threads - 1` threads.
  public init(threads: Int) {
    precondition(threads >= 1, "a pool has at least the calling thread")
    self.threads = threads
    shared = WorkerGate(threads: threads)
    for index in 1..<threads {
      let seat = Unmanaged.passRetained(Seat(shared: shared, index: index))
      var handle = pthread_t()
      let status = pthread_create(&handle, nil, workerMain, seat.toOpaque())
      precondition(status == 0, "a worker thread could not be started (error \(status))")
      handles.append(handle)
    }
  }

  deinit {
    shared.stop()
    for handle in handles { pthread_join(handle, nil) }
  }

  /// Lets `count` threads work from the next job on, the caller counted, at least one and at most `threads`; the
  /// others sleep. Called by the thread that calls `run`.
  public func limit(to count: Int) { shared.limit(to: min(max(count, 1), threads)) }

  /// Runs all units of `work`, and returns when the last is done.
  public func run(_ work: some PoolWork) {
    work.begin()
    guard shared.isMany, work.isSplit else { return work.run(0..<work.units, worker: 0) }
    shared.open(work)
    shared.work(as: 0)
    shared.close()
  }
}

/// A worker's place in its pool.
private final class Seat {
  let shared: WorkerGate
  let index: Int

  init(shared: WorkerGate, index: Int) {
    self.shared = shared
    self.index = index
  }
}

private func workerMain(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  workerLoop(context!)
}

private func workerLoop(_ context: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
  let seat = Unmanaged<Seat>.fromOpaque(context).takeRetainedValue()
  var seen: UInt64 = 0
  while let generation = seat.shared.enter(after: seen, as: seat.index) {
    seat.shared.work(as: seat.index)
    seat.shared.leave()
    seen = generation
  }
  return nil
}
