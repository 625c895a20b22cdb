// SPDX-License-Identifier: Apache-2.0

import Buffers

/// Reproducible numbers.
struct Noise {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 &+ 1 }

  /// Between `low` and `high`.
  mutating func next(_ low: Float = -1, _ high: Float = 1) -> Float {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return low + (high - low) * Float(state >> 40) * 0x1p-24
  }

  mutating func tensor(_ shape: Shape, _ low: Float = -1, _ high: Float = 1) -> Tensor {
    Tensor((0..<shape.count).map { _ in next(low, high) }, shape: shape)
  }
}

extension Tensor {
  /// A rank-4 tensor with its channels moved from second to last place, or back; others as they are.
  func moved(toLast: Bool) -> Tensor {
    guard shape.rank == 4 else { return self }
    let extents = shape.extents
    let (batch, channels) = (extents[0], toLast ? extents[1] : extents[3])
    let pixels = shape.count / batch / channels
    let source = elements(as: Float.self)
    var result = source
    for picture in 0..<batch {
      let base = picture * pixels * channels
      for pixel in 0..<pixels {
        for channel in 0..<channels {
          let first = base + channel * pixels + pixel
          let last = base + pixel * channels + channel
          result[toLast ? last : first] = source[toLast ? first : last]
        }
      }
    }
    let moved =
      toLast
      ? [batch, extents[2], extents[3], channels] : [batch, channels, extents[1], extents[2]]
    return Tensor(result, shape: Shape(moved))
  }
}
