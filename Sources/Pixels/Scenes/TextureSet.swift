// SPDX-License-Identifier: Apache-2.0

/// Every texture of a street, each 128 x 256 texels with halved copies for the distance.
///
/// A texel is 0xAARRGGBB; the meaning of A is the texture's own. A facade keeps its ground floor in rows
/// 0…127 and one of its upper floors in rows 128…255, bottom row first.
final class TextureSet: @unchecked Sendable {
  // @unchecked: written by init alone.

  static let width = 128
  static let height = 256
  static let levels = 6
  static let facades = 10

  static let asphalt = 10
  static let paving = 11
  static let grass = 12
  static let leaves = 13
  static let boards = 14
  static let brick = 15
  static let tiles = 16
  static let twigs = 17
  static let count = 18

  /// Texels of one texture, all levels.
  static let stride = (0..<levels).reduce(0) { $0 + (width >> $1) * (height >> $1) }

  /// Where a level starts within a texture.
  static func offset(ofLevel level: Int) -> Int {
    (0..<level).reduce(0) { $0 + (width >> $1) * (height >> $1) }
  }

  let texels: UnsafeMutablePointer<UInt32>
  /// 256 x 256 values of 0…255, smooth and repeating: clouds, stains, ragged edges.
  let clouds: UnsafeMutablePointer<UInt8>

  init(plan: StreetPlan) {
    texels = .allocate(capacity: Self.stride * Self.count)
    clouds = .allocate(capacity: 256 * 256)
    fillClouds(seed: UInt32(truncatingIfNeeded: plan.seed) ^ 77)
    for style in 0..<Self.facades {
      let facade = Facade(seed: plan.seed, style: style)
      fill(style) { x, y in facade.texel(x, y) }
    }
    var dice = Dice(seed: plan.seed, kind: 3)
    let tar = 88 + dice.below(26)
    fill(Self.asphalt) { x, y in
      let grain = Int(scramble(UInt32(x + y * 131)) & 31) - 16
      return shift(rgb(tar, tar + 1, tar + 4), grain + (self.noise(x * 2, y * 2) - 128) / 9)
    }
    let slab = 118 + dice.below(36)
    let slabWarmth = dice.below(12)
    fill(Self.paving) { x, y in
      let course = y / 32
      let stone = (x + course % 2 * 32) % 128 / 64 + course * 2
      let joint = y % 32 < 2 || (x + course % 2 * 32) % 64 < 2
      let tone = Int(scramble(UInt32(stone) &+ 40) & 15) - 8 + (self.noise(x * 2, y) - 128) / 12
      return shift(rgb(slab + slabWarmth, slab + slabWarmth / 2, slab), joint ? tone - 34 : tone)
    }
    fill(Self.grass) { x, y in
      shift(
        rgb(84, 104, 58), (self.noise(x * 5, y * 5) - 128) / 3 + Int(scramble(UInt32(x ^ y << 9)) & 15) - 8)
    }
    let foliage = [rgb(98, 106, 76), rgb(112, 116, 84), rgb(84, 98, 66), rgb(124, 112, 78)][dice.below(4)]
    fill(Self.leaves) { x, y in
      let clump = self.noise(x * 2, y * 2) - 128
      let leaf = Int(scramble(UInt32(x / 2 + (y / 2) * 613)) & 63) - 32
      let gap = self.noise(x * 7 + 31, y * 7) < 92 ? -34 : 0
      let tone = clump / 3 + leaf / 2 + gap + Int(scramble(UInt32(x + y * 613)) & 31) - 12
      return shift(foliage, tone)
    }
    let twig = rgb(82 + dice.below(20), 76 + dice.below(18), 72)
    fill(Self.twigs) { x, y in
      // Branches are where two smooth noises are level with each other; sky shines through between them.
      let thick = abs(self.noise(x * 3, y * 3) - self.noise(x * 3 + 77, y * 3 + 130))
      let thin = abs(self.noise(x * 8, y * 8) - self.noise(x * 8 + 40, y * 8 + 90))
      let open = thick > 14 && thin > 22
      let tone = Int(scramble(UInt32(x + y * 409)) & 31) - 16
      return shift(twig, open ? 58 + tone + self.noise(x, y) / 4 : tone - 14)
    }
    let plank = rgb(110 + dice.below(40), 92 + dice.below(30), 74 + dice.below(24))
    fill(Self.boards) { x, y in
      let tone = Int(scramble(UInt32(x / 10) &+ 9) & 31) - 16 + (self.noise(x * 8, y) - 128) / 8
      return shift(plank, x % 10 == 0 ? tone - 45 : tone)
    }
    fill(Self.brick) { x, y in Facade.masonry(rgb(128, 92, 76), x, y, strength: 22) }
    fill(Self.tiles) { x, y in
      let tone = Int(scramble(UInt32(x / 6 + y / 6 * 57)) & 15) - 8
      return shift(rgb(104, 88, 82), y % 6 == 0 ? tone - 26 : tone)
    }
  }

  deinit {
    texels.deallocate()
    clouds.deallocate()
  }

  func noise(_ x: Int, _ y: Int) -> Int { Int(clouds[(y & 255) << 8 | x & 255]) }

  private func fill(_ texture: Int, _ texel: (Int, Int) -> UInt32) {
    var level = texels + texture * Self.stride
    for y in 0..<Self.height {
      for x in 0..<Self.width { level[y * Self.width + x] = texel(x, y) }
    }
    for step in 1..<Self.levels {
      let (width, height) = (Self.width >> step, Self.height >> step)
      let finer = level
      level = finer + (width * 2) * (height * 2)
      for y in 0..<height {
        for x in 0..<width {
          let corner = finer + (y * 2 * width * 2 + x * 2)
          level[y * width + x] = mean(corner[0], corner[1], corner[width * 2], corner[width * 2 + 1])
        }
      }
    }
  }

  private func mean(_ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: UInt32) -> UInt32 {
    var result: UInt32 = 0
    for shift: UInt32 in [0, 8, 16, 24] {
      let sum = (a >> shift & 255) + (b >> shift & 255) + (c >> shift & 255) + (d >> shift & 255)
      result |= ((sum + 2) >> 2) << shift
    }
    return result
  }

  /// Five octaves of value noise on lattices of 8…128 points, each smoothed by 3t²-2t³.
  private func fillClouds(seed: UInt32) {
    for y in 0..<256 {
      for x in 0..<256 {
        var sum = 0
        for octave in 0..<5 {
          let cell = 32 >> octave
          let mask = 256 / cell - 1
          let (column, row) = (x / cell, y / cell)
          func corner(_ dx: Int, _ dy: Int) -> Int {
            let index = ((row + dy) & mask) << 8 | ((column + dx) & mask)
            return Int(scramble(UInt32(index) &+ seed &* 31 &+ UInt32(octave) << 20) & 255)
          }
          func smooth(_ t: Int) -> Int { t * t * (3 * cell - 2 * t) * 256 / (cell * cell * cell) }
          let (fx, fy) = (smooth(x % cell), smooth(y % cell))
          let low = corner(0, 0) * (256 - fx) + corner(1, 0) * fx
          let high = corner(0, 1) * (256 - fx) + corner(1, 1) * fx
          sum += (low * (256 - fy) + high * fy) >> (17 + octave)
        }
        clouds[y << 8 | x] = UInt8(min(max((sum - 124) * 3 / 2 + 128, 0), 255))
      }
    }
  }
}
