// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import CFFmpeg

/// A turn clockwise that brings a stored picture upright.
public enum Rotation: Int, Sendable, Hashable, CaseIterable {
  case none = 0
  case quarter = 90
  case half = 180
  case threeQuarters = 270

  var swapsSides: Bool { self == .quarter || self == .threeQuarters }

  /// What the stream's display matrix asks for, to the nearest quarter; mirroring is not applied.
  init(of stream: UnsafePointer<AVStream>) {
    guard let matrix = rm_display_matrix(stream) else {
      self = .none
      return
    }
    let counterclockwise = av_display_rotation_get(matrix)
    guard counterclockwise.isFinite else {
      self = .none
      return
    }
    let quarters = Int((-counterclockwise / 90).rounded())
    self = Rotation(rawValue: ((quarters % 4) + 4) % 4 * 90)!
  }
}

extension PictureView {
  /// Writes this picture, turned, into `output`, which has the same format and the turned size.
  ///
  /// - Precondition: the format is not yuv422p when sides are swapped; its chroma would change shape.
  func copy(turned rotation: Rotation, into output: PictureView) {
    precondition(format == output.format && !(rotation.swapsSides && format == .yuv422p))
    for index in 0..<format.planeCount {
      let size = format.planeSize(index, width: width, height: height)
      let isPairs = format == .nv12 && index == 1
      let columns = isPairs ? size.rowBytes / 2 : size.rowBytes
      let source = Grid(plane(index), columns: columns, rows: size.rows)
      if isPairs {
        source.copy(turned: rotation, into: output.plane(index), as: UInt16.self)
      } else {
        source.copy(turned: rotation, into: output.plane(index), as: UInt8.self)
      }
    }
  }
}

/// Cells of one plane, one or two bytes each.
private struct Grid {
  let plane: PlaneView
  let columns: Int
  let rows: Int

  init(_ plane: PlaneView, columns: Int, rows: Int) {
    self.plane = plane
    self.columns = columns
    self.rows = rows
  }

  /// Walks tiles of 32 x 32 cells, so that reads across and writes down both stay in cache.
  func copy<Cell: BitwiseCopyable>(turned rotation: Rotation, into output: PlaneView, as type: Cell.Type) {
    let size = MemoryLayout<Cell>.size
    let source = UnsafeRawPointer(plane.base)
    let target = UnsafeMutableRawPointer(output.base)
    // Cell (0, 0) of the source lands at `origin`; a step right or down there moves by these bytes.
    let (origin, right, down): (Int, Int, Int) =
      switch rotation {
      case .none: (0, size, output.rowBytes)
      case .quarter: ((rows - 1) * size, output.rowBytes, -size)
      case .half: ((rows - 1) * output.rowBytes + (columns - 1) * size, -size, -output.rowBytes)
      case .threeQuarters: ((columns - 1) * output.rowBytes, -output.rowBytes, size)
      }
    let tile = 32
    for top in stride(from: 0, to: rows, by: tile) {
      for left in stride(from: 0, to: columns, by: tile) {
        for row in top..<min(top + tile, rows) {
          for column in left..<min(left + tile, columns) {
            let cell = source.loadUnaligned(fromByteOffset: row * plane.rowBytes + column * size, as: type)
            target.storeBytes(of: cell, toByteOffset: origin + column * right + row * down, as: type)
          }
        }
      }
    }
  }
}
