// SPDX-License-Identifier: Apache-2.0

/// The classes that a network tells apart, with a colour for each.
public struct ClassList: Sendable, Hashable {
  public var names: [String]
  /// As many as `names`: red, green, blue, 8 bits each.
  public var colors: [UInt32]

  public init(names: [String], colors: [UInt32]) {
    precondition(names.count == colors.count, "a colour for each class")
    self.names = names
    self.colors = colors
  }

  /// Names with colours of our choice: hues spread evenly, in three brightnesses.
  public init(names: [String]) {
    self.names = names
    colors = names.indices.map { index in
      let hue = UInt32(index * 8 % 11 * 23)
      let light = UInt32(255 - index / 11 % 3 * 60)
      let position = hue % 85 * 3
      let parts: (UInt32, UInt32, UInt32) =
        switch hue / 85 {
        case 0: (255 - position, position, 0)
        case 1: (0, 255 - position, position)
        default: (position, 0, 255 - position)
        }
      return (parts.0 * light / 255) << 16 | (parts.1 * light / 255) << 8 | (parts.2 * light / 255)
    }
  }

  /// `#rrggbb` for each class, as written into files.
  public var palette: [String] {
    colors.map { color in
      let digits = String(color, radix: 16)
      return "#" + String(repeating: "0", count: 6 - digits.count) + digits
    }
  }

  /// CamVid with its classes merged to 11.
  public static let camVid = ClassList(
    names: [
      "sky", "building", "pole", "road", "pavement", "tree", "sign", "fence", "car", "pedestrian",
      "bicyclist",
    ],
    colors: [
      0x808080, 0x800000, 0xC0C080, 0x804080, 0x0000C0, 0x808000, 0xC08080, 0x404080, 0x400080, 0x404000,
      0x0080C0,
    ])

  /// The 19 training classes of Cityscapes.
  public static let cityscapes = ClassList(
    names: [
      "road", "sidewalk", "building", "wall", "fence", "pole", "traffic light", "traffic sign", "vegetation",
      "terrain", "sky", "person", "rider", "car", "truck", "bus", "train", "motorcycle", "bicycle",
    ],
    colors: [
      0x804080, 0xF423E8, 0x464646, 0x66669C, 0xBE9999, 0x999999, 0xFAAA1E, 0xDCDC00, 0x6B8E23, 0x98FB98,
      0x4682B4,
      0xDC143C, 0xFF0000, 0x00008E, 0x000046, 0x003C64, 0x005064, 0x0000E6, 0x770B20,
    ])
}
