// SPDX-License-Identifier: Apache-2.0

public import Buffers
internal import Foundation

/// Labels of some frames held against their truth.
public struct Assessment {
  public let names: [String]
  public private(set) var frames = 0
  public private(set) var matrix: ConfusionMatrix
  public private(set) var boundary: BoundaryCounts
  /// Pixels that another model labels alike, of all.
  public private(set) var agreement: Agreement?
  /// Of frames that follow each other.
  public private(set) var consistency: TemporalConsistency?

  public init(names: [String], isFilm: Bool) {
    self.names = names
    matrix = ConfusionMatrix(classes: names.count)
    boundary = BoundaryCounts(classes: names.count)
    consistency = isFilm ? TemporalConsistency(classes: names.count) : nil
  }

  public mutating func add(prediction: LabelMap, truth: LabelMap) {
    matrix.add(prediction: prediction, truth: truth)
    boundary.add(prediction: prediction, truth: truth)
    consistency?.add(prediction: prediction, truth: truth)
    frames += 1
  }

  public mutating func add(_ prediction: LabelMap, beside other: LabelMap) {
    var sum = agreement ?? Agreement()
    sum.add(prediction, other)
    agreement = sum
  }
}

extension Assessment {
  public var text: String {
    let scores = Scores(matrix)
    func percent(_ share: Double) -> String { String(format: "%.2f%%", share * 100) }
    let width = (names.map(\.count).max() ?? 0) + 2
    func cell(_ share: Double?) -> String { share.map { String(format: "%6.2f", $0 * 100) } ?? "     -" }
    let outlines = boundary.scores
    var lines = names.indices.map {
      names[$0].padding(toLength: width, withPad: " ", startingAt: 0) + cell(scores.iou[$0]) + "      "
        + cell(outlines[$0])
    }
    lines.insert("class".padding(toLength: width, withPad: " ", startingAt: 0) + "   IoU  boundary F", at: 0)
    var last =
      "frames \(frames)   pixels \(String(format: "%.1f", Double(scores.pixels) / 1e6)) M   "
      + "pixel accuracy \(percent(scores.pixelAccuracy))   mIoU \(percent(scores.meanIoU))   "
      + "boundary F \(percent(boundary.mean))   "
      + "classes present \(scores.classesPresent) of \(names.count)"
    if let agreement { last += "   agreement \(String(format: "%.3f%%", agreement.share * 100))" }
    if let share = consistency?.share { last += "   steady \(percent(share))" }
    if let weakest = scores.weakest {
      last += "   weakest \(names[weakest]) \(percent(scores.iou[weakest]!))"
    }
    return (lines + ["", last]).joined(separator: "\n")
  }
}
