// SPDX-License-Identifier: Apache-2.0

/// A group of operators with kernels of one kind. A family looks at a node and makes its step, or leaves it to
/// the families behind it.
struct StepFamily: Sendable {
  var name: String
  /// - Returns: `nil` where the node's operator or types are not this family's.
  /// - Throws: `PlanningError` where they are, and still the node cannot run.
  var step: @Sendable (NodeContext) throws -> Step?

  /// In the order in which they are asked.
  static let all: [StepFamily] = [
    .quantized,
    .convolution,
    .elementwise,
    .windows,
    .form,
    .geometry,
    .products,
    .conversions,
  ]

  static func step(for context: NodeContext) throws -> Step {
    for family in all {
      if let step = try family.step(context) { return step }
    }
    let types = context.values.map { context.facts[$0].description }.joined(separator: ", ")
    throw context.fail("no kernel takes \(types)")
  }
}
