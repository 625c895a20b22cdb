// SPDX-License-Identifier: Apache-2.0

extension Operator {
  /// Name and attributes, as dumps show them.
  public var text: String { attributes.isEmpty ? name : "\(name) \(attributes)" }

  /// The attributes that differ from what one expects, in a few words.
  var attributes: String {
    switch self {
    case .matMul, .add, .sub, .mul, .div, .relu, .sigmoid, .hardSwish, .globalAveragePool: return ""
    case .conv(let convolution): return convolution.text
    case .batchNormalization(let epsilon): return "epsilon=\(epsilon)"
    case .clip(let low, let high): return "\(low)…\(high)"
    case .hardSigmoid(let alpha, let beta): return "alpha=\(alpha) beta=\(beta)"
    case .softmax(let axis), .concat(let axis), .quantizeLinear(let axis), .dequantizeLinear(let axis):
      return "axis=\(axis)"
    case .averagePool(let pooling), .maxPool(let pooling): return pooling.text
    case .reduceSum(let axes, _), .reduceMean(let axes, _): return "axes=\(axes)"
    case .argMax(let axis, _): return "axis=\(axis)"
    case .reshape(let target): return "\(target.extents)"
    case .transpose(let permutation): return "\(permutation)"
    case .slice(let starts, let ends, let axes, let steps):
      let plain = steps.allSatisfy { $0 == 1 }
      return "axes=\(axes) starts=\(starts) ends=\(ends)" + (plain ? "" : " steps=\(steps)")
    case .pad(let before, let after, let value): return "before=\(before) after=\(after) value=\(value)"
    case .depthToSpace(let block, let mode): return "block=\(block) \(mode.rawValue)"
    case .spaceToDepth(let block): return "block=\(block)"
    case .resize(let resize): return resize.text
    case .gridSample(let sample):
      return "\(sample.mode.rawValue) \(sample.padding.rawValue)"
        + (sample.alignCorners ? " alignCorners" : "")
    case .warp(let warp): return "scale=\(warp.scale)"
    case .cast(let dtype): return "to=\(dtype.rawValue)"
    case .globalAttention(let scale): return "scale=\(scale)"
    case .localAttention(let attention): return "region=\(attention.region)"
    }
  }
}

extension Convolution {
  fileprivate var text: String {
    var words = [kernel.text]
    if strides != Pair(1) { words.append("stride=\(strides.text)") }
    if dilations != Pair(1) { words.append("dilation=\(dilations.text)") }
    if pads != Pads(0) { words.append("pads=\(pads.text)") }
    if groups != 1 { words.append("groups=\(groups)") }
    switch activation {
    case .none: break
    case .relu: words.append("+Relu")
    case .clip(let low, let high): words.append("+Clip \(low)…\(high)")
    }
    return words.joined(separator: " ")
  }
}

extension Pooling {
  fileprivate var text: String {
    var words = [kernel.text, "stride=\(strides.text)"]
    if pads != Pads(0) { words.append("pads=\(pads.text)") }
    if ceilMode { words.append("ceil") }
    if countIncludePad { words.append("includePad") }
    return words.joined(separator: " ")
  }
}

extension Pads {
  fileprivate var text: String { "\(top),\(left),\(bottom),\(right)" }
}

extension Resize {
  fileprivate var text: String {
    let aim =
      switch target {
      case .size(let size): "to \(size.text)"
      case .scales(let rows, let columns): "by \(rows)x\(columns)"
      }
    return "\(aim) \(mode.rawValue) \(coordinates.rawValue)"
      + (mode == .nearest ? " \(rounding.rawValue)" : "")
  }
}
