// SPDX-License-Identifier: Apache-2.0

import Buffers
import Evaluation
import Testing

private func map(_ labels: [UInt8]) -> LabelMap {
  let map = LabelMap(width: labels.count, height: 1)
  for (column, label) in labels.enumerated() { map.pixels[column] = label }
  return map
}

private func matrix(_ truth: [UInt8], _ prediction: [UInt8], classes: Int) -> ConfusionMatrix {
  var matrix = ConfusionMatrix(classes: classes)
  matrix.add(prediction: map(prediction), truth: map(truth))
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
    #expect(Scores(matrix([11, 0, 255], [3, 0, 200], classes: 11)).pixels == 1)
  }

  @Test func aPredictionThatIsNoClassCountsAsWrong() {
    let counted = matrix([0, 1, 1], [0, 7, 1], classes: 2)
    #expect(counted.predictions(of: 2) == 1)
    #expect(Scores(counted).iou == [1, 0.5])
  }

  @Test func nothingGivesZero() {
    let scores = Scores(ConfusionMatrix(classes: 4))
    #expect(scores.meanIoU == 0 && scores.pixelAccuracy == 0 && scores.weakest == nil)
  }
}
