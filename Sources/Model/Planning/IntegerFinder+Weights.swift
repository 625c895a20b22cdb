// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import GraphIR
internal import Kernels

extension IntegerFinder {
  /// Weights and bias of a convolution; `nil` where they are not stored, or no kernel takes them.
  func weights(of node: Node, _ convolution: Convolution) -> IntegerWeights? {
    guard let stored = storedConstant(node.inputs[1]), stored.tensor.dtype == .int8,
      Int8Kernels.takes(
        ConvolutionWindow(convolution), inChannels: facts[node.inputs[0]].shape[-1],
        outChannels: stored.tensor.shape[0], groups: convolution.groups)
    else { return nil }
    let channels = stored.tensor.shape[0]
    var bias = [Double](repeating: 0, count: channels)
    if let input = node.input(2) {
      if let values = graph.floats(input) {
        bias = values.map(Double.init)
      } else if let values = storedConstant(input), values.tensor.dtype == .int32 {
        let numbers = values.tensor.elements(as: Int32.self)
        bias = numbers.indices.map { Double(numbers[$0]) * values.scales[values.scales.count == 1 ? 0 : $0] }
      } else {
        return nil
      }
    }
    let scales = (0..<channels).map { stored.scales[stored.scales.count == 1 ? 0 : $0] }
    return IntegerWeights(values: stored.tensor.elements(as: Int8.self), scales: scales, bias: bias)
  }

  /// The constant right side of a matrix product as weights of a 1x1 convolution.
  func matrix(_ value: ValueID) -> IntegerWeights? {
    guard let stored = storedConstant(value, along: 1), stored.tensor.dtype == .int8,
      stored.tensor.shape.rank == 2
    else { return nil }
    let (depth, channels) = (stored.tensor.shape[0], stored.tensor.shape[1])
    guard
      Int8Kernels.takes(
        ConvolutionWindow(Convolution(kernel: Pair(1))), inChannels: depth, outChannels: channels, groups: 1)
    else { return nil }
    let numbers = stored.tensor.elements(as: Int8.self)
    return IntegerWeights(
      values: (0..<channels).flatMap { channel in (0..<depth).map { numbers[$0 * channels + channel] } },
      scales: (0..<channels).map { stored.scales[stored.scales.count == 1 ? 0 : $0] },
      bias: [Double](repeating: 0, count: channels))
  }

  /// Constants behind DequantizeLinear: the numbers as stored, and a scale for each slice along an axis or one.
  private func storedConstant(_ value: ValueID, along channels: Int = 0) -> (
    tensor: Tensor, scales: [Double]
  )? {
    guard let producer = producers[value], case .dequantizeLinear(let axis) = graph.nodes[producer].op else {
      return nil
    }
    let node = graph.nodes[producer]
    guard let tensor = graph.constants[node.inputs[0]]?.tensor,
      let scales = graph.floats(node.inputs[1]),
      scales.count == 1 || axis == channels || axis == channels - tensor.shape.rank,
      scales.allSatisfy({ $0.isFinite && $0 >= 0 })
    else { return nil }
    if let input = node.input(2) {
      guard let zeros = graph.constants[input]?.tensor, zeros.isZero else { return nil }
    }
    return (tensor, scales.map(Double.init))
  }
}

extension Tensor {
  fileprivate var isZero: Bool {
    UnsafeRawBufferPointer(start: bytes.pointer, count: shape.count * dtype.byteCount).allSatisfy { $0 == 0 }
  }
}
