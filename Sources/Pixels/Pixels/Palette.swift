// SPDX-License-Identifier: Apache-2.0

/// The classes of a data set and the colours they are drawn in. A label is an index.
public struct Palette: Sendable, Hashable {
  public struct Color: Sendable, Hashable {
    public var red: UInt8
    public var green: UInt8
    public var blue: UInt8

    public init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) {
      self.red = red
      self.green = green
      self.blue = blue
    }
  }

  public var names: [String]
  public var colors: [Color]

  public init(names: [String], colors: [Color]) {
    precondition(names.count == colors.count && names.count <= 255, "a colour for each of up to 255 classes")
    self.names = names
    self.colors = colors
  }

  init(_ entries: [(String, Color)]) { self.init(names: entries.map(\.0), colors: entries.map(\.1)) }

  /// Colours for any number of classes: the one of Pascal VOC, which spreads the bits of the index.
  public static func spread(names: [String]) -> Palette {
    Palette(names: names, colors: names.indices.map(spreadColor))
  }

  private static func spreadColor(_ index: Int) -> Color {
    var (red, green, blue) = (0, 0, 0)
    for bit in 0..<3 {
      red |= (index >> (3 * bit) & 1) << (7 - bit)
      green |= (index >> (3 * bit + 1) & 1) << (7 - bit)
      blue |= (index >> (3 * bit + 2) & 1) << (7 - bit)
    }
    return Color(UInt8(red), UInt8(green), UInt8(blue))
  }
}
