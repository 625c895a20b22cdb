// SPDX-License-Identifier: Apache-2.0

import GraphIR

/// The maps that a backbone gives, at strides 4, 8, 16 and 32.
struct Taps {
  var s4: String
  var s8: String
  var s16: String
  var s32: String
}

/// A trunk of inverted residuals with ReLU6, to the last block: MobileNetV2 (arXiv 1801.04381) and EfficientNet-Lite.
///
/// Stride-2 convolutions pad as TensorFlow does on even sizes: what is odd, behind. Taps are block outputs, signed
/// and without activation.
struct InvertedResiduals {
  /// Blocks alike but for the first, which may halve and widen.
  struct Stage {
    var expansion: Int
    var channels: Int
    var repeats: Int
    var stride: Int
    var kernel: Int
  }

  private static let epsilon: Float = 1e-3
  private var stem: Int
  private var stages: [Stage]

  /// `width` multiplies every channel count.
  static func mobileNetV2(width: Double) -> InvertedResiduals {
    InvertedResiduals(
      stem: scaled(32, by: width), width: width,
      [
        (1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 32, 3, 2, 3), (6, 64, 4, 2, 3), (6, 96, 3, 1, 3),
        (6, 160, 3, 2, 3), (6, 320, 1, 1, 3),
      ])
  }

  /// EfficientNet (arXiv 1905.11946) without squeeze-and-excitation and swish, as TensorFlow's TPU models define it:
  /// the stem keeps its width, the first and the last stage their depth.
  static func efficientNetLite(_ size: NetworkSpec.EfficientNetLiteSize) -> InvertedResiduals {
    let (width, depth) = size.factors
    func deep(_ repeats: Int) -> Int { Int((Double(repeats) * depth).rounded(.up)) }
    return InvertedResiduals(
      stem: 32, width: width,
      [
        (1, 16, 1, 1, 3), (6, 24, deep(2), 2, 3), (6, 40, deep(2), 2, 5), (6, 80, deep(3), 2, 3),
        (6, 112, deep(3), 1, 5), (6, 192, deep(4), 2, 5), (6, 320, 1, 1, 3),
      ])
  }

  /// - Parameter stages: expansion, channels before `width`, repeats, stride, kernel.
  private init(stem: Int, width: Double, _ stages: [(Int, Int, Int, Int, Int)]) {
    self.stem = stem
    self.stages = stages.map { expansion, channels, repeats, stride, kernel in
      Stage(
        expansion: expansion, channels: Self.scaled(channels, by: width), repeats: repeats, stride: stride,
        kernel: kernel)
    }
  }

  /// Channels after the width multiplier: the nearest multiple of 8, never less than nine tenths.
  private static func scaled(_ channels: Int, by width: Double) -> Int {
    let wanted = Double(channels) * width
    var rounded = max(8, Int(wanted + 4) / 8 * 8)
    if Double(rounded) < 0.9 * wanted { rounded += 8 }
    return rounded
  }

  func build(_ image: String, _ builder: inout NetworkBuilder) throws -> Taps {
    var x = try builder.layer(
      image, "backbone.stem", stem, kernel: 3, stride: 2, pads: Self.pads(kernel: 3, stride: 2),
      epsilon: Self.epsilon, curve: .relu6)
    var ends: [String] = []
    var number = 0
    for stage in stages {
      for index in 0..<stage.repeats {
        number += 1
        x = try block(
          x, "backbone.b" + (number < 10 ? "0" : "") + "\(number)", stage,
          stride: index == 0 ? stage.stride : 1,
          &builder)
      }
      ends.append(x)
    }
    return Taps(s4: ends[1], s8: ends[2], s16: ends[4], s32: ends[6])
  }

  private static func pads(kernel: Int, stride: Int) -> Pads {
    let all = kernel - stride
    return Pads(top: all / 2, left: all / 2, bottom: all - all / 2, right: all - all / 2)
  }

  /// Inverted residual: expand, depthwise, project; the input is added where shapes agree.
  private func block(
    _ x: String, _ name: String, _ stage: Stage, stride: Int, _ builder: inout NetworkBuilder
  ) throws -> String {
    let inputs = builder.map(x).channels
    let inner = inputs * stage.expansion
    var y = x
    if stage.expansion > 1 {
      y = try builder.layer(y, "\(name).expand", inner, epsilon: Self.epsilon, curve: .relu6)
    }
    y = try builder.layer(
      y, "\(name).dw", inner, kernel: stage.kernel, stride: stride, groups: inner,
      pads: Self.pads(kernel: stage.kernel, stride: stride), epsilon: Self.epsilon, curve: .relu6)
    y = try builder.layer(y, "\(name).project", stage.channels, epsilon: Self.epsilon, curve: .none)
    guard stride == 1, inputs == stage.channels else { return y }
    return try builder.node("\(name).add", .add, x, y)
  }
}
