// SPDX-License-Identifier: Apache-2.0

internal import Addresses
internal import Buffers
internal import Frames

/// A few frames of a video side by side in one picture.
public struct ContactSheet {
  /// A video, or pictures.
  public var input: String
  /// The picture to write, .png or .jpg.
  public var output: String
  /// Frames to show, spread over the video.
  public var count = 6
  /// Frames in a row.
  public var columns = 3
  public var overwrite = false

  public init(input: String, output: String) {
    self.input = input
    self.output = output
  }

  /// - Throws: `Problem`, or the `FramesError` of reading or writing.
  public func write() throws {
    var check = OutputCheck()
    check.targets = [OutputCheck.Target(path: output, overwrite: overwrite)]
    check.add(input: SourceAddress(input), "the source")
    try check.run()
    let total = try countFrames()
    let wanted = (0..<min(count, total)).map { ($0 * 2 + 1) * total / (2 * min(count, total)) }
    let reader = try open()
    let info = reader.info
    let columns = min(columns, wanted.count)
    let rows = (wanted.count + columns - 1) / columns
    // Even cells keep chroma of neighbouring frames apart.
    let cell = (width: (info.width + 1) & ~1, height: (info.height + 1) & ~1)
    let sheet = Picture(
      format: info.video.format, width: cell.width * columns, height: cell.height * rows,
      matrix: info.color.matrix, range: info.color.range)
    sheet.view.fill(luma: info.color.range == .full ? 0 : 16, chroma: 128)
    var index = 0
    var placed = 0
    while placed < wanted.count, let frame = try reader.next() {
      if index == wanted[placed] {
        frame.view.copy(
          to: sheet.view, column: placed % columns * cell.width, row: placed / columns * cell.height)
        placed += 1
      }
      index += 1
    }
    try ImageWriter(overwrite: overwrite).write(
      Frame(sheet, index: 0, pts: 0, duration: 1, timeBase: info.timeBase, color: info.color), to: output)
  }

  private func open() throws -> any FrameSource {
    if case .pictures(let path) = SourceAddress(input) { return try ImageSequenceReader(path) }
    return try VideoReader(input)
  }

  private func countFrames() throws -> Int {
    let reader = try open()
    var total = 0
    while try reader.next() != nil { total += 1 }
    return total
  }
}

extension PictureView {
  private func plane(_ index: Int) -> PlaneView { [planes.0, planes.1, planes.2][index] }

  fileprivate func fill(luma: UInt8, chroma: UInt8) {
    for index in 0..<format.planeCount {
      let size = format.planeSize(index, width: width, height: height)
      let plane = plane(index)
      for row in 0..<size.rows {
        (plane.base + row * plane.rowBytes).update(
          repeating: index == 0 ? luma : chroma, count: size.rowBytes)
      }
    }
  }

  /// Copies the picture into one of the same format, its corner at an even `column` and `row`.
  fileprivate func copy(to target: PictureView, column: Int, row: Int) {
    for index in 0..<format.planeCount {
      let size = format.planeSize(index, width: width, height: height)
      let from = plane(index)
      let to = target.plane(index)
      let shiftX = index == 0 || format == .nv12 ? 0 : format.chromaShiftX
      let shiftY = index == 0 ? 0 : format.chromaShiftY
      let start = to.base + (row >> shiftY) * to.rowBytes + (column >> shiftX)
      for line in 0..<size.rows {
        (start + line * to.rowBytes).update(from: from.base + line * from.rowBytes, count: size.rowBytes)
      }
    }
  }
}
