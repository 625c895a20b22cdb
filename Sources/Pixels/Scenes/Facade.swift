// SPDX-License-Identifier: Apache-2.0

/// The look of one kind of house: a ground floor and a repeating upper floor, each two windows wide.
///
/// A texel's top byte is 255 on glass, 0 elsewhere.
struct Facade {
  /// Metres that 128 texels stand for, across and up.
  static let bayWidth: Float = 4.6
  static let floorHeight: Float = 3.1

  private let wall: RGB
  private let bricks: Int
  private let frame: RGB
  private let windowHalf: Int
  private let windowLow: Int
  private let windowHigh: Int
  private let single: Bool
  private let isShop: Bool
  private let accent: RGB
  private let bands: Bool

  private static let walls: [RGB] = [
    rgb(132, 92, 76), rgb(168, 144, 108), rgb(204, 194, 172), rgb(138, 136, 132), rgb(112, 82, 72),
    rgb(216, 212, 204), rgb(152, 120, 92), rgb(120, 122, 128), rgb(178, 160, 140), rgb(96, 92, 90),
    rgb(172, 156, 124), rgb(148, 108, 88),
  ]
  private static let accents: [RGB] = [
    rgb(34, 60, 118), rgb(30, 92, 62), rgb(142, 34, 36), rgb(48, 46, 50), rgb(180, 148, 60), rgb(92, 48, 92),
    rgb(198, 198, 190), rgb(40, 104, 120),
  ]

  init(seed: UInt64, style: Int) {
    var dice = Dice(seed: seed, kind: 4, cell: style)
    wall = shift(Self.walls[dice.below(Self.walls.count)], dice.below(25) - 16)
    bricks = dice.chance(0.6) ? 10 + dice.below(14) : 3
    frame = dice.chance(0.7) ? rgb(206, 206, 200) : rgb(62, 58, 56)
    single = dice.chance(0.25)
    windowHalf = single ? 40 + dice.below(14) : 13 + dice.below(8)
    windowLow = 26 + dice.below(14)
    windowHigh = 92 + dice.below(18)
    isShop = style < 5
    accent = Self.accents[dice.below(Self.accents.count)]
    bands = dice.chance(0.35)
  }

  /// Bricks in half-bond with paler joints; `strength` is their contrast.
  static func masonry(_ colour: RGB, _ x: Int, _ y: Int, strength: Int) -> RGB {
    let course = y / 4
    let along = x + course % 2 * 4
    let stone = along % 128 / 8 + course * 17
    let tone = Int(scramble(UInt32(stone) &+ 5) & 31) * strength / 24 - strength / 2
    let joint = y % 4 == 0 || along % 8 == 0
    return shift(colour, joint ? strength / 2 : tone)
  }

  func texel(_ x: Int, _ y: Int) -> UInt32 {
    y < 128 ? groundFloor(x, y) : upperFloor(x, y - 128)
  }

  private func upperFloor(_ x: Int, _ y: Int) -> UInt32 {
    let column = single ? abs(x - 64) : abs(x % 64 - 32)
    if y >= windowLow, y < windowHigh, column < windowHalf {
      return pane(column, y - windowLow, windowHigh - windowLow)
    }
    if y >= windowLow - 4, y < windowLow, column < windowHalf + 4 { return shift(frame, -18) }
    if y >= windowHigh, y < windowHigh + 6, column < windowHalf + 2 { return shift(wall, 26) }
    if bands, y > 121 { return shift(wall, 34) }
    return wallTexel(x, y)
  }

  private func pane(_ column: Int, _ y: Int, _ height: Int) -> UInt32 {
    let edge = windowHalf - column <= 3 || y < 3 || y >= height - 3
    let bar = column < 2 || abs(y - height * 3 / 5) < 2 || (single && abs(column - 20) < 2)
    if edge || bar { return frame }
    return rgb(44 + y / 3, 54 + y / 2, 64 + y * 3 / 5) | 0xFF00_0000
  }

  private func groundFloor(_ x: Int, _ y: Int) -> UInt32 {
    guard isShop else {
      if abs(x - 30) < 15, y < 88 {
        if abs(x - 30) > 12 || y > 84 { return frame }
        return y > 66 ? rgb(60, 70, 80) | 0xFF00_0000 : shift(accent, (x / 3 + y / 22) % 2 == 0 ? 0 : -8)
      }
      let column = abs(x - 92)
      if y >= 32, y < 92, column < 20 {
        let isFrame = column > 17 || column < 2 || y < 35 || y > 88
        return isFrame ? frame : rgb(44 + y / 3, 52 + y / 2, 60 + y / 2) | 0xFF00_0000
      }
      return wallTexel(x, y)
    }
    if y > 116 { return shift(wall, 20) }
    if y > 94 {
      let letters =
        y > 100 && y < 111 && x > 26 && x < 102 && x % 9 > 3
        && scramble(UInt32(x / 3 + y / 4 * 50)) & 3 > 0
      return letters ? shift(accent, 120) : accent
    }
    if x < 5 || x > 123 || y < 12 { return shift(accent, -18) }
    if abs(x - 64) < 13 {
      if abs(x - 64) > 10 || y > 84 { return shift(accent, 24) }
      return rgb(52 + y / 4, 54 + y / 4, 58 + y / 4) | 0xFF00_0000
    }
    if x % 40 < 2 || y > 90 { return shift(accent, 10) }
    let goods = y < 52 ? Int(scramble(UInt32(x / 7 + y / 9 * 40) &+ accent) & 63) : 0
    return rgb(50 + y / 2 + goods, 56 + y / 2 + goods * 3 / 4, 60 + y / 2 + goods / 2) | 0xFF00_0000
  }

  private func wallTexel(_ x: Int, _ y: Int) -> UInt32 {
    let stain = Int(scramble(UInt32(x / 16 + y / 24 * 9) &+ wall) & 7) - 4
    return Self.masonry(shift(wall, stain), x, y, strength: bricks)
  }
}
