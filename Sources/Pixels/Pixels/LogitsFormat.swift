// SPDX-License-Identifier: Apache-2.0

public import Buffers

/// What a model gives: `[rows][columns][pixelStride]` scores, one for each class, over the whole model input.
public struct LogitsFormat: Sendable, Hashable {
  public var rows: Int
  public var columns: Int
  /// 1…255.
  public var classes: Int
  /// `.float32`, `.int8` or `.uint8`. Integers share one scale and zero point, which do not matter here.
  public var dtype: DType
  /// Elements from a pixel to the next; at least `classes`.
  public var pixelStride: Int

  public init(rows: Int, columns: Int, classes: Int, dtype: DType, pixelStride: Int? = nil) {
    self.rows = rows
    self.columns = columns
    self.classes = classes
    self.dtype = dtype
    self.pixelStride = pixelStride ?? classes
  }

  func check() {
    precondition(rows > 0 && columns > 0, "empty logits")
    precondition((1...255).contains(classes), "\(classes) classes; labels are bytes and 255 means none")
    precondition(pixelStride >= classes, "pixel stride \(pixelStride) for \(classes) classes")
    precondition([.float32, .int8, .uint8].contains(dtype), "logits of \(dtype)")
  }
}
