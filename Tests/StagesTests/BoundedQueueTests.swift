// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Synchronization
import Testing

@testable import Stages

/// The queue between real threads.
@Suite struct BoundedQueueTests {
  /// Runs `work` on a queue of its own and waits for it at the end of the test.
  private func beside(_ group: DispatchGroup, _ work: @escaping @Sendable () -> Void) {
    DispatchQueue(label: "test").async(group: group, execute: work)
  }

  @Test(arguments: [1, 2, 7])
  func everyElementArrivesInOrder(_ places: Int) {
    let queue = BoundedQueue<Int>(places: places)
    let group = DispatchGroup()
    beside(group) {
      for index in 0..<20_000 {
        guard case .stored = queue.send(index) else { return }
      }
      queue.finish()
    }
    var expected = 0
    while let received = queue.receive() {
      #expect(received.element == expected)
      expected += 1
    }
    group.wait()
    #expect(expected == 20_000)
    #expect(queue.depth.max <= places)
  }

  @Test(arguments: [OverloadPolicy.latest, .dropOldest, .dropNewest])
  func whatIsNotReceivedIsHandedBack(_ policy: OverloadPolicy) {
    let queue = BoundedQueue<Int>(places: 3, policy: policy)
    let group = DispatchGroup()
    let lost = Mutex(0)
    beside(group) {
      for index in 0..<20_000 {
        switch queue.send(index) {
        case .stored: break
        case .replaced, .refused, .closed: lost.withLock { $0 += 1 }
        }
      }
      queue.finish()
    }
    var received = 0
    var last = -1
    while let item = queue.receive() {
      #expect(item.element > last)
      last = item.element
      received += 1
    }
    group.wait()
    #expect(received + lost.withLock { $0 } == 20_000)
    if policy != .dropNewest { #expect(last == 19_999) }
  }

  @Test func cancelWakesBothEnds() {
    for _ in 0..<200 {
      let full = BoundedQueue<Int>(places: 1)
      let empty = BoundedQueue<Int>(places: 1)
      _ = full.send(1)
      let group = DispatchGroup()
      let handedBack = Mutex(0)
      beside(group) {
        if case .closed = full.send(2) { handedBack.withLock { $0 += 1 } }
      }
      beside(group) { if empty.receive() == nil { handedBack.withLock { $0 += 1 } } }
      #expect(full.cancel() == [1])
      #expect(empty.cancel() == [])
      group.wait()
      #expect(handedBack.withLock { $0 } == 2)
    }
  }

  /// Whatever moment the consumer leaves at, an element is received, handed back or left over.
  @Test func nothingIsLostWhenTheConsumerLeaves() {
    for round in 0..<300 {
      let queue = BoundedQueue<Int>(places: 4)
      let group = DispatchGroup()
      let back = Mutex(0)
      beside(group) {
        for index in 0..<100 {
          if case .closed = queue.send(index) { back.withLock { $0 += 1 } }
        }
      }
      var received = 0
      for _ in 0..<(round % 90) where queue.receive() != nil { received += 1 }
      let left = queue.cancel().count
      group.wait()
      #expect(received + left + back.withLock { $0 } == 100)
    }
  }
}
