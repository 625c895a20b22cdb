// SPDX-License-Identifier: Apache-2.0

public import Buffers
internal import Pixels

/// How often each true class was given each predicted class, in pixels.
public struct ConfusionMatrix: Sendable, Equatable {
  public let classes: Int
  /// Row-major `[truth][prediction]`; the last of `classes + 1` columns counts predictions that are no class.
  private var counts: [UInt64]

  public init(classes: Int) {
    precondition((1...255).contains(classes), "1 to 255 classes, not \(classes)")
    self.classes = classes
    counts = Array(repeating: 0, count: classes * (classes + 1))
  }

  /// Pixels of true class `truth` that were given `prediction`.
  public subscript(truth truth: Int, prediction prediction: Int) -> UInt64 {
    counts[truth * (classes + 1) + prediction]
  }

  /// Adds a picture. Pixels whose truth is no class (void) count nowhere.
  ///
  /// - Precondition: the maps have one size.
  public mutating func add(prediction: LabelMap, truth: LabelMap) {
    addConfusion(predicted: prediction, truth: truth, classes: classes, to: &counts)
  }

  /// Pixels of a class in the truth.
  public func truths(of id: Int) -> UInt64 {
    (0...classes).reduce(0) { $0 + self[truth: id, prediction: $1] }
  }

  /// Pixels with a true class that were given class `id`, or none for `id` = `classes`.
  public func predictions(of id: Int) -> UInt64 {
    (0..<classes).reduce(0) { $0 + self[truth: $1, prediction: id] }
  }
}
