// SPDX-License-Identifier: Apache-2.0

extension Operator {
  /// The ONNX operator type; a name of our own for those that ONNX does not have.
  public var name: String {
    switch self {
    case .conv: "Conv"
    case .matMul: "MatMul"
    case .batchNormalization: "BatchNormalization"
    case .add: "Add"
    case .sub: "Sub"
    case .mul: "Mul"
    case .div: "Div"
    case .relu: "Relu"
    case .clip: "Clip"
    case .sigmoid: "Sigmoid"
    case .hardSigmoid: "HardSigmoid"
    case .hardSwish: "HardSwish"
    case .softmax: "Softmax"
    case .averagePool: "AveragePool"
    case .maxPool: "MaxPool"
    case .globalAveragePool: "GlobalAveragePool"
    case .reduceSum: "ReduceSum"
    case .reduceMean: "ReduceMean"
    case .argMax: "ArgMax"
    case .concat: "Concat"
    case .reshape: "Reshape"
    case .transpose: "Transpose"
    case .slice: "Slice"
    case .pad: "Pad"
    case .depthToSpace: "DepthToSpace"
    case .spaceToDepth: "SpaceToDepth"
    case .resize: "Resize"
    case .gridSample: "GridSample"
    case .warp: "Warp"
    case .cast: "Cast"
    case .localAttention: "LocalAttention"
    case .globalAttention: "GlobalAttention"
    case .quantizeLinear: "QuantizeLinear"
    case .dequantizeLinear: "DequantizeLinear"
    }
  }

  /// How many inputs the operator takes, omitted ones counted.
  public var inputCount: ClosedRange<Int> {
    switch self {
    case .conv, .warp, .quantizeLinear, .dequantizeLinear: 2...3
    case .matMul, .add, .sub, .mul, .div, .gridSample: 2...2
    case .localAttention: 3...4
    case .globalAttention: 3...3
    case .batchNormalization: 5...5
    case .concat: 1...GraphLimits.inputs
    case .relu, .clip, .sigmoid, .hardSigmoid, .hardSwish, .softmax, .averagePool, .maxPool,
      .globalAveragePool, .reduceSum, .reduceMean, .argMax, .reshape, .transpose, .slice, .pad,
      .depthToSpace, .spaceToDepth, .resize, .cast:
      1...1
    }
  }

  /// How many leading inputs must not be omitted.
  var requiredInputs: Int {
    if case .concat = self { return 1 }
    return inputCount.lowerBound
  }
}
