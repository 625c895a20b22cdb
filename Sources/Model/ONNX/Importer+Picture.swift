// SPDX-License-Identifier: Apache-2.0

import Buffers
import Foundation
import GraphIR

/// The ends of a picture network, brought into one form.
extension Importer {
  /// Arithmetic between the picture and the first operator that is not per channel: `factor * x + offset`.
  struct OwnNormalization {
    /// The value so far, which stands for the picture.
    var value: String
    /// Channels of `value` are its innermost axis.
    var isChannelsLast: Bool
    /// Of R, G and B.
    var factor: [Float] = [1, 1, 1]
    var offset: [Float] = [0, 0, 0]
    /// The file takes the bytes 0…255 as they are.
    var takesBytes: Bool
    var isEmpty = true
  }

  /// How the file takes its picture.
  private struct PictureForm {
    var dtype: DType
    var rows: Int
    var columns: Int
    var channels: Int
    var isChannelsLast: Bool
    var rank: Int
    var isOpen: Bool
    var batch: Int
  }

  /// Enters the picture, `[1, 3, rows, columns]` float32, and makes of it what the file takes.
  mutating func addPicture(_ input: ONNXValueInfoProto, _ size: Pair?, readers: [String: Int]) throws {
    let form = try pictureForm(input, size)
    if form.isOpen { graph.metadata[Graph.openSizeKey] = "1" }
    if form.batch > 1 { assume("the file takes \(form.batch) pictures at once; it is run with one") }
    let isPlain =
      form.rank == 4 && form.channels == 3 && !form.isChannelsLast
    var value = isPlain ? input.name : input.name + ".picture"
    try addInput(value, Fact(.float32, [1, 3, form.rows, form.columns]))
    pictureRows = form.rows
    pictureColumns = form.columns
    takesRowsOfPixels = form.isChannelsLast
    if !isPlain {
      var proto = ONNXNodeProto()
      proto.name = input.name
      proto.opType = "Picture"
      let reader = try NodeReader(proto, index: 0)
      if form.channels == 1 { value = try mixed(value, Self.luma, [0], rows: 1, "gray", reader) }
      if form.channels == 4 {
        // Opaque: 255, after the normalisation that is taken for granted.
        let identity: [Float] = [1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0]
        value = try mixed(value, identity, [0, 0, 0, 1], rows: 4, "rgba", reader)
        assume("the fourth channel is full opacity")
      }
      if form.isChannelsLast {
        value = try add(.transpose(permutation: [0, 2, 3, 1]), [value], part: "rows", reader)
      }
      if form.rank == 3 {
        let extents =
          form.isChannelsLast
          ? [form.rows, form.columns, form.channels] : [form.channels, form.rows, form.columns]
        value = try add(.reshape(Reshape(extents)), [value], part: "one", reader)
      }
      aliases[input.name] = value
    }
    let isTold = graph.metadata["mean"] != nil || graph.metadata["scale"] != nil
    guard !isTold, form.channels == 3, readers[input.name] == 1 || form.dtype == .uint8 else { return }
    normalization = OwnNormalization(
      value: resolve(input.name), isChannelsLast: form.isChannelsLast, takesBytes: form.dtype == .uint8)
    valueReaders = readers
  }

  /// ITU-R BT.601, as image libraries make gray of R, G and B.
  private static let luma: [Float] = [0.299, 0.587, 0.114]

  /// A 1x1 convolution of our own making.
  private mutating func mixed(
    _ value: String, _ weights: [Float], _ bias: [Float], rows: Int, _ part: String, _ reader: NodeReader
  ) throws -> String {
    let columns = weights.count / rows
    let weight = try constant(
      Tensor(weights, shape: [rows, columns, 1, 1]), "\(part).weight", reader, isParameter: true)
    let offsets = try constant(Tensor(bias, shape: [rows]), "\(part).bias", reader, isParameter: true)
    return try add(.conv(Convolution(kernel: Pair(1))), [value, weight, offsets], part: part, reader)
  }

  private func pictureForm(_ input: ONNXValueInfoProto, _ size: Pair?) throws -> PictureForm {
    func fail(_ problem: String, hint: String? = nil) -> GraphError {
      GraphError("input '\(input.name)': \(problem)", hint: hint)
    }
    guard case .tensorType(let type)? = input.type.value, type.hasShape else { throw fail("it has no shape") }
    let dtype: DType
    switch ONNXTensorProto.DataType(rawValue: Int(type.elemType)) {
    case .float, .float16, .double: dtype = .float32
    case .uint8: dtype = .uint8
    default: throw fail("elements of type \(type.elemType)", hint: "export with float32 or uint8 pictures")
    }
    // Extents, nil where they are open.
    let all: [Int?] = try type.shape.dim.map { dimension in
      guard case .dimValue(let value)? = dimension.value, value > 0 else { return nil }
      guard value <= GraphLimits.attribute else { throw fail("extent \(value)") }
      return Int(value)
    }
    guard all.count == 3 || all.count == 4 else {
      throw fail(
        "rank \(all.count)", hint: "one picture of rows, columns and 3 channels is what can be given")
    }
    let batch = all.count == 4 ? all[0] ?? 1 : 1
    let map = all.suffix(3).map { $0 }
    func isChannels(_ extent: Int?) -> Bool { extent == 1 || extent == 3 || extent == 4 }
    let isChannelsLast = isChannels(map[2]) && !isChannels(map[0])
    let spatial = isChannelsLast ? [map[0], map[1]] : [map[1], map[2]]
    let channels = (isChannelsLast ? map[2] : map[0]) ?? 3
    guard isChannels(channels) else {
      throw fail(
        "\(channels) channels", hint: "one picture of rows, columns and 3 channels is what can be given")
    }
    let settled = size ?? ImportOptions.openSize
    let (rows, columns) = (spatial[0] ?? settled.rows, spatial[1] ?? settled.columns)
    guard let count = Shape.checkedCount([1, 4, rows, columns]), count <= GraphLimits.elements else {
      throw fail("\(columns)x\(rows) is beyond the limits")
    }
    return PictureForm(
      dtype: dtype, rows: rows, columns: columns, channels: channels, isChannelsLast: isChannelsLast,
      rank: all.count, isOpen: spatial.contains { $0 == nil }, batch: batch)
  }

  /// Takes a node that only normalises the picture, channel by channel, into `normalization`.
  ///
  /// - Returns: whether it did; then the node's output is the picture still.
  mutating func absorb(_ node: NodeReader) throws -> Bool {
    guard var own = normalization, !node.inputs.isEmpty, node.inputs.count <= 2,
      let output = node.outputs.first, node.outputs.count == 1
    else { return false }
    let names = node.inputs.map(resolve)
    guard let place = names.firstIndex(of: own.value) else { return false }
    // A picture that goes two ways keeps what stands here.
    guard valueReaders[node.inputs[place]] == 1 else {
      normalization = own
      return false
    }
    switch node.op {
    case "Transpose":
      // The order of axes changes nothing of what is done to a channel.
      let permutation = node.integers("perm")
      guard permutation == [0, 3, 1, 2] || permutation == [0, 2, 3, 1] else { return false }
      own.value = output
      own.isChannelsLast = permutation == [0, 2, 3, 1]
      normalization = own
      return false
    case "Add", "Sub", "Mul", "Div": break
    default: return false
    }
    guard names.count == 2, let operand = known(node.inputs[1 - place])?.tensor, operand.dtype == .float32,
      let rank = placed(own.value)?.shape.rank,
      let values = perChannel(operand, isChannelsLast: own.isChannelsLast, rank: rank)
    else { return false }
    for channel in 0..<3 {
      let value = values[channel]
      switch (node.op, place) {
      case ("Add", _): own.offset[channel] += value
      case ("Sub", 0): own.offset[channel] -= value
      case ("Mul", _):
        own.factor[channel] *= value
        own.offset[channel] *= value
      case ("Div", 0):
        own.factor[channel] /= value
        own.offset[channel] /= value
      default: return false
      }
    }
    guard own.factor.allSatisfy({ $0 > 0 && $0.isFinite }), own.offset.allSatisfy(\.isFinite) else {
      return false
    }
    own.isEmpty = false
    normalization = own
    try alias(output, to: node.inputs[place], node)
    return true
  }

  /// One number for each channel of an operand that is the same for all pixels.
  private func perChannel(_ tensor: Tensor, isChannelsLast: Bool, rank: Int) -> [Float]? {
    let values = tensor.elements(as: Float.self)
    if values.count == 1 { return [values[0], values[0], values[0]] }
    guard values.count == 3, tensor.shape.rank <= rank else { return nil }
    let fromTheRight = Array(tensor.shape.extents.reversed()).firstIndex(of: 3)
    return fromTheRight == (isChannelsLast ? 0 : 2) ? values : nil
  }

  /// Writes what was absorbed as metadata, in the units of bytes 0…255.
  private mutating func settleNormalization() {
    guard let own = normalization else { return }
    normalization = nil
    guard own.takesBytes || !own.isEmpty else { return }
    // What comes out of a normalisation is of the order of 1; of bytes, this tells which range goes in.
    let takesBytes = own.takesBytes || own.factor.map { abs($0) * 255 }.max()! < 30
    let unit: Float = takesBytes ? 1 : 1 / 255
    func words(_ values: [Float]) -> String { values.map { "\($0)" }.joined(separator: ",") }
    graph.metadata["mean"] = words((0..<3).map { -own.offset[$0] / (own.factor[$0] * unit) })
    graph.metadata["scale"] = words((0..<3).map { own.factor[$0] * unit })
  }

  /// Brings the scores into `[1, classes, rows, columns]` and names the output.
  mutating func finishPicture(_ head: PictureHead) throws {
    settleNormalization()
    if head.outputs.count > 1 {
      assume("of the outputs \(head.outputs.joined(separator: ", ")), '\(head.output)' is taken")
    }
    if head.keepsWinner { return try finish(outputs: [head.output]) }
    var proto = ONNXNodeProto()
    proto.name = head.output
    proto.opType = "Labels"
    let reader = try NodeReader(proto, index: 0)
    var value = resolve(head.scores)
    let shape = try fact(value, reader).shape
    var extents = shape.extents
    // Where classes are, counted in [batch, a, b, c].
    var axis: Int?
    if case .winner(let given, _) = head.kind {
      guard (-4...3).contains(given) else { throw reader.fail("its axis is \(given)") }
      let resolved = given < 0 ? given + extents.count : given
      axis = resolved + 4 - extents.count
    }
    let given = extents
    while extents.count > 4, extents[0] == 1 { extents.removeFirst() }
    if extents.count == 2 { extents = [1, 1] + extents }
    if extents.count == 3 { extents = [1] + extents }
    guard extents.count == 4, extents[0] == 1 else {
      throw GraphError(
        "output '\(head.output)': scores of shape \(shape)",
        hint: "a map of scores, one for each class, is needed")
    }
    if extents != given { value = try add(.reshape(Reshape(extents)), [value], part: "map", reader) }
    let isLast = axis == nil ? isChannelsLast(extents) : axis == 3
    if isLast {
      value = try add(.transpose(permutation: [0, 3, 1, 2]), [value], part: "channels", reader)
      extents = [1, extents[3], extents[1], extents[2]]
    }
    if extents[1] == 1 {
      var limit: Float = head.isProbability ? 0.5 : 0
      if case .threshold(let name) = head.kind {
        guard let threshold = try floats(name, "threshold", reader), threshold.count == 1 else {
          throw GraphError("output '\(head.output)': a threshold that is not one number")
        }
        limit = threshold[0]
        if head.hasLostSigmoid { limit = log(limit / (1 - limit)) }
      } else {
        assume("one channel: class 1 where it is above \(head.isProbability ? "0.5" : "0")")
      }
      value = try mixed(value, [0, 1], [limit.isFinite ? limit : 0, 0], rows: 2, "two", reader)
    } else if case .threshold = head.kind {
      throw GraphError(
        "output '\(head.output)': a threshold on \(extents[1]) channels", hint: "export the scores instead")
    }
    if case .winner = head.kind {
      value = try add(.argMax(axis: 1, keepDims: true), [value], part: "winner", reader)
    }
    try finish(outputs: [value])
  }

  /// Whether a map of scores has classes innermost: the other order does not have the picture's shape.
  private func isChannelsLast(_ extents: [Int]) -> Bool {
    func hasShape(_ rows: Int, _ columns: Int) -> Bool {
      // Sides are rounded where the picture's are no multiples of the stride.
      abs(rows * pictureColumns - columns * pictureRows) <= max(pictureRows, pictureColumns)
    }
    let (first, last) = (hasShape(extents[2], extents[3]), hasShape(extents[1], extents[2]))
    return first == last ? last && takesRowsOfPixels : last
  }

  mutating func assume(_ sentence: String) {
    let before = graph.metadata[Graph.assumedKey].map { $0 + "; " } ?? ""
    graph.metadata[Graph.assumedKey] = before + sentence
  }
}
