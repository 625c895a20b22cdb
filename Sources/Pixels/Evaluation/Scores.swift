// SPDX-License-Identifier: Apache-2.0

/// What a confusion matrix says about a model. Shares are 0…1.
public struct Scores: Sendable, Equatable {
  /// Pixels with a true class.
  public let pixels: UInt64
  /// Share of pixels given their true class.
  public let pixelAccuracy: Double
  /// Intersection over union by class; `nil` for a class that neither truth nor prediction holds.
  public let iou: [Double?]
  /// Mean of `iou` over the classes present.
  public let meanIoU: Double

  public init(_ matrix: ConfusionMatrix) {
    var right: UInt64 = 0
    var all: UInt64 = 0
    var iou: [Double?] = []
    for id in 0..<matrix.classes {
      let hit = matrix[truth: id, prediction: id]
      let truths = matrix.truths(of: id)
      let union = truths + matrix.predictions(of: id) - hit
      iou.append(union > 0 ? Double(hit) / Double(union) : nil)
      right += hit
      all += truths
    }
    let present = iou.compactMap(\.self)
    self.iou = iou
    pixels = all
    pixelAccuracy = all > 0 ? Double(right) / Double(all) : 0
    meanIoU = present.isEmpty ? 0 : present.reduce(0, +) / Double(present.count)
  }

  public var classesPresent: Int { iou.count { $0 != nil } }

  /// The present class with the lowest `iou`.
  public var weakest: Int? {
    iou.indices.filter { iou[$0] != nil }.min { iou[$0]! < iou[$1]! }
  }
}
