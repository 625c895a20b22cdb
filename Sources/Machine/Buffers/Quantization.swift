// SPDX-License-Identifier: Apache-2.0

/// How stored integers stand for real numbers: `real = scale * (stored - zeroPoint)`.
public struct Quantization: Sendable, Hashable {
  /// One scale for the tensor, or one for each slice along `axis`. Each is finite and above zero.
  public var scales: [Float]
  /// As many as `scales`, within the range of the stored type.
  public var zeroPoints: [Int32]
  /// The axis that `scales` run along; `nil` means one scale for the whole tensor.
  public var axis: Int?

  public init(scale: Float, zeroPoint: Int32) {
    self.scales = [scale]
    self.zeroPoints = [zeroPoint]
    self.axis = nil
  }

  public init(scales: [Float], zeroPoints: [Int32], axis: Int) {
    precondition(scales.count == zeroPoints.count, "a zero point for each scale")
    self.scales = scales
    self.zeroPoints = zeroPoints
    self.axis = axis
  }
}
