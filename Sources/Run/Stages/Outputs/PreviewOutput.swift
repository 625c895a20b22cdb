// SPDX-License-Identifier: Apache-2.0

internal import CPU
internal import Frames
internal import Pixels

/// The drawn pictures as JPEG on a board, no more often than asked for and only while somebody waits.
final class PreviewOutput: Output {
  /// Pixels; larger pictures are scaled down.
  static let width = 1280

  private let board: PreviewBoard
  private let palette: Palette
  private let level: CPULevel
  private let interval: UInt64
  private let writer = ImageWriter()
  private var counts = [UInt64](repeating: 0, count: 256)
  private var due: UInt64 = 0
  private(set) var bytesWritten: Int64? = 0

  init(_ board: PreviewBoard, palette: Palette, level: CPULevel, fps: Double) {
    self.board = board
    self.palette = palette
    self.level = level
    interval = UInt64(1e9 / fps)
  }

  func accepts(_ item: DrawnFrame) -> Bool { Clock.monotonic.now() >= due && board.isWanted }

  func write(_ item: DrawnFrame) throws {
    let now = Clock.monotonic.now()
    // On a grid, where frames keep up with it.
    due = due &+ 2 * interval > now ? due &+ interval : now &+ interval
    let jpeg = try writer.jpeg(item.picture ?? item.decoded.frame, width: PreviewOutput.width)
    board.show(jpeg, shares(item))
    bytesWritten = (bytesWritten ?? 0) + Int64(jpeg.count)
  }

  func finish(trailing: [Packet]) throws { board.close() }

  private func shares(_ item: DrawnFrame) -> [PreviewBoard.ClassShare] {
    let labels = item.labels.value
    for index in counts.indices { counts[index] = 0 }
    addClassHistogram(of: labels, to: &counts, level: level)
    let pixels = Double(labels.width * labels.height)
    return palette.names.indices.map { id in
      PreviewBoard.ClassShare(
        name: palette.names[id], color: palette.colors[id].hex, share: Double(counts[id]) / pixels)
    }
  }
}

extension Palette.Color {
  /// `#rrggbb`.
  var hex: String {
    "#" + [red, green, blue].map { Format.left(String($0, radix: 16), 2, with: "0") }.joined()
  }
}
