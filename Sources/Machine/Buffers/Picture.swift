// SPDX-License-Identifier: Apache-2.0

/// The 8-bit pixel layouts that kernels read and write directly.
public enum PixelFormat: String, Sendable, Hashable, CaseIterable {
  /// Three planes, chroma halved both ways.
  case yuv420p
  /// Two planes, chroma halved both ways, U and V interleaved.
  case nv12
  /// Three planes, chroma halved across.
  case yuv422p
  /// Three planes of full size.
  case yuv444p
  /// One plane.
  case gray8

  public var planeCount: Int {
    switch self {
    case .yuv420p, .yuv422p, .yuv444p: 3
    case .nv12: 2
    case .gray8: 1
    }
  }

  /// Columns of luma for each column of chroma, as a shift.
  public var chromaShiftX: Int {
    switch self {
    case .yuv420p, .nv12, .yuv422p: 1
    case .yuv444p, .gray8: 0
    }
  }

  /// Rows of luma for each row of chroma, as a shift.
  public var chromaShiftY: Int {
    switch self {
    case .yuv420p, .nv12: 1
    case .yuv422p, .yuv444p, .gray8: 0
    }
  }

  /// Bytes and rows that `plane` of a `width` x `height` picture occupies, rounded up for odd sizes.
  public func planeSize(_ plane: Int, width: Int, height: Int) -> (rowBytes: Int, rows: Int) {
    guard plane > 0 else { return (width, height) }
    let columns = (width + (1 << chromaShiftX) - 1) >> chromaShiftX
    let rows = (height + (1 << chromaShiftY) - 1) >> chromaShiftY
    return (self == .nv12 ? columns * 2 : columns, rows)
  }
}

/// The matrix that takes YUV to RGB.
public enum ColorMatrix: String, Sendable, Hashable, CaseIterable {
  case bt601, bt709
}

/// Which code values stand for black and white: 16…235 or 0…255.
public enum ColorRange: String, Sendable, Hashable, CaseIterable {
  case limited, full
}

/// Rows of bytes in memory that somebody else owns.
public struct PlaneView {
  public var base: UnsafeMutablePointer<UInt8>
  /// Signed distance from a row to the next below it, in bytes.
  public var rowBytes: Int

  public init(base: UnsafeMutablePointer<UInt8>, rowBytes: Int) {
    self.base = base
    self.rowBytes = rowBytes
  }
}

/// A picture in memory that somebody else keeps alive while the view is used.
public struct PictureView {
  public var format: PixelFormat
  /// Pixels.
  public var width: Int
  public var height: Int
  public var matrix: ColorMatrix
  public var range: ColorRange
  /// As many are valid as `format.planeCount` says.
  public var planes: (PlaneView, PlaneView, PlaneView)

  public init(
    format: PixelFormat, width: Int, height: Int, matrix: ColorMatrix, range: ColorRange,
    planes: (PlaneView, PlaneView, PlaneView)
  ) {
    self.format = format
    self.width = width
    self.height = height
    self.matrix = matrix
    self.range = range
    self.planes = planes
  }
}

/// A picture that owns its memory, every row aligned for vector loads.
public final class Picture: @unchecked Sendable {
  // @unchecked: written by the one holder before it is passed on, read-only afterwards.

  private let bytes: AlignedBytes
  public let view: PictureView

  public init(
    format: PixelFormat, width: Int, height: Int, matrix: ColorMatrix = .bt709,
    range: ColorRange = .limited
  ) {
    precondition(width > 0 && height > 0)
    var offsets = [0, 0, 0]
    var strides = [0, 0, 0]
    var total = 0
    for plane in 0..<format.planeCount {
      let size = format.planeSize(plane, width: width, height: height)
      strides[plane] = (size.rowBytes + 63) & ~63
      offsets[plane] = total
      total += strides[plane] * size.rows
    }
    bytes = AlignedBytes(count: total)
    let base = bytes.pointer.assumingMemoryBound(to: UInt8.self)
    func plane(_ index: Int) -> PlaneView {
      PlaneView(base: base + offsets[index], rowBytes: strides[index])
    }
    view = PictureView(
      format: format, width: width, height: height, matrix: matrix, range: range,
      planes: (plane(0), plane(1), plane(2)))
  }
}

/// One class id for each pixel of a picture.
public final class LabelMap: @unchecked Sendable {
  // @unchecked: written by the argmax stage before it is passed on, read-only afterwards.

  private let bytes: AlignedBytes
  public let width: Int
  public let height: Int
  /// Bytes from a row to the next; at least `width`.
  public let rowBytes: Int

  public init(width: Int, height: Int) {
    precondition(width > 0 && height > 0)
    self.width = width
    self.height = height
    rowBytes = (width + 63) & ~63
    bytes = AlignedBytes(count: rowBytes * height)
  }

  public var pixels: UnsafeMutablePointer<UInt8> { bytes.pointer.assumingMemoryBound(to: UInt8.self) }

  public subscript(row: Int, column: Int) -> UInt8 { pixels[row * rowBytes + column] }
}
