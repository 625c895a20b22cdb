// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Testing

private func matrix(_ truth: [UInt8], _ prediction: [UInt8], classes: Int) -> ConfusionMatrix {
  var matrix = ConfusionMatrix(classes: classes)
  #expect(matrix.add(truth: truth, prediction: prediction, count: truth.count) == nil)
  return matrix
}

@Suite struct ScoresTests {
  @Test func countsByHand() {
    // Class 0: 2 of 3 found, 1 wrongly given; class 1: 1 of 2 found, 1 wrongly given; 255 ignored.
    let scores = Scores(matrix([0, 0, 0, 1, 1, 255], [0, 0, 1, 1, 0, 1], classes: 3))
    #expect(scores.pixels == 5)
    #expect(scores.pixelAccuracy == 3.0 / 5)
    #expect(scores.iou == [2.0 / 4, 1.0 / 3, nil])
    #expect(scores.meanIoU == (2.0 / 4 + 1.0 / 3) / 2)
    #expect(scores.classesPresent == 2)
    #expect(scores.weakest == 1)
  }

  @Test func everyTruthBeyondTheClassesIsIgnored() {
    let counted = matrix([11, 0, 255], [3, 0, 200], classes: 11)
    #expect(counted.ignored == 2)
    #expect(Scores(counted).pixels == 1)
  }

  @Test func aPredictionThatIsNoClassIsRefused() {
    var matrix = ConfusionMatrix(classes: 2)
    #expect(matrix.add(truth: [0, 1], prediction: [0, 7], count: 2) == 7)
    #expect(matrix == ConfusionMatrix(classes: 2))
  }

  @Test func nothingGivesZero() {
    let scores = Scores(ConfusionMatrix(classes: 4))
    #expect(scores.meanIoU == 0 && scores.pixelAccuracy == 0 && scores.weakest == nil)
  }
}
