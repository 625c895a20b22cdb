// SPDX-License-Identifier: Apache-2.0

import GraphIR

/// The parts of RefineNet (arXiv 1611.06612) and its light form (arXiv 1810.03272).
enum ResidualRefinement {
  /// Branches begin small beside the sum that they join. 0.01 is the authors'.
  private static let start = NetworkBuilder.Start.normal(deviation: 0.01)
  /// The same for branches with normalization. Where pooled maps begin as large as the map itself, training has first
  /// to find the detail again.
  private static let startingScale: Float = 0.1

  /// CRP: a chain of pool and convolution, each result added to the sum.
  ///
  /// `kernel` 1 with batch normalization is the light form, 3 without is the original.
  static func chainedPooling(
    _ x: String, _ name: String, stages: Int, kernel: Int, _ builder: inout NetworkBuilder
  ) throws -> String {
    let channels = builder.map(x).channels
    let pooling = Pooling(kernel: Pair(5), strides: Pair(1), pads: Pads(2))
    var sum = x
    var top = x
    for stage in 1...stages {
      let step = "\(name).crp\(stage)"
      top = try builder.node("\(step).pool", .maxPool(pooling), top)
      if kernel == 1 {
        top = try builder.layer(top, step, channels, scale: startingScale, curve: .none)
      } else {
        top = try builder.conv(top, step, channels, kernel: kernel, start: start)
      }
      sum = try builder.node("\(step).add", .add, sum, top)
    }
    return sum
  }

  /// RCU: x + conv(ReLU(conv(ReLU(x)))), the first convolution with a bias.
  static func unit(_ x: String, _ name: String, _ builder: inout NetworkBuilder) throws -> String {
    let channels = builder.map(x).channels
    var y = try builder.node("\(name).relu1", .relu, x)
    y = try builder.conv(y, "\(name).conv1", channels, kernel: 3, bias: true, start: start)
    y = try builder.node("\(name).relu2", .relu, y)
    y = try builder.conv(y, "\(name).conv2", channels, kernel: 3, start: start)
    return try builder.node("\(name).add", .add, x, y)
  }

  static func build(
    _ x: String, _ refinement: NetworkSpec.Refinement, _ name: String, _ builder: inout NetworkBuilder
  ) throws -> String {
    switch refinement {
    case .none: return x
    case .chainedPooling(let stages):
      return try chainedPooling(x, name, stages: stages, kernel: 1, &builder)
    case .residualChainedPooling(let stages):
      var y = try builder.node("\(name).relu", .relu, x)
      y = try chainedPooling(y, name, stages: stages, kernel: 3, &builder)
      for index in 1...3 { y = try unit(y, "\(name).rcu\(index)", &builder) }
      return y
    }
  }
}
