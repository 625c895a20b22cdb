// SPDX-License-Identifier: Apache-2.0

import GraphIR

/// The parts of RefineNet (arXiv 1611.06612) and its light form (arXiv 1810.03272).
///
/// Batch normalization behind every convolution of the original is ours. Without it, maps of 64 channels grew at each
/// level, to twenty times the size of a normalized layer's, and training was slow to begin (docs/networks.md).
enum ResidualRefinement {
  /// Branches begin small beside the sum that they join. Where pooled maps begin as large as the map itself, training
  /// has first to find the detail again.
  private static let startingScale: Float = 0.1

  /// CRP: a chain of pool and convolution, each result added to the sum. `kernel` 1 is the light form, 3 the original.
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
      top = try builder.layer(top, step, channels, kernel: kernel, scale: startingScale, curve: .none)
      sum = try builder.node("\(step).add", .add, sum, top)
    }
    return sum
  }

  /// RCU: x + conv(ReLU(conv(ReLU(x)))).
  static func unit(_ x: String, _ name: String, _ builder: inout NetworkBuilder) throws -> String {
    let channels = builder.map(x).channels
    var y = try builder.node("\(name).relu", .relu, x)
    y = try builder.layer(y, "\(name).conv1", channels, kernel: 3)
    y = try builder.layer(y, "\(name).conv2", channels, kernel: 3, scale: startingScale, curve: .none)
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
