// SPDX-License-Identifier: Apache-2.0

public import Buffers

/// How steady the labels of a film are: of the pixels whose true class stays from one frame to the next, the
/// share whose predicted class stays too. A prediction that is wrong in the same way twice is steady.
public struct TemporalConsistency: Sendable {
  public let classes: Int
  /// Pixels whose true class stayed, and those of them whose predicted class did.
  public private(set) var pixels: UInt64 = 0
  public private(set) var steady: UInt64 = 0
  private var last: (prediction: [UInt8], truth: [UInt8])?

  public init(classes: Int) { self.classes = classes }

  /// Adds the next frame.
  ///
  /// - Precondition: all maps have one size.
  public mutating func add(prediction: LabelMap, truth: LabelMap) {
    let now = (prediction: TemporalConsistency.packed(prediction), truth: TemporalConsistency.packed(truth))
    if let last {
      precondition(last.truth.count == now.truth.count, "frames of one size")
      for at in now.truth.indices where now.truth[at] < classes && now.truth[at] == last.truth[at] {
        pixels += 1
        if now.prediction[at] == last.prediction[at] { steady += 1 }
      }
    }
    last = now
  }

  /// 0…1; `nil` before the second frame.
  public var share: Double? { pixels > 0 ? Double(steady) / Double(pixels) : nil }

  private static func packed(_ map: LabelMap) -> [UInt8] {
    (0..<map.height).flatMap { row in
      UnsafeBufferPointer(start: map.pixels + row * map.rowBytes, count: map.width)
    }
  }
}
