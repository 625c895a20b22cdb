// SPDX-License-Identifier: Apache-2.0

import Buffers
import GraphIR

/// Everything behind the backbone: context, one merge per level, refinements, classifier.
struct Head {
  var spec: NetworkSpec

  /// - Returns: the value `logits`, `[classes, H/4, W/4]`.
  func build(_ taps: Taps, _ builder: inout NetworkBuilder) throws -> String {
    var map = try context(taps, &builder)
    map = try ResidualRefinement.build(map, spec.refinements[0], "refine.s32", &builder)
    for (index, (stride, tap)) in [(16, taps.s16), (8, taps.s8), (4, taps.s4)].enumerated() {
      map = try merge(
        map, tap, "merge.s\(stride)", spec.merges[index], spec.fuses[index], &builder)
      if case .datasetContext(let form, let at) = spec.context, at == stride {
        map = try DatasetContext(form).build(map, classes: spec.classes.names.count, &builder)
      }
      map = try ResidualRefinement.build(map, spec.refinements[index + 1], "refine.s\(stride)", &builder)
    }
    return try builder.conv(
      map, "tail.classifier", spec.classes.names.count, kernel: spec.classifierKernel, bias: true,
      output: "logits")
  }

  private func context(_ taps: Taps, _ builder: inout NetworkBuilder) throws -> String {
    if case .contextualRefinement(let form) = spec.context {
      return try ContextualRefinement(form).build(taps, width: spec.width, &builder)
    }
    let lateral = try builder.layer(taps.s32, "context.lateral", spec.width)
    guard case .datasetContext(let form, stride: 32) = spec.context else { return lateral }
    return try DatasetContext(form).build(lateral, classes: spec.classes.names.count, &builder)
  }

  private func merge(
    _ coarse: String, _ tap: String, _ name: String, _ merge: NetworkSpec.Merge, _ fuse: NetworkSpec.Fuse,
    _ builder: inout NetworkBuilder
  ) throws -> String {
    if fuse == .light || fuse == .residual {
      return try residualMerge(coarse, tap, name, fuse, &builder)
    }
    let lateral = try builder.layer(tap, "\(name).lateral", spec.width)
    switch merge {
    case .add:
      let up = try builder.upsample(coarse, "\(name).up", to: lateral)
      let sum = try builder.node("\(name).add", .add, up, lateral)
      return try self.fuse(sum, name, fuse, &builder)
    case .semanticRefinement(let srm):
      let moved = try srm.build(coarse, lateral: lateral, name, &builder)
      let sum = try builder.node("\(name).add", .add, moved, lateral)
      return try self.fuse(sum, name, fuse, &builder)
    case .relationalSemantics(let rsp):
      let related = try rsp.build(coarse, lateral: lateral, name, &builder)
      let both = try builder.node("\(name).concat", .concat(axis: 1), lateral, related)
      return try self.fuse(both, name, fuse, &builder)
    }
  }

  private func fuse(
    _ x: String, _ name: String, _ fuse: NetworkSpec.Fuse, _ builder: inout NetworkBuilder
  ) throws -> String {
    guard fuse == .separable else { return try builder.layer(x, "\(name).fuse", spec.width, kernel: 3) }
    // A concatenation is narrowed first, so that the depthwise part works on few channels.
    let narrow = builder.map(x).channels > spec.width
    var y = x
    if narrow { y = try builder.layer(y, "\(name).fuse.point", spec.width) }
    y = try builder.layer(
      y, "\(name).fuse.depth", spec.width, kernel: 3, groups: spec.width, curve: narrow ? .relu : .none)
    return narrow ? y : try builder.layer(y, "\(name).fuse.point", spec.width)
  }

  /// RefineNet's fusion: linear paths, summed; its light form bounds the sum with ReLU6.
  private func residualMerge(
    _ coarse: String, _ tap: String, _ name: String, _ fuse: NetworkSpec.Fuse, _ builder: inout NetworkBuilder
  ) throws -> String {
    let kernel = fuse == .light ? 1 : 3
    var lateral = try builder.layer(tap, "\(name).lateral", spec.width, kernel: kernel, curve: .none)
    if fuse == .residual {
      for index in 1...2 { lateral = try ResidualRefinement.unit(lateral, "\(name).rcu\(index)", &builder) }
      lateral = try builder.layer(lateral, "\(name).fine", spec.width, kernel: 3, curve: .none)
    }
    var below = try builder.layer(coarse, "\(name).coarse", spec.width, kernel: kernel, curve: .none)
    below = try builder.upsample(below, "\(name).up", to: lateral)
    let sum = try builder.node("\(name).add", .add, below, lateral)
    return fuse == .light ? try builder.curve(sum, name, .relu6) : sum
  }
}
