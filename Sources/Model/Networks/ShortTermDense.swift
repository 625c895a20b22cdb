// SPDX-License-Identifier: Apache-2.0

import GraphIR

/// The trunk of STDC (arXiv 2104.13188): dense 3x3 convolutions in place of depthwise ones, which suits dot-product
/// instructions.
///
/// A module halves its channels from one convolution to the next and concatenates what all of them give. The first of
/// a stage halves rows and columns behind its first convolution, by a depthwise convolution for the next one and by
/// averaging for the concatenation.
struct ShortTermDense {
  /// Modules of the stages that end at strides 8, 16 and 32.
  var modules: [Int]
  /// Multiplies every channel count.
  var width: Double

  /// Channels at strides 2 to 32.
  private static let channels = [32, 64, 256, 512, 1024]

  private func scaled(_ channels: Int) -> Int { max(16, Int(Double(channels) * width / 16) * 16) }

  func build(_ image: String, _ builder: inout NetworkBuilder) throws -> Taps {
    let channels = Self.channels.map(scaled)
    var x = try builder.layer(image, "backbone.stem1", channels[0], kernel: 3, stride: 2)
    x = try builder.layer(x, "backbone.stem2", channels[1], kernel: 3, stride: 2)
    var ends = [x]
    for (stage, count) in modules.enumerated() {
      for index in 0..<count {
        x = try module(
          x, "backbone.s\(stage + 3).m\(index + 1)", channels[stage + 2], halves: index == 0, &builder)
      }
      ends.append(x)
    }
    return Taps(s4: ends[0], s8: ends[1], s16: ends[2], s32: ends[3])
  }

  /// Four convolutions of a half, a quarter, an eighth and an eighth of the channels.
  private func module(
    _ x: String, _ name: String, _ channels: Int, halves: Bool, _ builder: inout NetworkBuilder
  )
    throws -> String
  {
    var y = try builder.layer(x, "\(name).conv1", channels / 2)
    var parts = [y]
    if halves {
      let window = Pooling(kernel: Pair(3), strides: Pair(2), pads: Pads(1), countIncludePad: true)
      parts = [try builder.node("\(name).pool", .averagePool(window), y)]
      y = try builder.layer(
        y, "\(name).dw", channels / 2, kernel: 3, stride: 2, groups: channels / 2, curve: .none)
    }
    for (index, share) in [4, 8, 8].enumerated() {
      y = try builder.layer(y, "\(name).conv\(index + 2)", channels / share, kernel: 3)
      parts.append(y)
    }
    return try builder.graph.node("\(name).concat", .concat(axis: 1), parts)
  }
}
