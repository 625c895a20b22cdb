// SPDX-License-Identifier: Apache-2.0

/// What all pictures of a source have in common: whatever is made for one kind works for each of its pictures.
public struct PictureKind: Sendable, Hashable {
  public var format: PixelFormat
  /// Pixels.
  public var width: Int
  public var height: Int
  public var matrix: ColorMatrix
  public var range: ColorRange

  public init(format: PixelFormat, width: Int, height: Int, matrix: ColorMatrix, range: ColorRange) {
    self.format = format
    self.width = width
    self.height = height
    self.matrix = matrix
    self.range = range
  }
}

extension PictureView {
  public var kind: PictureKind {
    PictureKind(format: format, width: width, height: height, matrix: matrix, range: range)
  }
}
