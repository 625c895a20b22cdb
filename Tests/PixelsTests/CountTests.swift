// SPDX-License-Identifier: Apache-2.0

import Buffers
import CPU
import Pixels
import TestSupport
import Testing

@Suite struct CountTests {
  @Test(arguments: CPULevel.usable)
  func histogramCountsEveryPixel(_ level: CPULevel) {
    var random = SplitMix(state: 1)
    let labels = LabelMap(width: 133, height: 21)
    labels.fill(&random, classes: 11)
    var want = [UInt64](repeating: 0, count: 256)
    for id in labels.bytes { want[Int(id)] += 1 }
    #expect(classHistogram(of: labels, level: level) == want)
  }

  @Test(arguments: CPULevel.usable)
  func confusionLeavesOutWhatIsNoClass(_ level: CPULevel) {
    var random = SplitMix(state: 2)
    let (predicted, truth) = (LabelMap(width: 70, height: 9), LabelMap(width: 70, height: 9))
    predicted.fill(&random, classes: 5)
    truth.fill(&random, classes: 7)
    var counts = [UInt64](repeating: 0, count: 30)
    addConfusion(predicted: predicted, truth: truth, classes: 5, to: &counts, level: level)
    var want = [UInt64](repeating: 0, count: 30)
    for (p, t) in zip(predicted.bytes, truth.bytes) where t < 5 { want[Int(t) * 6 + Int(min(p, 5))] += 1 }
    #expect(counts == want)
  }
}
