// SPDX-License-Identifier: Apache-2.0

import Buffers
import Foundation
import GraphIR
import Planning
import Scenes
import Workers

@testable import ONNX
@testable import Stages

/// A model file all the way to the labels of a picture, as the program takes it.
enum ONNXTarget: FuzzTarget {
  static let secondsLimit = 5.0
  /// What is worth running; larger networks are only planned.
  private static let arenaLimit = 16 << 20
  private static let workLimit = 20_000_000

  static func run(_ bytes: [UInt8]) {
    let size = Pair(rows: 32, columns: 32)
    do {
      let picture = try ONNXReader.read(bytes: bytes, .picture(size: size))
      try label(try picture.optimized().withScoresAtEnd())
    } catch {
      _ = "\(error)"
    }
    do {
      let file = try ONNXReader.read(bytes: bytes, size: size)
      _ = try GraphSummary(file)
      _ = try (file.text(), file.dot(), file.json())
      let graph = try file.optimized()
      if let resized = try? graph.resized(toRows: 64, columns: 96) { try label(resized) }
      try label(graph)
      _ = try ONNXWriter.bytes(of: file)
    } catch {
      _ = "\(error)"
    }
  }

  private static func label(_ whole: Graph) throws {
    let graph = try whole.withoutBoundaryConversions()
    let plan = try Plan(graph: graph)
    let work = plan.steps.reduce(0) { $0 + $1.macs }
    guard plan.arenaBytes <= arenaLimit, work <= workLimit, plan.steps.count < 2000 else { return }
    Session(plan: plan, pool: WorkerPool(threads: 1)).run()
    let inference = try SessionInference(
      plan: plan, pool: WorkerPool(threads: 1), picture: graph.metadata["picture"].flatMap { PixelSize($0) },
      mean: [0, 0, 0],
      scale: [1, 1, 1], stored: graph.inputs.first?.quantization)
    let source = TestFrameSource(.bars(.init(width: 24, height: 16)), uri: "test:bars")
    guard let frame = try source.next() else { return }
    let labeler = FrameLabeler(source: source.info, config: PipelineConfig(), inference: inference)
    _ = try labeler.labels(of: frame).value.pixels[0]
  }

  static func mutate(_ bytes: [UInt8], _ dice: inout Dice) -> [UInt8]? {
    guard var model = try? ONNXModelProto(serializedBytes: bytes) else { return nil }
    for _ in 0...dice.below(3) { model.graph.mutate(&dice) }
    return try? model.serializedBytes()
  }
}

extension ONNXGraphProto {
  fileprivate mutating func mutate(_ dice: inout Dice) {
    let place = node.isEmpty ? 0 : dice.below(node.count)
    switch dice.below(10) {
    case 0 where !node.isEmpty: node[place].opType = dice.pick(operators)!
    case 1 where !node.isEmpty: node.remove(at: place)
    case 2 where !node.isEmpty && node.count < 200:
      var copy = node[place]
      copy.output = copy.output.map { $0 + "'" }
      copy.input = copy.input.map { _ in dice.pick(names)! }
      node.insert(copy, at: dice.below(node.count + 1))
    case 3 where !node.isEmpty && !node[place].input.isEmpty:
      node[place].input[dice.below(node[place].input.count)] = dice.pick(names)!
    case 4 where !node.isEmpty: node[place].input.append(dice.pick(names)!)
    case 5 where !node.isEmpty && !node[place].attribute.isEmpty:
      node[place].attribute[dice.below(node[place].attribute.count)].mutate(&dice)
    case 6 where !initializer.isEmpty: initializer[dice.below(initializer.count)].mutate(&dice)
    case 7 where !input.isEmpty:
      let which = dice.below(input.count)
      guard !input[which].type.tensorType.shape.dim.isEmpty else { return }
      let axis = dice.below(input[which].type.tensorType.shape.dim.count)
      input[which].type.tensorType.shape.dim[axis].dimValue = dice.number()
    case 8 where !output.isEmpty: output[0].name = dice.pick(names)!
    default:
      guard !node.isEmpty else { return }
      var attribute = ONNXAttributeProto()
      attribute.name = dice.pick(attributeNames)!
      attribute.mutate(&dice)
      node[place].attribute.append(attribute)
    }
  }

  private var names: [String] {
    [""] + input.map(\.name) + initializer.map(\.name) + node.flatMap(\.output)
  }
}

extension ONNXAttributeProto {
  fileprivate mutating func mutate(_ dice: inout Dice) {
    switch dice.below(6) {
    case 0:
      (type, i) = (.int, dice.number())
    case 1 where !ints.isEmpty: ints[dice.below(ints.count)] = dice.number()
    case 2:
      type = .ints
      ints = (0..<dice.below(9)).map { _ in dice.number() }
    case 3:
      type = .float
      f = dice.pick([0, -1, 1, .infinity, .nan, 1e38, 1e-38, 0.5])!
    case 4:
      type = .string
      s = Data(dice.pick(["linear", "nearest", "bilinear", "SAME_UPPER", "VALID", "CRD", "border"])!.utf8)
    default: t.mutate(&dice)
    }
  }
}

extension ONNXTensorProto {
  fileprivate mutating func mutate(_ dice: inout Dice) {
    switch dice.below(4) {
    case 0 where !dims.isEmpty: dims[dice.below(dims.count)] = dice.number()
    case 1: dims.append(1)
    case 2: dataType = Int32(dice.below(17))
    default:
      // Sizes, axes and limits are integers known before the run.
      let count = dice.below(6)
      self = ONNXTensorProto.with(name: name)
      (dims, dataType) = ([Int64(count)], 7)
      int64Data = (0..<count).map { _ in dice.number() }
    }
  }

  private static func with(name: String) -> ONNXTensorProto {
    var tensor = ONNXTensorProto()
    tensor.name = name
    return tensor
  }
}

private let operators = [
  "Add", "ArgMax", "AveragePool", "BatchNormalization", "Cast", "Clip", "Concat", "Constant",
  "ConstantOfShape", "Conv", "DepthToSpace", "DequantizeLinear", "Div", "Dropout", "Expand", "Flatten",
  "Gather", "Gemm", "GlobalAveragePool", "GridSample", "HardSigmoid", "HardSwish", "Identity", "MatMul",
  "MaxPool", "Mul", "Pad", "QuantizeLinear", "Range", "ReduceMean", "ReduceSum", "Relu", "Reshape", "Resize",
  "Shape", "Sigmoid", "Slice", "Softmax", "SpaceToDepth", "Split", "Squeeze", "Sub", "Transpose", "Unsqueeze",
]

private let attributeNames = [
  "axis", "axes", "kernel_shape", "strides", "pads", "dilations", "group", "auto_pad", "mode", "perm",
  "value",
  "keepdims", "blocksize", "alpha", "epsilon", "to", "split", "transA", "allowzero", "ceil_mode",
]
