// SPDX-License-Identifier: Apache-2.0

import Synchronization

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// A fixed number of threads that share the units of one job at a time, the caller among them.
///
/// Each thread begins with its own contiguous share and then helps the others, so neighbouring layers find
/// their rows in the same cache and a thread that was put to sleep holds nobody up. Kernels promise the same
/// result for any split, so results do not depend on the number of threads. A waiting thread spins for at most
/// 50 µs and then sleeps.
///
/// One job at a time: `run` is called by one thread at a time.
public final class WorkerPool: @unchecked Sendable {
  // @unchecked: what threads share is in `Shared`, which is written between closing and opening its gate.

  /// Threads that work, the caller counted.
  public let threads: Int
  private let shared: Shared
  private var handles: [pthread_t] = []

  /// Starts `threads - 1` threads.
  public init(threads: Int) {
    precondition(threads >= 1, "a pool has at least the calling thread")
    self.threads = threads
    shared = Shared(threads: threads)
    for index in 1..<threads {
      let seat = Unmanaged.passRetained(Seat(shared: shared, index: index))
      #if canImport(Darwin)
        var handle: pthread_t?
      #else
        var handle = pthread_t()
      #endif
      let status = pthread_create(&handle, nil, workerMain, seat.toOpaque())
      precondition(status == 0, "a worker thread could not be started (error \(status))")
      #if canImport(Darwin)
        handles.append(handle!)
      #else
        handles.append(handle)
      #endif
    }
  }

  deinit {
    shared.stop()
    for handle in handles { pthread_join(handle, nil) }
  }

  /// Runs all units of `work`, and returns when the last is done.
  public func run(_ work: some PoolWork) {
    work.begin()
    guard threads > 1, work.isSplit else { return work.run(0..<work.units, worker: 0) }
    shared.open(work)
    shared.work(as: 0)
    shared.close()
  }
}

/// A worker's place in its pool.
private final class Seat {
  let shared: Shared
  let index: Int

  init(shared: Shared, index: Int) {
    self.shared = shared
    self.index = index
  }
}

#if canImport(Darwin)
  private func workerMain(_ context: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
    workerLoop(context)
  }
#else
  private func workerMain(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    workerLoop(context!)
  }
#endif

private func workerLoop(_ context: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
  let seat = Unmanaged<Seat>.fromOpaque(context).takeRetainedValue()
  var seen: UInt64 = 0
  while let generation = seat.shared.enter(after: seen) {
    seat.shared.work(as: seat.index)
    seat.shared.leave()
    seen = generation
  }
  return nil
}

/// What the threads of one pool have in common.
private final class Shared: @unchecked Sendable {
  // @unchecked: `job` changes only while the gate is closed and nobody is inside.

  /// Bit 0: open. Bits 1 to 15: workers inside. The rest: a number for each opening.
  private let gate = Atomic<UInt64>(0)
  private let stopping = Atomic<Bool>(false)
  private let sleepers = Atomic<Int>(0)
  private let callerSleeps = Atomic<Bool>(false)
  private var job: (any PoolWork)?
  private let threads: Int
  /// The next unit of each thread's share, a cache line apart.
  private let cursors: UnsafeMutablePointer<Atomic<Int>>
  private static let spacing = 16

  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let opened = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let emptied = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  init(threads: Int) {
    self.threads = threads
    cursors = .allocate(capacity: threads * Shared.spacing)
    for index in 0..<threads * Shared.spacing { (cursors + index).initialize(to: Atomic(0)) }
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(opened, nil)
    pthread_cond_init(emptied, nil)
  }

  deinit {
    cursors.deinitialize(count: threads * Shared.spacing).deallocate()
    pthread_mutex_destroy(mutex)
    pthread_cond_destroy(opened)
    pthread_cond_destroy(emptied)
    mutex.deallocate()
    opened.deallocate()
    emptied.deallocate()
  }

  private func share(_ index: Int, of units: Int) -> Int { units * index / threads }

  func open(_ next: any PoolWork) {
    job = next
    for index in 0..<threads {
      cursors[index * Shared.spacing].store(share(index, of: next.units), ordering: .relaxed)
    }
    let generation = gate.load(ordering: .relaxed) >> 16 + 1
    gate.store(generation << 16 | 1, ordering: .sequentiallyConsistent)
    if sleepers.load(ordering: .sequentiallyConsistent) > 0 {
      pthread_mutex_lock(mutex)
      pthread_cond_broadcast(opened)
      pthread_mutex_unlock(mutex)
    }
  }

  /// Takes units of its own share, then of the others', until none is left.
  func work(as index: Int) {
    guard let job else { return }
    for turn in 0..<threads {
      let owner = (index + turn) % threads
      let end = share(owner + 1, of: job.units)
      while true {
        let begin = cursors[owner * Shared.spacing].add(job.grain, ordering: .relaxed).oldValue
        guard begin < end else { break }
        job.run(begin..<min(begin + job.grain, end), worker: index)
      }
    }
  }

  /// Lets nobody in any more and waits for those inside.
  func close() {
    let before = gate.bitwiseAnd(~1, ordering: .sequentiallyConsistent).oldValue
    if before & 0xfffe == 0 { return finish() }
    var wait = Spin()
    while gate.load(ordering: .acquiring) & 0xfffe != 0 {
      if wait.goesOn() { continue }
      pthread_mutex_lock(mutex)
      callerSleeps.store(true, ordering: .sequentiallyConsistent)
      while gate.load(ordering: .sequentiallyConsistent) & 0xfffe != 0 { pthread_cond_wait(emptied, mutex) }
      callerSleeps.store(false, ordering: .relaxed)
      pthread_mutex_unlock(mutex)
    }
    finish()
  }

  private func finish() { job = nil }

  /// Waits for an opening after `seen` and goes in; `nil` when the pool ends.
  func enter(after seen: UInt64) -> UInt64? {
    var wait = Spin()
    while true {
      let value = gate.load(ordering: .acquiring)
      if value & 1 == 1, value >> 16 != seen {
        if gate.compareExchange(expected: value, desired: value + 2, ordering: .acquiring).exchanged {
          return value >> 16
        }
        continue
      }
      if stopping.load(ordering: .relaxed) { return nil }
      if wait.goesOn() { continue }
      pthread_mutex_lock(mutex)
      sleepers.add(1, ordering: .sequentiallyConsistent)
      while !stopping.load(ordering: .relaxed) {
        let value = gate.load(ordering: .sequentiallyConsistent)
        if value & 1 == 1, value >> 16 != seen { break }
        pthread_cond_wait(opened, mutex)
      }
      sleepers.subtract(1, ordering: .sequentiallyConsistent)
      pthread_mutex_unlock(mutex)
    }
  }

  func leave() {
    let after = gate.subtract(2, ordering: .sequentiallyConsistent).newValue
    if after & 0xffff == 0, callerSleeps.load(ordering: .sequentiallyConsistent) {
      pthread_mutex_lock(mutex)
      pthread_cond_signal(emptied)
      pthread_mutex_unlock(mutex)
    }
  }

  func stop() {
    pthread_mutex_lock(mutex)
    stopping.store(true, ordering: .relaxed)
    pthread_cond_broadcast(opened)
    pthread_mutex_unlock(mutex)
  }
}

/// A short wait for something that is about to happen.
private struct Spin {
  private var rounds = 0
  private var deadline = ContinuousClock.Instant?.none

  /// `false` once 50 µs have passed.
  mutating func goesOn() -> Bool {
    rounds += 1
    if rounds % 64 != 0 { return true }
    let now = ContinuousClock.now
    guard let deadline else {
      self.deadline = now + .microseconds(50)
      return true
    }
    return now < deadline
  }
}
