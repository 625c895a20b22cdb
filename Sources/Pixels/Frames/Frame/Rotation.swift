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

  /// Where a step right and a step down in the stored picture lead in the upright one.
  fileprivate var steps: (right: (x: Int, y: Int), down: (x: Int, y: Int)) {
    switch self {
    case .none: ((1, 0), (0, 1))
    case .quarter: ((0, 1), (-1, 0))
    case .half: ((-1, 0), (0, -1))
    case .threeQuarters: ((0, -1), (1, 0))
    }
  }
}

/// How a stored picture comes upright: mirrored, left to right, and then turned.
struct Orientation: Hashable {
  var rotation = Rotation.none
  var isMirrored = false

  var isUpright: Bool { rotation == .none && !isMirrored }

  init(_ rotation: Rotation = .none, isMirrored: Bool = false) {
    self.rotation = rotation
    self.isMirrored = isMirrored
  }

  /// What a display matrix asks for, to the nearest quarter.
  ///
  /// - Parameter matrix: nine values in rows, of which (a, b) is where a step right leads, and (c, d) one down.
  init(_ matrix: UnsafePointer<Int32>) {
    let (a, b, c, d) = (Int(matrix[0]), Int(matrix[1]), Int(matrix[3]), Int(matrix[4]))
    let isAcross = abs(a) + abs(d) >= abs(b) + abs(c)
    let right = isAcross ? (x: a < 0 ? -1 : 1, y: 0) : (x: 0, y: b < 0 ? -1 : 1)
    let down = isAcross ? (x: 0, y: d < 0 ? -1 : 1) : (x: c < 0 ? -1 : 1, y: 0)
    rotation = Rotation.allCases.first { $0.steps.down == down }!
    isMirrored = rotation.steps.right != right
  }

  /// What the track asks for, else its first picture.
  init(of stream: UnsafePointer<AVStream>, first picture: UnsafePointer<AVFrame>) {
    guard let matrix = rm_display_matrix(stream) ?? rm_picture_matrix(picture) else {
      self.init()
      return
    }
    self.init(matrix)
  }

  /// What a picture asks for itself, as by its EXIF orientation.
  init(of picture: UnsafePointer<AVFrame>) {
    guard let matrix = rm_picture_matrix(picture) else {
      self.init()
      return
    }
    self.init(matrix)
  }
}

extension PictureView {
  /// Writes this picture, turned, into `output`, which has the same format and the turned size.
  ///
  /// - Precondition: the format is not yuv422p when sides are swapped; its chroma would change shape.
  func copy(turned orientation: Orientation, into output: PictureView) {
    precondition(format == output.format && !(orientation.rotation.swapsSides && format == .yuv422p))
    for index in 0..<format.planeCount {
      let size = format.planeSize(index, width: width, height: height)
      let isPairs = format == .nv12 && index == 1
      let columns = isPairs ? size.rowBytes / 2 : size.rowBytes
      let source = Grid(plane(index), columns: columns, rows: size.rows)
      if isPairs {
        source.copy(turned: orientation, into: output.plane(index), as: UInt16.self)
      } else {
        source.copy(turned: orientation, into: output.plane(index), as: UInt8.self)
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
  func copy<Cell: BitwiseCopyable>(
    turned orientation: Orientation, into output: PlaneView, as type: Cell.Type
  ) {
    let size = MemoryLayout<Cell>.size
    let source = UnsafeRawPointer(plane.base)
    let target = UnsafeMutableRawPointer(output.base)
    // Cell (0, 0) of the source lands at `origin`; a step right or down there moves by these bytes.
    var steps = orientation.rotation.steps
    if orientation.isMirrored { steps.right = (-steps.right.x, -steps.right.y) }
    let right = steps.right.x * size + steps.right.y * output.rowBytes
    let down = steps.down.x * size + steps.down.y * output.rowBytes
    let origin = (right < 0 ? -right * (columns - 1) : 0) + (down < 0 ? -down * (rows - 1) : 0)
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
