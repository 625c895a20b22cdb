// SPDX-License-Identifier: Apache-2.0

internal import Glibc
import Synchronization

/// The door between a pool's caller and its threads: which job is run, who is inside, and where the others wait.
final class WorkerGate: @unchecked Sendable {
  // @unchecked: `job` changes only while the gate is closed and nobody is inside.

  /// Bit 0: open. Bits 1 to 15: workers inside. The rest: a number for each opening.
  private let gate = Atomic<UInt64>(0)
  private let stopping = Atomic<Bool>(false)
  private let sleepers = Atomic<Int>(0)
  private let callerSleeps = Atomic<Bool>(false)
  private var job: (any PoolWork)?
  private let threads: Int
  /// Threads that take part; changes only while the gate is closed.
  private let active: Atomic<Int>
  /// The next unit of each thread's share, a cache line apart.
  private let cursors: UnsafeMutablePointer<Atomic<Int>>
  private static let spacing = 16

  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let opened = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  /// For threads that do not take part.
  private let called = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let emptied = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  init(threads: Int) {
    self.threads = threads
    active = Atomic(threads)
    cursors = .allocate(capacity: threads * WorkerGate.spacing)
    for index in 0..<threads * WorkerGate.spacing { (cursors + index).initialize(to: Atomic(0)) }
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(opened, nil)
    pthread_cond_init(called, nil)
    pthread_cond_init(emptied, nil)
  }

  deinit {
    cursors.deinitialize(count: threads * WorkerGate.spacing).deallocate()
    pthread_mutex_destroy(mutex)
    pthread_cond_destroy(opened)
    pthread_cond_destroy(called)
    pthread_cond_destroy(emptied)
    mutex.deallocate()
    opened.deallocate()
    called.deallocate()
    emptied.deallocate()
  }

  var isMany: Bool { active.load(ordering: .relaxed) > 1 }

  func limit(to count: Int) {
    pthread_mutex_lock(mutex)
    active.store(count, ordering: .sequentiallyConsistent)
    pthread_cond_broadcast(called)
    pthread_mutex_unlock(mutex)
  }

  func open(_ next: any PoolWork) {
    job = next
    let sharers = active.load(ordering: .relaxed)
    for index in 0..<sharers {
      cursors[index * WorkerGate.spacing].store(next.units * index / sharers, ordering: .relaxed)
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
    let sharers = active.load(ordering: .relaxed)
    for turn in 0..<sharers {
      let owner = (index + turn) % sharers
      let end = job.units * (owner + 1) / sharers
      while let units = take(from: owner, until: end, grain: job.grain) { job.run(units, worker: index) }
    }
  }

  /// Half of what is left of a share, so that there are few calls and those at the end are short.
  private func take(from owner: Int, until end: Int, grain: Int) -> Range<Int>? {
    let cursor = cursors + owner * WorkerGate.spacing
    var begin = cursor.pointee.load(ordering: .relaxed)
    while begin < end {
      let next = min(begin + max(grain, (end - begin + 1) / 2), end)
      let (exchanged, original) = cursor.pointee.compareExchange(
        expected: begin, desired: next, ordering: .relaxed)
      if exchanged { return begin..<next }
      begin = original
    }
    return nil
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
  func enter(after seen: UInt64, as index: Int) -> UInt64? {
    var wait = Spin()
    while true {
      if index >= active.load(ordering: .acquiring) { waitForCall(as: index) }
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

  private func waitForCall(as index: Int) {
    pthread_mutex_lock(mutex)
    while !stopping.load(ordering: .relaxed), index >= active.load(ordering: .relaxed) {
      pthread_cond_wait(called, mutex)
    }
    pthread_mutex_unlock(mutex)
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
    pthread_cond_broadcast(called)
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
