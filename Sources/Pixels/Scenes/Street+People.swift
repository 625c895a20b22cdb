// SPDX-License-Identifier: Apache-2.0

extension Pen {
  private static let cloth: [RGB] = [
    rgb(36, 38, 46), rgb(58, 54, 52), rgb(96, 36, 38), rgb(44, 58, 86), rgb(110, 104, 92), rgb(28, 30, 32),
    rgb(70, 84, 66), rgb(150, 146, 140), rgb(120, 84, 52), rgb(52, 70, 96),
  ]
  private static let skin: [RGB] = [
    rgb(198, 156, 132), rgb(156, 112, 86), rgb(110, 76, 58), rgb(212, 174, 150),
  ]

  func walker(_ item: Item) {
    guard item.z > 1.5 else { return }
    var dice = item.dice
    let z = item.z
    let scale = dice.between(0.9, 1.08)
    let coat = Self.cloth[dice.below(Self.cloth.count)]
    let trousers = shift(Self.cloth[dice.below(Self.cloth.count)], -8)
    let flesh = Self.skin[dice.below(Self.skin.count)]
    let hair = shift(rgb(58, 46, 38), dice.below(60) - 20)
    func part(_ colour: RGB, _ strength: UInt32, fall: UInt32 = 0) -> UInt16 {
      flat(colour, label: Label.pedestrian, light: strength, z: z, fall: fall, high: 1.5, low: 0.7)
    }
    let swing = Float(wave(Double(item.stride)))
    let strength = light.front
    // Legs swing along the street: seen mostly as one foot lifted and a little sideways.
    let leg = part(trousers, strength)
    let dark = part(shift(trousers, -14), strength)
    let x = item.x
    let hip = 0.84 * scale
    let open = 0.07 + abs(swing) * 0.07
    limb(x - 0.07, hip, x - open, 0.06 + max(swing, 0) * 0.14, z, thick: 0.15 * scale, leg)
    limb(x + 0.07, hip, x + open, 0.06 + max(-swing, 0) * 0.14, z, thick: 0.15 * scale, dark)
    let shoe = part(rgb(30, 28, 28), strength)
    let (leftFoot, rightFoot) = (max(swing, 0) * 0.14, max(-swing, 0) * 0.14)
    board(x - open - 0.07, x - open + 0.06, leftFoot, leftFoot + 0.09, z, shoe)
    board(x + open - 0.06, x + open + 0.07, rightFoot, rightFoot + 0.09, z, shoe)
    let skirt = dice.chance(0.3) ? Float(0.3) : 0
    let body = part(coat, strength, fall: 50)
    torso(x, z, low: hip - 0.1 - skirt, high: 1.46 * scale, waist: 0.17 * scale, chest: 0.22 * scale, body)
    let sleeve = part(shift(coat, -12), strength)
    for side: Float in [-1, 1] {
      let hand = x + side * (0.27 + swing * side * 0.04)
      limb(x + side * 0.21 * scale, 1.4 * scale, hand, 0.86 * scale, z, thick: 0.1, sleeve)
      disc(hand, 0.83 * scale, z, radius: 0.05, tall: 0.06, part(flesh, strength))
    }
    if dice.chance(0.35) {
      let bag = part(Self.cloth[dice.below(Self.cloth.count)], strength)
      if item.heading > 0 {
        board(x - 0.16, x + 0.16, 1.0 * scale, 1.4 * scale, z, bag)
      } else {
        board(x + 0.2, x + 0.44, 0.5, 0.8, z, bag)
      }
    }
    head(x, 1.6 * scale, z, flesh: part(flesh, strength), hair: part(hair, strength), away: item.heading > 0)
  }

  private func torso(
    _ x: Float, _ z: Float, low: Float, high: Float, waist: Float, chest: Float, _ id: UInt16
  ) {
    corner(0, Point(x - waist, low, z))
    corner(1, Point(x - chest, high - 0.12, z))
    corner(2, Point(x - chest * 0.6, high, z))
    corner(3, Point(x + chest * 0.6, high, z))
    corner(4, Point(x + chest, high - 0.12, z))
    corner(5, Point(x + waist, low, z))
    fill(6, id)
  }

  private func head(_ x: Float, _ y: Float, _ z: Float, flesh: UInt16, hair: UInt16, away: Bool) {
    board(x - 0.05, x + 0.05, y - 0.18, y, z, flesh)
    disc(x, y + 0.025, z, radius: 0.105, tall: 0.135, hair)
    if !away { disc(x, y - 0.02, z, radius: 0.088, tall: 0.105, flesh) }
  }

  /// A cyclist on a bicycle, seen from behind or from the front.
  func cyclist(_ item: Item) {
    guard item.z > 1.8 else { return }
    var dice = item.dice
    let z = item.z
    func part(_ colour: RGB, fall: UInt32 = 0) -> UInt16 {
      flat(colour, label: Label.bicyclist, light: light.front, z: z, fall: fall, high: 1.5, low: 0.8)
    }
    let vivid = dice.chance(0.4)
    let jacket = vivid ? rgb(196, 206, 60) : Self.cloth[dice.below(Self.cloth.count)]
    let flesh = Self.skin[dice.below(Self.skin.count)]
    let frame = part(shift(Self.cloth[dice.below(Self.cloth.count)], 20))
    let tyre = part(rgb(28, 28, 30))
    let x = item.x
    // The bicycle points a little across the view, so that its wheels show some of their round.
    let slant = camera.across(x, z) / z * 0.34 + 0.03 * item.side
    disc(x + slant * 0.5, 0.34, z, radius: max(abs(slant) * 0.34, 0.035), tall: 0.34, tyre)
    disc(x - slant * 0.5, 0.34, z, radius: max(abs(slant) * 0.34, 0.035), tall: 0.34, tyre)
    limb(x - slant * 0.5, 0.34, x, 0.9, z, thick: 0.06, frame)
    limb(x + slant * 0.5, 0.34, x, 0.86, z, thick: 0.06, frame)
    limb(x, 0.34, x, 0.95, z, thick: 0.05, frame)
    limb(x - 0.28, 1.02, x + 0.28, 1.02, z, thick: 0.045, tyre)
    let swing = Float(wave(Double(item.stride + dice.unit())))
    let trousers = part(shift(Self.cloth[dice.below(Self.cloth.count)], -6))
    for side: Float in [-1, 1] {
      let foot = 0.3 + swing * side * 0.16
      let knee = (foot + 0.95) * 0.5 + 0.08
      limb(x + side * 0.1, 0.96, x + side * 0.17, knee, z, thick: 0.17, trousers)
      limb(x + side * 0.17, knee, x + side * 0.12, foot, z, thick: 0.12, trousers)
      board(x + side * 0.12 - 0.06, x + side * 0.12 + 0.06, foot - 0.08, foot, z, part(rgb(40, 38, 38)))
    }
    torso(x, z, low: 0.88, high: 1.5, waist: 0.18, chest: 0.23, part(jacket, fall: 50))
    let sleeve = part(shift(jacket, -16))
    for side: Float in [-1, 1] {
      limb(x + side * 0.21, 1.42, x + side * 0.29, 1.16, z, thick: 0.11, sleeve)
      limb(x + side * 0.29, 1.16, x + side * 0.25, 1.02, z, thick: 0.09, sleeve)
    }
    let cap = dice.chance(0.6) ? part(rgb(206, 206, 204)) : part(rgb(54, 44, 38))
    head(x, 1.64, z, flesh: part(flesh), hair: cap, away: item.heading > 0)
  }
}
