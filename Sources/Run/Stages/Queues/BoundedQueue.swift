// SPDX-License-Identifier: Apache-2.0

/// A queue of a few places between one producer and one consumer. Threads of the pipeline block here
/// and nowhere else.
///
/// `QueueState` has the rules; this type adds the waiting.
public final class BoundedQueue<Element: Sendable>: Sendable {
  /// What became of an element that was sent. Whoever sends books what is handed back.
  public enum Sent: Sendable {
    case stored
    /// Stored in place of this one.
    case replaced(Element)
    /// Not stored, by policy.
    case refused(Element)
    /// Not stored, because the consumer has gone.
    case closed(Element)
  }

  /// An element, and how long it was in the queue.
  public struct Received: Sendable {
    public let element: Element
    public let waitedNanoseconds: UInt64
  }

  private let state: Monitor<QueueState<Element>>
  private let clock: Clock
  public let places: Int

  /// - Parameter places: how many elements fit; under `latest` it is always one.
  public init(places: Int, policy: OverloadPolicy = .block, clock: Clock = .monotonic) {
    let state = QueueState<Element>(places: places, policy: policy, now: clock.now())
    self.places = state.places
    self.clock = clock
    self.state = Monitor(state)
  }

  /// Puts an element in, and waits for a place if the policy is to block.
  ///
  /// - Parameter limit: places that may be used this time; all without one.
  public func send(_ element: Element, within limit: Int? = nil) -> Sent {
    state.wait { state in
      switch state.offer(element, within: limit, now: clock.now()) {
      case .stored: .stored
      case .replaced(let old): .replaced(old)
      case .refused(let new): .refused(new)
      case .closed(let new): .closed(new)
      case .full: nil
      }
    }
  }

  /// Takes the element that waited longest, and waits for one. `nil` means that none will come.
  public func receive() -> Received? {
    state.wait { state in
      switch state.poll(now: clock.now()) {
      case .element(let element, let waited):
        Received?.some(Received(element: element, waitedNanoseconds: waited))
      case .ended: Received?.none
      case .empty: nil
      }
    }
  }

  /// The producer has no more: what waits can still be received.
  public func finish() { state.change { $0.finish() } }

  /// Ends the queue at once and returns what waited in it.
  public func cancel() -> [Element] { state.change { $0.cancel(now: clock.now()) } }

  /// Depth since the queue was made.
  public var depth: QueueDepth { depth(from: nil, to: clock.now()) }

  /// Depth with the mean from one time of the clock to another; nothing was in the queue before, and nothing
  /// happened since.
  func depth(from start: UInt64?, to end: UInt64) -> QueueDepth {
    state.withLock { state in
      QueueDepth(
        current: state.count, mean: state.depth.mean(from: start, now: end), max: state.depth.max)
    }
  }
}
