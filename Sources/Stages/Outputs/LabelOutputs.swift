// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import Frames
internal import Kernels

/// Class ids as lossless gray video: those found, or the true ones.
final class LabelVideoOutput: Output {
  private let writer: LabelVideoWriter
  private let wantsTruth: Bool

  init(_ writer: LabelVideoWriter, wantsTruth: Bool) {
    self.writer = writer
    self.wantsTruth = wantsTruth
  }

  func write(_ item: DrawnFrame) throws {
    let frame = item.decoded.frame
    guard let labels = wantsTruth ? item.decoded.truth?.value : item.labels.value else { return }
    try writer.write(labels, pts: frame.pts, duration: frame.duration)
  }

  func finish(trailing: [Packet]) throws { try writer.finish() }

  var bytesWritten: Int64? { writer.bytesWritten }
}

/// Class ids as palette pictures `000000.png` … in a folder.
final class LabelPictureOutput: Output {
  private let writer: ImageWriter
  private let palette: [RGB]
  private let pattern: PicturePattern

  init(folder: String, palette: Palette, overwrite: Bool) {
    writer = ImageWriter(overwrite: overwrite)
    self.palette = palette.colors.map { RGB($0.red, $0.green, $0.blue) }
    pattern = PicturePattern(folder + "/%06d.png")!
  }

  func write(_ item: DrawnFrame) throws {
    try writer.write(item.labels.value, palette: palette, to: pattern.path(item.decoded.frame.index))
  }

  func finish(trailing: [Packet]) throws {}

  var bytesWritten: Int64? { nil }
}

/// The names and colours behind class ids, for whoever reads labels.
enum ClassMap {
  /// `{"classes":[{"id":0,"name":"sky","color":"#808080"},…],"none":255}`.
  static func json(_ palette: Palette) -> [UInt8] {
    var json = JSONText()
    json.object { json in
      json.array("classes", palette.names.indices) { json, id in
        json.object { json in
          json.integer("id", id)
          json.integer("train_id", id)
          json.string("name", palette.names[id])
          json.string("color", hex(palette.colors[id]))
        }
      }
      json.integer("none", 255)
    }
    json.newline()
    return json.bytes
  }

  private static func hex(_ color: Palette.Color) -> String {
    "#"
      + [color.red, color.green, color.blue].map { Format.left(String($0, radix: 16), 2, with: "0") }
      .joined()
  }
}
