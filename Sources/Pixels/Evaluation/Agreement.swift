// SPDX-License-Identifier: Apache-2.0

public import Buffers

/// How many pixels two models label alike.
public struct Agreement {
  public private(set) var same = 0
  public private(set) var pixels = 0

  public init() {}

  /// 0…1.
  public var share: Double { pixels == 0 ? 1 : Double(same) / Double(pixels) }

  /// - Precondition: maps of one size.
  public mutating func add(_ a: LabelMap, _ b: LabelMap) {
    precondition(a.width == b.width && a.height == b.height, "label maps of two sizes")
    for row in 0..<a.height {
      let (left, right) = (a.pixels + row * a.rowBytes, b.pixels + row * b.rowBytes)
      for column in 0..<a.width where left[column] == right[column] { same += 1 }
    }
    pixels += a.width * a.height
  }
}
