// SPDX-License-Identifier: Apache-2.0

import Buffers
import GraphIR

extension GraphEncoder {
  mutating func add(_ node: Node) throws {
    var proto = ONNXNodeProto()
    proto.name = node.name
    proto.opType = node.op.name
    proto.input = node.inputs.map { graph.names[$0] }
    while proto.input.last == "" { proto.input.removeLast() }
    proto.output = node.outputs.map { graph.names[$0] }
    switch node.op {
    case .matMul, .add, .sub, .mul, .div, .relu, .sigmoid, .hardSwish, .globalAveragePool: break
    case .conv(let convolution):
      proto.attribute = convolution.attributes
      if convolution.activation != .none { return addFused(node, proto, convolution.activation) }
    case .batchNormalization(let epsilon): proto.attribute = [.float("epsilon", epsilon)]
    case .clip(let low, let high): clip(node, &proto, low, high)
    case .hardSigmoid(let alpha, let beta): proto.attribute = [.float("alpha", alpha), .float("beta", beta)]
    case .softmax(let axis), .concat(let axis), .quantizeLinear(let axis), .dequantizeLinear(let axis):
      proto.attribute = [.int("axis", axis)]
    case .averagePool(let pooling):
      proto.attribute = pooling.attributes + [.int("count_include_pad", pooling.countIncludePad ? 1 : 0)]
    case .maxPool(let pooling): proto.attribute = pooling.attributes
    case .reduceSum(let axes, let keep):
      if !axes.isEmpty { proto.input.append(integers(axes, node, "axes")) }
      proto.attribute = [.int("keepdims", keep ? 1 : 0)]
    case .reduceMean(let axes, let keep):
      proto.attribute = (axes.isEmpty ? [] : [.ints("axes", axes)]) + [.int("keepdims", keep ? 1 : 0)]
    case .argMax(let axis, let keep): proto.attribute = [.int("axis", axis), .int("keepdims", keep ? 1 : 0)]
    case .reshape(let target): proto.input.append(integers(target.extents, node, "shape"))
    case .transpose(let permutation): proto.attribute = [.ints("perm", permutation)]
    case .slice(let starts, let ends, let axes, let steps):
      proto.input.append(integers(starts, node, "starts"))
      proto.input.append(integers(ends, node, "ends"))
      proto.input.append(integers(axes, node, "axes"))
      proto.input.append(integers(steps, node, "steps"))
    case .pad(let before, let after, let value):
      proto.attribute = [.string("mode", "constant")]
      proto.input.append(integers(before + after, node, "pads"))
      proto.input.append(operand(scalar(value, facts[node.inputs[0]].dtype), node, "value"))
    case .depthToSpace(let block, let mode):
      proto.attribute = [.int("blocksize", block), .string("mode", mode.rawValue)]
    case .spaceToDepth(let block): proto.attribute = [.int("blocksize", block)]
    case .resize(let resize): self.resize(node, &proto, resize)
    case .cast(let dtype): proto.attribute = [.int("to", dtype.proto.rawValue)]
    case .gridSample(let sample):
      proto.attribute = [
        .string("mode", sample.mode.rawValue), .string("padding_mode", sample.padding.rawValue),
        .int("align_corners", sample.alignCorners ? 1 : 0),
      ]
    case .warp, .localAttention, .globalAttention:
      throw GraphError(
        node: node.name, op: node.op.name, "ONNX has no such operator", hint: "write the graph before passes")
    }
    append(proto)
  }

  /// A convolution and the node that its fused activation was.
  private mutating func addFused(_ node: Node, _ proto: ONNXNodeProto, _ activation: Activation) {
    var first = proto
    first.output = [fresh("\(node.name).linear")]
    append(first)
    var second = ONNXNodeProto()
    second.name = fresh("\(node.name).activation")
    second.input = first.output
    second.output = proto.output
    if case .clip(let low, let high) = activation {
      second.opType = "Clip"
      clip(node, &second, low, high)
    } else {
      second.opType = "Relu"
    }
    append(second)
  }

  private mutating func clip(_ node: Node, _ proto: inout ONNXNodeProto, _ low: Float, _ high: Float) {
    let dtype = facts[node.inputs[0]].dtype
    let lowName = low == -.infinity ? "" : operand(scalar(low, dtype), node, "min")
    let highName = high == .infinity ? "" : operand(scalar(high, dtype), node, "max")
    proto.input += highName.isEmpty ? (lowName.isEmpty ? [] : [lowName]) : [lowName, highName]
  }

  private mutating func resize(_ node: Node, _ proto: inout ONNXNodeProto, _ resize: Resize) {
    proto.attribute = [
      .string("mode", resize.mode.rawValue),
      .string("coordinate_transformation_mode", resize.coordinates.rawValue),
    ]
    if resize.mode == .nearest { proto.attribute.append(.string("nearest_mode", resize.rounding.rawValue)) }
    switch resize.target {
    case .size:
      proto.input += ["", "", integers(facts[node.outputs[0]].shape.extents, node, "sizes")]
    case .scales(let rows, let columns):
      proto.input += ["", operand(Tensor([1, 1, rows, columns]), node, "scales")]
    }
  }

  private mutating func integers(_ values: [Int], _ node: Node, _ part: String) -> String {
    operand(Tensor(values.map(Int64.init), shape: [values.count]), node, part)
  }

  private func scalar(_ value: Float, _ dtype: DType) -> Tensor {
    switch dtype {
    case .uint8: Tensor([UInt8(clamping: Int(value))], shape: [])
    case .int8: Tensor([Int8(clamping: Int(value))], shape: [])
    case .int32: Tensor([Int32(clamping: Int(value))], shape: [])
    case .int64: Tensor([Int64(value)], shape: [])
    case .float16: Tensor([Float16(value)], shape: [])
    case .float32, .bool: Tensor([value], shape: [])
    }
  }
}

extension Convolution {
  fileprivate var attributes: [ONNXAttributeProto] {
    [
      .ints("dilations", dilations.list), .int("group", groups), .ints("kernel_shape", kernel.list),
      .ints("pads", pads.list), .ints("strides", strides.list),
    ]
  }
}

extension Pooling {
  fileprivate var attributes: [ONNXAttributeProto] {
    [
      .int("ceil_mode", ceilMode ? 1 : 0), .ints("kernel_shape", kernel.list), .ints("pads", pads.list),
      .ints("strides", strides.list),
    ]
  }
}

extension Pair { fileprivate var list: [Int] { [rows, columns] } }
extension Pads { fileprivate var list: [Int] { [top, left, bottom, right] } }
