// SPDX-License-Identifier: Apache-2.0

internal import Dispatch

/// What a lane has done to its elements.
protocol LaneWorker<Element>: AnyObject, SendableMetatype {
  associatedtype Element: Sendable

  func take(_ element: Element)
  /// After the last element.
  func finish()
}

/// A worker on a serial queue of its own, behind a few places. What is slow or stuck in it holds up nobody
/// who does not choose to wait.
final class Lane<Element: Sendable>: Sendable {
  private struct State {
    /// Waiting or being worked on.
    var pending = 0
    var isDone = false
    var isAbandoned = false
  }

  private let queue: BoundedQueue<Element>
  private let state: Monitor<State>
  /// Until it was called.
  private let starter: Monitor<(@Sendable () -> Void)?>

  init(_ label: String, places: Int, policy: OverloadPolicy, worker: sending some LaneWorker<Element>) {
    let queue = BoundedQueue<Element>(places: places, policy: policy)
    self.queue = queue
    let state = Monitor(State())
    self.state = state
    // A worker is handed over here to the one queue that runs it, and used nowhere else.
    nonisolated(unsafe) let worker = worker
    let body: @Sendable () -> Void = {
      func step() -> Bool {
        guard let element = queue.receive()?.element else { return false }
        worker.take(element)
        return true
      }
      // The element is let go before anybody hears that it is done.
      while step() { state.change { $0.pending -= 1 } }
      worker.finish()
      state.change { $0.isDone = true }
    }
    starter = Monitor({ DispatchQueue(label: label).async(execute: body) })
  }

  /// Gives the worker an element, and returns how many had to go for it.
  func send(_ element: Element) -> Int {
    start()
    state.withLock { $0.pending += 1 }
    switch queue.send(element) {
    case .stored: return 0
    case .replaced, .refused, .closed:
      state.change { $0.pending -= 1 }
      return 1
    }
  }

  /// Waits until everything that was sent is done.
  func waitUntilIdle() { state.wait { $0.pending == 0 || $0.isAbandoned ? () : nil } }

  /// Lets the worker finish when it is done with what waits.
  func close() {
    start()
    queue.finish()
  }

  /// Waits until the worker has finished; until `deadline` at most, a time of the monotonic clock.
  func waitUntilDone(deadline: UInt64? = nil) {
    if let deadline {
      state.wait(until: deadline) { $0.isDone || $0.isAbandoned }
    } else {
      state.wait { $0.isDone || $0.isAbandoned ? () : nil }
    }
  }

  /// Waits no longer for a worker that has not finished. Returns how many elements it will never get;
  /// `nil` where it is done.
  func abandon() -> Int? {
    guard !state.withLock({ $0.isDone }) else { return nil }
    let left = queue.cancel().count
    state.change { $0.isAbandoned = true }
    return left
  }

  private func start() {
    let start = starter.withLock { starter in
      defer { starter = nil }
      return starter
    }
    start?()
  }
}
