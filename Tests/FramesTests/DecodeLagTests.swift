// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Frames

@Suite struct DecodeLagTests {
  /// Packets at 25 a second; each is decoded in `cost` seconds, and is there `late` seconds after its time.
  private func run(
    seconds: Double, cost: (Double, DecodeLag.Measure) -> Double, late: (Double) -> Double = { _ in 0 }
  ) -> [DecodeLag.Measure] {
    var lag = DecodeLag()
    var clock = 100.0
    var measures: [DecodeLag.Measure] = []
    for index in 0..<Int(seconds * 25) {
      let media = Double(index) / 25
      let ready = 100 + media + late(media)
      let waited = max(0, ready - clock)
      clock = max(clock, ready)
      lag.note(now: clock, media: media, waited: waited)
      measures.append(lag.measure)
      clock += cost(media, lag.measure)
    }
    return measures
  }

  @Test func fastDecodingLeavesNothingOut() {
    #expect(run(seconds: 60, cost: { _, _ in 0.03 }).allSatisfy { $0 == .everything })
  }

  @Test func slowDecodingLeavesOutMoreAndMore() {
    let measures = run(seconds: 60, cost: { _, measure in measure == .keyFrames ? 0.001 : 0.06 })
    #expect(measures.contains(.references) && measures.contains(.keyFrames))
    // It catches up and starts over.
    #expect(measures.last { $0 == .everything } != nil && measures[1000...].contains(.everything))
    let mild = run(seconds: 60, cost: { _, measure in measure == .everything ? 0.045 : 0.025 })
    #expect(mild.contains(.references) && !mild.contains(.keyFrames))
  }

  @Test func aSlowMomentIsForgiven() {
    let measures = run(seconds: 30, cost: { time, _ in time > 10 && time < 10.04 ? 0.9 : 0.01 })
    #expect(measures.allSatisfy { $0 == .everything })
  }

  /// The network held packets back for three seconds; they come at once, and are decoded quickly.
  @Test func aLateNetworkIsNoSlowDecoder() {
    let measures = run(seconds: 30, cost: { _, _ in 0.005 }, late: { $0 > 10 && $0 < 13 ? 13 - $0 : 0 })
    #expect(measures.allSatisfy { $0 == .everything })
  }

  @Test func aSourceWithFewFramesIsNotBehind() {
    // 30 fps become 8 at night.
    var lag = DecodeLag()
    var time = 0.0
    for index in 0..<2000 {
      let step = index < 1000 ? 1 / 30.0 : 1 / 8.0
      time += step
      lag.note(now: 50 + time, media: time, waited: step * 0.9)
      #expect(lag.measure == .everything)
    }
  }

  @Test func aClockThatStartsAnewIsMeasuredAnew() {
    var lag = DecodeLag()
    for index in 0..<3000 {
      let now = Double(index) / 25
      lag.note(now: now, media: index < 1000 ? now : index < 2000 ? now - 3600 : now + 40, waited: 0.03)
      #expect(lag.measure == .everything)
    }
  }
}
