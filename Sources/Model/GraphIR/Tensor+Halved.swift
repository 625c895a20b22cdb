// SPDX-License-Identifier: Apache-2.0

import Buffers

extension Tensor {
  /// The numbers as float16, to nearest.
  ///
  /// - Throws: `GraphError` where one is beyond the range; `name` is the constant's.
  func halved(_ name: String) throws -> Tensor {
    try checkHalves(name)
    return Tensor(elements(as: Float.self).map { Float16($0) }, shape: shape)
  }

  /// Weights of a convolution as float16, rounded by `WeightRounding`. The result does not depend on `layout`.
  func halvedWeights(_ name: String, layout: Layout) throws -> Tensor {
    try checkHalves(name)
    let isLast = layout == .channelsLast
    let depth = shape[isLast ? 3 : 1]
    let rounding = WeightRounding(
      channels: shape[0], taps: shape.count / shape[0] / depth, depth: depth, isChannelsLast: isLast)
    let rounded = withElements(as: Float.self) { rounding.rounded($0) { Float(Float16($0)) } }
    return Tensor(rounded.map { Float16($0) }, shape: shape)
  }

  private func checkHalves(_ name: String) throws {
    let limit = Float(Float16.greatestFiniteMagnitude)
    if let value = elements(as: Float.self).first(where: { $0.isFinite && abs($0) > limit }) {
      throw GraphError(
        "constant '\(name)' holds \(value), which float16 does not reach",
        hint: "numbers up to 65504 can be halves; keep this model in float32")
    }
  }
}
