// SPDX-License-Identifier: Apache-2.0

internal import Addresses
internal import Buffers
internal import Frames
internal import Pixels

/// Class ids as lossless gray video: those found, or the true ones.
final class LabelVideoOutput: Output {
  private let writer: LabelVideoWriter
  private let wantsTruth: Bool
  private let numbering: Numbering?
  private let shift: Int64

  /// - Parameter shift: added to the timestamps.
  init(_ writer: LabelVideoWriter, wantsTruth: Bool, numbering: Numbering?, shift: Int64) {
    self.writer = writer
    self.shift = shift
    self.wantsTruth = wantsTruth
    self.numbering = numbering
  }

  func write(_ item: DrawnFrame) throws {
    let frame = item.decoded.frame
    guard let labels = wantsTruth ? item.decoded.truth?.value : item.labels.value else { return }
    try writer.write(numbering?.apply(to: labels) ?? labels, pts: frame.pts + shift, duration: frame.duration)
  }

  func finish(trailing: [Packet]) throws { try writer.finish() }

  var bytesWritten: Int64? { writer.bytesWritten }
}

/// Class ids as palette pictures `000000.png` … in a folder.
final class LabelPictureOutput: Output {
  private let writer: ImageWriter
  private let palette: [RGB]
  private let pattern: PicturePattern
  private let numbering: Numbering?

  init(folder: String, palette: Palette, numbering: Numbering?, overwrite: Bool) {
    writer = ImageWriter(overwrite: overwrite)
    var colors = Array(repeating: RGB(0, 0, 0), count: 256)
    for (id, color) in palette.colors.enumerated() {
      colors[numbering.map { Int($0.table[id]) } ?? id] = RGB(color.red, color.green, color.blue)
    }
    self.palette = colors
    self.numbering = numbering
    pattern = PicturePattern(folder + "/%06d.png")!
  }

  func write(_ item: DrawnFrame) throws {
    let labels = numbering?.apply(to: item.labels.value) ?? item.labels.value
    try writer.write(labels, palette: palette, to: pattern.path(item.decoded.frame.index))
  }

  func finish(trailing: [Packet]) throws {}

  var bytesWritten: Int64? { nil }
}

/// Turns train ids into the data set's own label ids.
final class Numbering {
  /// Cityscapes numbers 34 classes, of which 19 count.
  static let cityscapes: [UInt8] = [
    7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33,
  ]

  /// A label id for each train id; 255 stays.
  let table: [UInt8]
  private let map: LabelMap

  /// `nil` where the two are the same: for `train`, and for sets that number only the classes that count.
  init?(_ ids: OutputConfig.Ids, names: [String], width: Int, height: Int) {
    guard ids == .label, names == Palette.cityscapes.names else { return nil }
    table = (0...255).map { $0 < 19 ? Numbering.cityscapes[$0] : UInt8($0) }
    map = LabelMap(width: width, height: height)
  }

  /// The map holds until the next call.
  func apply(to labels: LabelMap) -> LabelMap {
    table.withUnsafeBufferPointer { table in
      for row in 0..<map.height {
        let from = labels.pixels + row * labels.rowBytes, to = map.pixels + row * map.rowBytes
        for column in 0..<map.width { to[column] = table[Int(from[column])] }
      }
    }
    return map
  }
}

/// The names and colours behind class ids, for whoever reads labels.
enum ClassMap {
  /// `{"classes":[{"id":0,"name":"sky","color":"#808080"},…],"none":255}`.
  static func json(_ palette: Palette, numbering: Numbering?) -> [UInt8] {
    var json = JSONText()
    json.object { json in
      json.array("classes", palette.names.indices) { json, id in
        json.object { json in
          json.integer("id", numbering.map { Int($0.table[id]) } ?? id)
          json.integer("train_id", id)
          json.integer("label_id", numbering.map { Int($0.table[id]) } ?? id)
          json.string("name", palette.names[id])
          json.string("color", palette.colors[id].hex)
        }
      }
      json.integer("none", 255)
    }
    json.newline()
    return json.bytes
  }
}
