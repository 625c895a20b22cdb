// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import Stages

/// The rules of the queue, without threads.
@Suite struct QueueStateTests {
  private func queue(_ places: Int, _ policy: OverloadPolicy) -> QueueState<Int> {
    QueueState(places: places, policy: policy, now: 0)
  }

  @Test func keepsOrderAndMeasuresTheWait() {
    var queue = queue(3, .block)
    for (value, now) in [(1, 10), (2, 20), (3, 30)] {
      #expect(queue.offer(value, now: UInt64(now)) == .stored)
    }
    #expect(queue.offer(4, now: 40) == .full)
    for (value, waited) in [(1, 90), (2, 80), (3, 70)] {
      #expect(queue.poll(now: 100) == .element(value, waited: UInt64(waited)))
    }
    #expect(queue.poll(now: 100) == .empty)
  }

  @Test func latestHasOnePlaceAndKeepsTheNewest() {
    var queue = queue(4, .latest)
    #expect(queue.places == 1)
    _ = queue.offer(1, now: 0)
    #expect(queue.offer(2, now: 1) == .replaced(1))
    #expect(queue.poll(now: 5) == .element(2, waited: 4))
  }

  @Test func dropOldestGivesUpTheHead() {
    var queue = queue(2, .dropOldest)
    _ = queue.offer(1, now: 0)
    _ = queue.offer(2, now: 0)
    #expect(queue.offer(3, now: 1) == .replaced(1))
    #expect(queue.poll(now: 2) == .element(2, waited: 2))
    #expect(queue.poll(now: 2) == .element(3, waited: 1))
  }

  @Test func dropNewestRefuses() {
    var queue = queue(1, .dropNewest)
    _ = queue.offer(1, now: 0)
    #expect(queue.offer(2, now: 1) == .refused(2))
    #expect(queue.poll(now: 2) == .element(1, waited: 2))
  }

  @Test(arguments: OverloadPolicy.allCases)
  func afterFinishWhatWaitsIsStillGiven(_ policy: OverloadPolicy) {
    var queue = queue(2, policy)
    _ = queue.offer(1, now: 0)
    queue.finish()
    #expect(queue.offer(2, now: 0) == .closed(2))
    #expect(queue.poll(now: 0) == .element(1, waited: 0))
    #expect(queue.poll(now: 0) == .ended)
  }

  @Test(arguments: OverloadPolicy.allCases)
  func afterCancelNothingGoesInOrOut(_ policy: OverloadPolicy) {
    var queue = queue(2, policy)
    _ = queue.offer(1, now: 0)
    #expect(queue.cancel(now: 0) == [1])
    #expect(queue.cancel(now: 0) == [])
    #expect(queue.offer(2, now: 0) == .closed(2))
    #expect(queue.poll(now: 0) == .ended)
  }

  @Test func depthIsWeightedByTime() {
    var queue = queue(4, .block)
    _ = queue.offer(1, now: 10)  // 0 for 10
    _ = queue.offer(2, now: 20)  // 1 for 10
    _ = queue.poll(now: 50)  // 2 for 30
    // 1 for 50
    #expect(queue.depth.mean(now: 100) == (0 + 10 + 60 + 50) / 100.0)
    #expect(queue.depth.max == 2)
    #expect(queue.depth.current == 1)
  }

  /// Little's law: mean depth = rate × mean wait, whatever the arrivals.
  @Test(arguments: [OverloadPolicy.block, .latest, .dropOldest])
  func depthRateAndWaitAgree(_ policy: OverloadPolicy) {
    var random = SplitMix(state: 1)
    var queue = queue(5, policy)
    var now: UInt64 = 0
    var waits: UInt64 = 0
    var since: [Int: UInt64] = [:]
    for index in 0..<10_000 {
      now += .random(in: 0...1000, using: &random)
      if Bool.random(using: &random) {
        switch queue.offer(index, now: now) {
        case .stored: since[index] = now
        case .replaced(let old):
          since[index] = now
          waits += now - since[old]!
        case .refused, .closed, .full: break
        }
      } else if case .element(_, let waited) = queue.poll(now: now) {
        waits += waited
      }
    }
    while case .element(_, let waited) = queue.poll(now: now) { waits += waited }
    let depth = queue.depth.mean(now: now)
    #expect(abs(depth - Double(waits) / Double(now)) < 1e-9 * Double(now))
    #expect(abs(depth / (Double(waits) / Double(now)) - 1) < 1e-9)
  }
}
