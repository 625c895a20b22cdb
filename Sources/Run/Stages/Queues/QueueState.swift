// SPDX-License-Identifier: Apache-2.0

/// What a `BoundedQueue` holds and how it answers, without threads: every rule of the queue is here.
///
/// It closes from both ends. After `finish` (by the producer) what waits may still be taken; after
/// `cancel` (by the consumer, or because the run ends) nothing goes in or out.
struct QueueState<Element> {
  /// The answer to an element that is offered.
  enum Offer {
    case stored
    /// Stored, and this one had to go.
    case replaced(Element)
    /// Not stored, by policy.
    case refused(Element)
    /// Not stored, because the queue is closed.
    case closed(Element)
    /// No place; ask again when something was taken.
    case full
  }

  /// The answer to a request for an element.
  enum Poll {
    case element(Element, waited: UInt64)
    /// Nothing yet; ask again when something was offered.
    case empty
    /// Nothing any more.
    case ended
  }

  let policy: OverloadPolicy
  private var slots: [(element: Element, since: UInt64)?]
  private var head = 0
  private(set) var count = 0
  private(set) var isFinished = false
  private(set) var isCancelled = false
  private(set) var depth: DepthMeter

  /// - Parameter now: where the mean depth starts to count.
  init(places: Int, policy: OverloadPolicy, now: UInt64) {
    precondition(places > 0, "a queue has a place")
    self.policy = policy
    slots = Array(repeating: nil, count: policy == .latest ? 1 : places)
    depth = DepthMeter(start: now)
  }

  var places: Int { slots.count }

  /// - Parameter limit: places that may be used this time; all without one.
  mutating func offer(_ element: Element, within limit: Int? = nil, now: UInt64) -> Offer {
    if isFinished || isCancelled { return .closed(element) }
    if count < min(limit ?? slots.count, slots.count) {
      store(element, now: now)
      return .stored
    }
    switch policy {
    case .block: return .full
    case .dropNewest: return .refused(element)
    case .latest, .dropOldest:
      guard let oldest = take(now: now) else { return .full }
      store(element, now: now)
      return .replaced(oldest.element)
    }
  }

  mutating func poll(now: UInt64) -> Poll {
    if let slot = take(now: now) { return .element(slot.element, waited: now &- slot.since) }
    return isFinished || isCancelled ? .ended : .empty
  }

  /// The producer has no more.
  mutating func finish() { isFinished = true }

  /// Nobody takes or gives any more. Returns what waited.
  mutating func cancel(now: UInt64) -> [Element] {
    isCancelled = true
    var left: [Element] = []
    while let slot = take(now: now) { left.append(slot.element) }
    return left
  }

  private mutating func store(_ element: Element, now: UInt64) {
    slots[(head + count) % slots.count] = (element, now)
    count += 1
    depth.change(to: count, now: now)
  }

  private mutating func take(now: UInt64) -> (element: Element, since: UInt64)? {
    guard count > 0, let slot = slots[head] else { return nil }
    slots[head] = nil
    head = (head + 1) % slots.count
    count -= 1
    depth.change(to: count, now: now)
    return slot
  }
}

/// How many elements waited in a queue, averaged over time.
struct DepthMeter: Sendable {
  private let start: UInt64
  private var since: UInt64
  private var area = 0.0
  private(set) var current = 0
  private(set) var max = 0

  init(start: UInt64) {
    self.start = start
    since = start
  }

  mutating func change(to depth: Int, now: UInt64) {
    area += Double(current) * Double(now &- since)
    since = now
    current = depth
    max = Swift.max(max, depth)
  }

  /// The mean to `now`, in elements: from the start, or from a later time at which nothing had come.
  func mean(from later: UInt64? = nil, now: UInt64) -> Double {
    let start = later ?? start
    guard now > start else { return 0 }
    let last = now > since ? Double(current) * Double(now &- since) : 0
    return (area + last) / Double(now &- start)
  }
}

extension QueueState.Offer: Equatable where Element: Equatable {}
extension QueueState.Poll: Equatable where Element: Equatable {}
