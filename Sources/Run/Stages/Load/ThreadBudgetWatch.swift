// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
internal import Synchronization

/// Looks every two seconds at what quota and affinity allow this process: both may change while it runs.
final class ThreadBudgetWatch {
  private let queue = DispatchQueue(label: "roadmask.budget")
  private let timer: any DispatchSourceTimer

  /// - Parameters:
  ///   - seconds: from one look to the next.
  ///   - look: what may be used.
  ///   - changed: called for each change, one at a time, on a thread of its own.
  init(
    every seconds: Double = 2, look: @escaping @Sendable () -> ThreadBudget = { .available },
    _ changed: @escaping @Sendable (ThreadBudget) -> Void
  ) {
    let known = Monitor(look())
    timer = DispatchSource.makeTimerSource(queue: queue)
    timer.setEventHandler {
      let now = look()
      let isNew = known.withLock { known in
        defer { known = now }
        return known != now
      }
      if isNew { changed(now) }
    }
    timer.schedule(deadline: .now() + seconds, repeating: seconds, leeway: .milliseconds(100))
    timer.resume()
  }

  /// No call is made, or goes on, once this has returned.
  func stop() {
    timer.cancel()
    queue.sync {}
  }
}

/// How many threads of a pool may work: set from any thread, followed by the one that runs the network.
final class WorkerShare: Sendable {
  private let count: Atomic<Int>

  init(_ workers: Int) { count = Atomic(workers) }

  var workers: Int {
    get { count.load(ordering: .relaxed) }
    set { count.store(newValue, ordering: .relaxed) }
  }
}
