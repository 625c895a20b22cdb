// SPDX-License-Identifier: Apache-2.0

import GraphIR

/// The maps that a backbone gives, at strides 4, 8, 16 and 32.
struct Taps {
  var s4: String
  var s8: String
  var s16: String
  var s32: String
}

/// The trunk of MobileNetV2 (arXiv 1801.04381), to the last inverted residual.
///
/// Stride-2 convolutions pad as TensorFlow does on even sizes: nothing before, one behind. Taps are block
/// outputs, signed and without activation.
struct MobileNetV2 {
  var width: Double

  private static let epsilon: Float = 1e-3
  /// Expansion, channels, repeats, first stride.
  private static let stages = [
    (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
  ]

  /// Channels after the width multiplier: the nearest multiple of 8, never less than nine tenths.
  private func scaled(_ channels: Int) -> Int {
    let wanted = Double(channels) * width
    var rounded = max(8, Int(wanted + 4) / 8 * 8)
    if Double(rounded) < 0.9 * wanted { rounded += 8 }
    return rounded
  }

  func build(_ image: String, _ builder: inout NetworkBuilder) throws -> Taps {
    let halving = Pads(top: 0, left: 0, bottom: 1, right: 1)
    var x = try builder.layer(
      image, "backbone.stem", scaled(32), kernel: 3, stride: 2, pads: halving, epsilon: Self.epsilon,
      curve: .relu6)
    var ends: [String] = []
    var number = 0
    for (expansion, channels, repeats, firstStride) in Self.stages {
      for index in 0..<repeats {
        number += 1
        x = try block(
          x, "backbone.b" + (number < 10 ? "0" : "") + "\(number)", expansion: expansion,
          channels: scaled(channels),
          stride: index == 0 ? firstStride : 1, halving: halving, &builder)
      }
      ends.append(x)
    }
    return Taps(s4: ends[1], s8: ends[2], s16: ends[4], s32: ends[6])
  }

  /// Inverted residual: expand, depthwise, project; the input is added where shapes agree.
  private func block(
    _ x: String, _ name: String, expansion: Int, channels: Int, stride: Int, halving: Pads,
    _ builder: inout NetworkBuilder
  ) throws -> String {
    let inputs = builder.map(x).channels
    let inner = inputs * expansion
    var y = x
    if expansion > 1 {
      y = try builder.layer(y, "\(name).expand", inner, epsilon: Self.epsilon, curve: .relu6)
    }
    y = try builder.layer(
      y, "\(name).dw", inner, kernel: 3, stride: stride, groups: inner, pads: stride == 2 ? halving : nil,
      epsilon: Self.epsilon, curve: .relu6)
    y = try builder.layer(y, "\(name).project", channels, epsilon: Self.epsilon, curve: .none)
    guard stride == 1, inputs == channels else { return y }
    return try builder.node("\(name).add", .add, x, y)
  }
}
