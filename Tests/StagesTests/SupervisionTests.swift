// SPDX-License-Identifier: Apache-2.0

import Frames
import Testing

@testable import Stages

/// Restarting, sharing of threads, and telling waiting from hanging.
@Suite struct SupervisionTests {
  private func schedule(_ policy: PipelineConfig.Restart.Policy) -> RestartSchedule {
    var options = PipelineConfig.Restart()
    options.policy = policy
    return RestartSchedule(options)
  }

  @Test func waitsGrowToTheLongest() {
    var schedule = schedule(.onFailure)
    func wait(afterRunning seconds: Double, failed: Bool, chance: Double) -> Double? {
      schedule.wait(afterRunning: seconds, failed: failed, chance: chance)
    }
    let waits = (0..<8).map { _ in wait(afterRunning: 0, failed: true, chance: 0) }
    #expect(waits == [1, 2, 4, 8, 15, 30, 30, 30])
    #expect(wait(afterRunning: 61, failed: true, chance: 0) == 1)
    #expect(wait(afterRunning: 59, failed: true, chance: 0) == 2)
    #expect(wait(afterRunning: 0, failed: true, chance: -1).map { abs($0 - 3.2) < 1e-9 } == true)
    #expect(wait(afterRunning: 0, failed: true, chance: 1).map { abs($0 - 9.6) < 1e-9 } == true)
  }

  @Test func thePolicyDecides() {
    for (policy, failed, again) in [
      (.never, true, false), (.never, false, false), (.onFailure, true, true), (.onFailure, false, false),
      (.always, true, true), (.always, false, true),
    ] as [(PipelineConfig.Restart.Policy, Bool, Bool)] {
      var schedule = schedule(policy)
      let wait = schedule.wait(afterRunning: 1, failed: failed, chance: 0)
      #expect((wait != nil) == again)
    }
  }

  @Test func threadsAreSharedFairly() {
    func shares(_ total: Int, _ wanted: [Int?]) -> [Int] {
      ThreadBudget.shares(of: ThreadBudget(total: total), among: wanted)
    }
    #expect(shares(8, [nil, nil]) == [4, 4])
    #expect(shares(8, [nil, nil, nil]) == [3, 3, 2])
    #expect(shares(8, [1, nil, nil]) == [1, 4, 3])
    #expect(shares(8, [2, 2]) == [2, 2])
    #expect(shares(2, [nil, nil, nil]) == [1, 1, 1])
    #expect(shares(4, [nil]) == [4])
  }

  private func sign(_ booked: Int, inside: Int, _ source: SourceStatus.State) -> Liveness.Sign {
    var status = SourceStatus()
    status.state = source
    return Liveness.Sign(booked: booked, inFlight: inside, source: status)
  }

  @Test func framesThatStandStillAreAHang() {
    var liveness = Liveness(limit: 10, stallTime: 5)
    func isAlive(_ sign: Liveness.Sign, at now: Double) -> Bool { liveness.isAlive(sign, at: now) }
    #expect(isAlive(sign(1, inside: 1, .live), at: 0))
    #expect(isAlive(sign(1, inside: 1, .live), at: 9))
    #expect(!isAlive(sign(1, inside: 1, .live), at: 11))
    #expect(isAlive(sign(2, inside: 1, .live), at: 12))
    #expect(isAlive(sign(2, inside: 1, .live), at: 21))
  }

  @Test(arguments: [SourceStatus.State.opening, .stalled, .offline])
  func aSourceThatIsAwayIsWaitedFor(_ state: SourceStatus.State) {
    var liveness = Liveness(limit: 10, stallTime: 5)
    func isAlive(_ sign: Liveness.Sign, at now: Double) -> Bool { liveness.isAlive(sign, at: now) }
    _ = isAlive(sign(1, inside: 0, state), at: 0)
    #expect(isAlive(sign(1, inside: 0, state), at: 100_000))
  }

  @Test func aSourceThatOnlyClaimsToLiveHangs() {
    var liveness = Liveness(limit: 10, stallTime: 5)
    func isAlive(_ sign: Liveness.Sign, at now: Double) -> Bool { liveness.isAlive(sign, at: now) }
    _ = isAlive(sign(1, inside: 0, .live), at: 0)
    #expect(isAlive(sign(1, inside: 0, .live), at: 19))
    #expect(!isAlive(sign(1, inside: 0, .live), at: 21))
  }
}
