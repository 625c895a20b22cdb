// SPDX-License-Identifier: Apache-2.0

internal import Buffers
public import GraphIR
public import Kernels

/// One node of a plan with its kernel: a value, of which a session makes the calls.
public struct Step: Sendable, Equatable {
  /// The node's name; where nodes were fused, the name of the one that does the work.
  public let name: String
  /// The operator's ONNX name, with what is fused behind it.
  public let op: String
  public let kernel: KernelID
  /// Why this kernel, and where it does not run over the whole map at once, how it runs. For people.
  public internal(set) var reason: String
  /// Everything that is read, weights that were packed included.
  public let inputs: [ValueID]
  public let output: ValueID
  /// Multiply-adds of a convolution, matrix product or attention.
  public let macs: Int
  /// Bytes of the values and weights read and of the value written.
  public let movedBytes: Int
  /// Bytes of packed weights and tables.
  public let weightBytes: Int

  /// Inputs that are read from the graph's constants as they are.
  let constants: [ValueID]
  var layout: LayoutNeeds
  /// The rows of each input behind rows of the output, where the kernel can make some rows of it alone.
  let reach: [RowReach]?
  let call: Call

  /// - Parameters:
  ///   - constants: inputs that are read as they are where they are constants.
  ///   - reach: for each input; one without a reach makes the step run over the whole map.
  init(
    _ context: NodeContext, kernel: KernelID, reason: String, weightBytes: Int = 0, constants: [ValueID] = [],
    layout: LayoutNeeds = LayoutNeeds(), reach: [RowReach?] = [], call: Call
  ) {
    name = context.node.name
    op = context.planned.label
    self.kernel = kernel
    self.reason = reason
    inputs = context.values
    output = context.output
    macs = context.planned.macs
    self.weightBytes = weightBytes
    let tensors = context.constants
    self.constants = context.values.filter { constants.contains($0) && tensors[$0] != nil }
    self.layout = layout
    let rows = reach.compactMap { $0 }
    self.reach = rows.count == inputs.count && context.isSinglePicture ? rows : nil
    self.call = call
    let values = inputs.filter { tensors[$0] == nil || constants.contains($0) } + [output]
    movedBytes =
      layout.output == .view ? 0 : weightBytes + values.reduce(0) { $0 + context.bytes($1) }
  }
}

/// How the values of a step may lie in memory.
struct LayoutNeeds: Sendable, Equatable {
  /// Maps whose pixels may have other channels between them; others are dense.
  struct Strided: OptionSet, Sendable {
    let rawValue: Int
    static let inputs = Strided(rawValue: 1)
    static let output = Strided(rawValue: 2)
    static let all: Strided = [.inputs, .output]
  }

  /// Where the output goes.
  enum Output: Sendable, Equatable {
    /// Memory of its own.
    case own
    /// The first input's memory, under another shape.
    case view
    /// Its own, or that of one of these inputs, once nothing else needs it.
    case over([ValueID])
    /// A concatenation along channels: where each input begins, and the positions of the inputs that their
    /// producers write straight into it.
    case parts(offsets: [Int], written: Set<Int>)
  }

  var strided: Strided = []
  var output = Output.own

  /// Positions of inputs that are in the output already.
  var written: Set<Int> {
    if case .parts(_, let written) = output { return written }
    return []
  }

  /// Inputs whose memory the output may take.
  var overwritten: [ValueID] {
    if case .over(let values) = output { return values }
    return []
  }
}
