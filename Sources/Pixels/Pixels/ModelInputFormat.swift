// SPDX-License-Identifier: Apache-2.0

public import Buffers

/// The order of a picture's three channels.
public enum ChannelOrder: String, Sendable, Hashable { case rgb, bgr }

/// What a model takes: `[rows][columns][3]`, in `order`, of which the picture fills a rectangle.
///
/// Each value is `(rgb - mean[c]) * scale[c]` with rgb in 0…255, stored as float32 or quantised. Cells outside
/// the content rectangle stand for 0.
public struct ModelInputFormat: Sendable, Hashable {
  public var rows: Int
  public var columns: Int
  /// The content rectangle's top left corner and extents, within `rows` x `columns`.
  public var contentRow: Int
  public var contentColumn: Int
  public var contentRows: Int
  public var contentColumns: Int
  /// `.float32`, `.uint8` or `.int8`.
  public var dtype: DType
  /// One for each channel, in `order`.
  public var mean: [Float]
  public var scale: [Float]
  public var order: ChannelOrder
  /// One scale and zero point, where `dtype` is an integer.
  public var quantization: Quantization?

  public init(
    rows: Int, columns: Int, contentRow: Int = 0, contentColumn: Int = 0, contentRows: Int? = nil,
    contentColumns: Int? = nil, dtype: DType = .float32, mean: [Float] = [0, 0, 0],
    scale: [Float] = [1, 1, 1], order: ChannelOrder = .rgb, quantization: Quantization? = nil
  ) {
    self.rows = rows
    self.columns = columns
    self.contentRow = contentRow
    self.contentColumn = contentColumn
    self.contentRows = contentRows ?? rows - contentRow
    self.contentColumns = contentColumns ?? columns - contentColumn
    self.dtype = dtype
    self.mean = mean
    self.scale = scale
    self.order = order
    self.quantization = quantization
  }

  /// Bytes of the whole tensor.
  public var byteCount: Int { rows * columns * 3 * dtype.byteCount }

  func checkContent() {
    precondition(contentRow >= 0 && contentRows > 0 && contentRow + contentRows <= rows, "content rows")
    precondition(
      contentColumn >= 0 && contentColumns > 0 && contentColumn + contentColumns <= columns, "content columns"
    )
  }

  func check() {
    checkContent()
    precondition(mean.count == 3 && scale.count == 3, "a mean and a scale for each channel")
    switch dtype {
    case .float32: break
    case .uint8, .int8:
      precondition(quantization?.scales.count == 1, "integer input has one scale and zero point")
    default: preconditionFailure("model input of \(dtype)")
    }
  }
}
