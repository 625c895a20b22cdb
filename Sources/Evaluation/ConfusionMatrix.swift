// SPDX-License-Identifier: Apache-2.0

/// How often each true class was given each predicted class, in pixels.
public struct ConfusionMatrix: Sendable, Equatable {
  public let classes: Int
  /// Row-major `[truth][prediction]`.
  public private(set) var counts: [UInt64]
  /// Pixels whose truth is no class (void); they count nowhere.
  public private(set) var ignored: UInt64 = 0

  public init(classes: Int) {
    precondition((1...255).contains(classes), "1 to 255 classes, not \(classes)")
    self.classes = classes
    counts = Array(repeating: 0, count: classes * classes)
  }

  public subscript(truth truth: Int, prediction prediction: Int) -> UInt64 {
    counts[truth * classes + prediction]
  }

  /// Adds one row of pixels.
  ///
  /// - Returns: the first predicted value that is no class, where there is one; the row is then not added.
  public mutating func add(
    truth: UnsafePointer<UInt8>, prediction: UnsafePointer<UInt8>, count: Int
  ) -> UInt8? {
    for i in 0..<count where Int(prediction[i]) >= classes && Int(truth[i]) < classes {
      return prediction[i]
    }
    counts.withUnsafeMutableBufferPointer { counts in
      for i in 0..<count {
        let truth = Int(truth[i])
        guard truth < classes else {
          ignored += 1
          continue
        }
        counts[truth * classes + Int(prediction[i])] += 1
      }
    }
    return nil
  }

  /// Pixels of a class in the truth.
  public func truths(of id: Int) -> UInt64 { (0..<classes).reduce(0) { $0 + self[truth: id, prediction: $1] } }

  /// Pixels given to a class.
  public func predictions(of id: Int) -> UInt64 { (0..<classes).reduce(0) { $0 + self[truth: $1, prediction: id] } }
}
