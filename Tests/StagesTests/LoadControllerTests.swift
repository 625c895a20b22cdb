// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Stages

/// The controller against simulated loads: a source of a steady rate, one network, one place in front of it.
@Suite struct LoadControllerTests {
  private static let skip = (1...6).map { LoadController.Level(share: 1 / Double($0)) }
  private static let sizes = [1, 0.5625, 0.3164].map { LoadController.Level(work: $0) }

  /// What came of a simulation.
  private struct Course {
    var levels: [(second: Double, level: Int)] = []
    var frames = 0
    var lost = 0

    /// Frames of the last half of the time, and those of them that were lost.
    var late = (frames: 0, lost: 0)
    var lastLevel: Int { levels.last?.level ?? 0 }
  }

  /// Runs a pipeline in thought. The network takes `service(second)` seconds for a whole frame.
  ///
  /// - Parameter jitter: by what share services differ, in a fixed pattern.
  private func simulate(
    _ levels: [LoadController.Level], seconds: Double, rate: Double = 30, budget: Double? = nil,
    jitter: Double = 0, service: (Double) -> Double
  ) -> Course {
    var controller = LoadController(levels: levels, budget: budget.map { UInt64($0 * 1e9) })
    var course = Course()
    var queue: [(born: Double, isSeen: Bool)] = []
    var turn = 0, noise: UInt32 = 1
    var free = 0.0
    func pattern() -> Double {
      noise = noise &* 1_664_525 &+ 1_013_904_223
      return Double(noise >> 8) / Double(1 << 24) * 2 - 1
    }
    for index in 0..<Int(seconds * rate) {
      let now = Double(index) / rate
      // What the network did until this frame came.
      while let next = queue.first, max(free, next.born) < now {
        queue.removeFirst()
        let begin = max(free, next.born)
        let cost = next.isSeen ? service(begin) * levels[controller.level].work * (1 + jitter * pattern()) : 0
        free = begin + cost
        let was = controller.level
        controller.framePassed(
          service: next.isSeen ? UInt64(cost * 1e9) : nil, age: UInt64((free - next.born) * 1e9),
          at: UInt64(free * 1e9))
        if controller.level != was {
          course.levels.append((free, controller.level))
          turn = 0
        }
      }
      controller.frameCame(at: UInt64(now * 1e9))
      let isLate = now > seconds / 2
      course.frames += 1
      if isLate { course.late.frames += 1 }
      let stride = levels[0].share == levels.last!.share ? 1 : controller.level + 1
      if queue.count >= stride {
        queue.removeFirst()
        course.lost += 1
        if isLate { course.late.lost += 1 }
      }
      queue.append((now, turn == 0))
      turn = turn + 1 >= stride ? 0 : turn + 1
    }
    return course
  }

  @Test(arguments: [false, true])
  func aNetworkThatKeepsUpIsLeftAlone(bySize: Bool) {
    let course = simulate(
      bySize ? Self.sizes : Self.skip, seconds: 600, budget: 0.2, jitter: 0.1, service: { _ in 0.025 })
    #expect(course.levels.isEmpty && course.lost == 0)
  }

  @Test(arguments: [(0.045, 1), (0.08, 2), (0.11, 3), (0.15, 5)])
  func framesAreSkippedAsFarAsNeeded(service: Double, level: Int) {
    let course = simulate(Self.skip, seconds: 120, jitter: 0.05, service: { _ in service })
    #expect(course.lastLevel == level, "\(course.levels)")
    #expect(course.levels.first.map { $0.second < 2 } == true)
    #expect(course.late.lost * 50 <= course.late.frames, "\(course.late)")
  }

  @Test(arguments: [(0.05, 1), (0.08, 2)])
  func theSizeShrinksAsFarAsNeeded(service: Double, level: Int) {
    let course = simulate(Self.sizes, seconds: 120, jitter: 0.05, service: { _ in service })
    #expect(course.lastLevel == level, "\(course.levels)")
    #expect(course.late.lost * 50 <= course.late.frames, "\(course.late)")
  }

  @Test func whatCannotFitEndsAtTheLastLevel() {
    let course = simulate(Self.sizes, seconds: 60, service: { _ in 0.5 })
    #expect(course.levels.count == 1 && course.lastLevel == 2, "\(course.levels)")
  }

  @Test(arguments: [false, true])
  func allTheWorkIsDoneAgainWhenItFits(bySize: Bool) {
    let course = simulate(
      bySize ? Self.sizes : Self.skip, seconds: 120, jitter: 0.05, service: { $0 < 30 ? 0.1 : 0.015 })
    #expect(course.lastLevel == 0, "\(course.levels)")
    let back = course.levels.first { $0.second > 30 }
    #expect(back.map { $0.second > 34.5 && $0.second < 45 } == true, "\(course.levels)")
  }

  /// Loads at which a level is too little and the next too much.
  @Test(arguments: Array(stride(from: 0.030, through: 0.130, by: 0.0025)))
  func noLoadMakesItSwing(service: Double) {
    for levels in [Self.skip, Self.sizes] {
      let course = simulate(levels, seconds: 1200, jitter: 0.3, service: { _ in service })
      // Twenty minutes.
      #expect(course.levels.count <= 12, "\(service): \(course.levels)")
    }
  }

  /// Other work on the machine comes and goes every few seconds.
  @Test func aRestlessLoadIsTakenCalmly() {
    let course = simulate(
      Self.sizes, seconds: 600, jitter: 0.1, service: { Int($0 / 4) % 2 == 0 ? 0.02 : 0.05 })
    #expect(course.levels.count <= 20, "\(course.levels)")
  }

  @Test func anAgeBeyondTheBudgetShrinksTheSize() {
    // Ten frames a second: there is time enough, and yet they come too late.
    let course = simulate(Self.sizes, seconds: 60, rate: 10, budget: 0.06, service: { _ in 0.08 })
    #expect(course.lastLevel == 1, "\(course.levels)")
    let idle = simulate(Self.sizes, seconds: 60, rate: 10, budget: 0.1, service: { _ in 0.08 })
    #expect(idle.levels.isEmpty)
  }
}
