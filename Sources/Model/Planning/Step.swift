// SPDX-License-Identifier: Apache-2.0

internal import Buffers
public import GraphIR
public import Kernels
internal import Workers

/// One node of a plan with its kernel.
public struct Step: Sendable {
  /// The node's name; where nodes were fused, the name of the one that does the work.
  public let name: String
  /// The operator's ONNX name, with what is fused behind it.
  public let op: String
  public let kernel: KernelID
  /// Why this kernel, and where it does not run over the whole map at once, how it runs.
  public internal(set) var reason: String
  public let inputs: [ValueID]
  public let output: ValueID
  /// Multiply-adds of a convolution or matrix product.
  public let macs: Int
  /// Bytes of the values and weights read and of the value written.
  public let movedBytes: Int
  /// Bytes of packed weights and tables.
  public let weightBytes: Int

  /// Inputs that are read from the graph's constants as they are.
  var readsConstants: [ValueID]
  /// Inputs whose memory the output may take over once nothing else needs them.
  var inPlace: [ValueID]
  /// The output is the first input's memory under another shape.
  var isView: Bool
  /// Map inputs may have other channels between their pixels.
  var takesStrided: Bool
  /// The output may have other channels between its pixels.
  var givesStrided: Bool
  /// For a concatenation along channels: where each input begins. Inputs that the memory plan lets their
  /// producers write straight into the output appear in `written`.
  var channelOffsets: [Int]
  var written: Set<Int> = []
  /// The rows of each input behind rows of the output, where the kernel can make some rows of it alone.
  var reach: [RowReach]?
  /// Makes the kernel calls over a session's memory.
  var bind: @Sendable (Memory, Step) -> [Job]
}

extension Step {
  init(
    _ context: NodeContext, kernel: KernelID, reason: String, weightBytes: Int = 0,
    readsConstants: [ValueID] = [],
    inPlace: [ValueID] = [], isView: Bool = false, takesStrided: Bool = false, givesStrided: Bool = false,
    channelOffsets: [Int] = [], reach: [RowReach?] = [], bind: @escaping @Sendable (Memory) -> [Job]
  ) {
    self.init(
      context, kernel: kernel, reason: reason, weightBytes: weightBytes, readsConstants: readsConstants,
      inPlace: inPlace, isView: isView, takesStrided: takesStrided, givesStrided: givesStrided,
      channelOffsets: channelOffsets, reach: reach, bindStep: { memory, _ in bind(memory) })
  }

  init(
    _ context: NodeContext, kernel: KernelID, reason: String, weightBytes: Int = 0,
    readsConstants: [ValueID] = [],
    inPlace: [ValueID] = [], isView: Bool = false, takesStrided: Bool = false, givesStrided: Bool = false,
    channelOffsets: [Int] = [], reach: [RowReach?] = [],
    bindStep: @escaping @Sendable (Memory, Step) -> [Job]
  ) {
    name = context.node.name
    op = context.planned.label
    self.kernel = kernel
    self.reason = reason
    inputs = context.values
    output = context.output
    macs = context.planned.macs
    self.weightBytes = weightBytes
    let constants = context.constants
    self.readsConstants = context.values.filter { readsConstants.contains($0) && constants[$0] != nil }
    self.inPlace = inPlace
    self.isView = isView
    self.takesStrided = takesStrided
    self.givesStrided = givesStrided
    self.channelOffsets = channelOffsets
    let known = reach.compactMap { $0 }
    self.reach = known.count == inputs.count && context.isSinglePicture ? known : nil
    bind = bindStep
    let values = inputs.filter { constants[$0] == nil || readsConstants.contains($0) } + [output]
    movedBytes = isView ? 0 : weightBytes + values.reduce(0) { $0 + context.bytes($1) }
  }
}

/// Where the values of one session lie.
struct Memory {
  let arena: UnsafeMutableRawPointer
  let plan: MemoryPlan
  let facts: Facts
  let constants: ValueTable<Tensor>
  /// Values of which some rows alone are to be seen, and where the first of those lies.
  var windows = ValueTable<Window>()

  struct Window {
    var pointer: UnsafeMutableRawPointer
    var rows: Range<Int>
  }

  func pointer(_ value: ValueID) -> UnsafeMutableRawPointer {
    if let constant = constants[value] { return constant.bytes.pointer }
    guard let place = plan.places[value] else { preconditionFailure("value \(value) has no place") }
    return arena + place.offset
  }

  func floats(_ value: ValueID) -> UnsafeMutablePointer<Float> {
    pointer(value).assumingMemoryBound(to: Float.self)
  }

  /// The rows of a value of rank 4 that are to be seen.
  func window(_ value: ValueID) -> Window {
    windows[value] ?? Window(pointer: pointer(value), rows: 0..<facts[value].shape[1])
  }

  /// A value of rank 4 as a map.
  func map(_ value: ValueID) -> MapView {
    let extents = facts[value].shape.extents
    precondition(extents.count == 4)
    let window = window(value)
    return MapView(
      window.pointer, batch: extents[0], rows: window.rows.count, columns: extents[2], channels: extents[3],
      pixelStride: plan.places[value]?.pixelStride, firstRow: window.rows.lowerBound)
  }

  /// Bytes from a row of a value of rank 4 to the next.
  func rowBytes(_ value: ValueID) -> Int {
    let fact = facts[value]
    return fact.shape[2] * (plan.places[value]?.pixelStride ?? fact.shape[3]) * fact.dtype.byteCount
  }
}
