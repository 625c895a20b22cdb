// SPDX-License-Identifier: Apache-2.0

extension Pen {
  private static let paints: [RGB] = [
    rgb(52, 54, 58), rgb(150, 154, 158), rgb(32, 34, 38), rgb(196, 198, 198), rgb(118, 28, 30),
    rgb(34, 52, 92), rgb(84, 92, 96), rgb(46, 66, 54), rgb(168, 172, 176), rgb(70, 76, 96), rgb(148, 120, 60),
  ]

  /// A car, or at times a van or a bus, seen from either end.
  func car(_ item: Item) {
    var dice = item.dice
    let paint = shift(Self.paints[dice.below(Self.paints.count)], dice.below(21) - 10)
    // A bus would not fit where cars park.
    let sort = dice.unit() * (item.isParked ? 0.95 : 1)
    let shape: CarShape = sort < 0.84 ? .saloon(&dice) : sort < 0.95 ? .van(&dice) : .bus(&dice)
    let (near, far) = (item.z - shape.length * 0.5, item.z + shape.length * 0.5)
    guard far > Camera.near + 0.3, near > -1.5 else { return }
    let away = item.heading > 0
    let (left, right) = (item.x - shape.half, item.x + shape.half)
    let z = max(near, 1)
    // Bonnet and windscreen lie at the near end of a car that comes, at the far end of one that goes.
    let nose = away ? far : near
    let tail = away ? near : far
    let toTail: Float = away ? -1 : 1
    let bonnet = nose + toTail * shape.bonnet
    let screen = bonnet + toTail * shape.rake
    let back = tail - toTail * shape.boot
    let hatch = back - toTail * 0.45
    let (belt, top, sill) = (shape.belt, shape.height, Float(0.27))
    let tuck: Float = shape.half * 0.16
    let glassColour = light.lampsLit ? rgb(34, 38, 44) : rgb(58, 68, 76)
    let underbody = flat(rgb(24, 24, 26), label: Label.car, light: light.front, z: z)
    board(left + 0.1, right - 0.1, 0.14, sill + 0.1, max(near + 0.2, Camera.near + 0.01), underbody)

    let showsRight = camera.across(right, z) < 0
    let showsLeft = camera.across(left, z) > 0
    if showsLeft || showsRight {
      let x = showsLeft ? left : right
      let inner = showsLeft ? left + tuck : right - tuck
      let strength = showsLeft ? light.rightWall : light.leftWall
      let body = flat(
        paint, label: Label.car, light: (strength * 230) >> 8, z: z, fall: 74, high: belt, low: sill)
      quad(Point(x, sill, near), Point(x, sill, far), Point(x, belt, far), Point(x, belt, near), body)
      quad(
        Point(x, belt, bonnet), Point(x, belt, back), Point(inner, top, hatch), Point(inner, top, screen),
        body)
      let (a, b) = (bonnet + toTail * 0.22, back - toTail * 0.18)
      let middle = (a + b) * 0.5
      let edge = showsLeft ? inner - tuck * 0.15 : inner + tuck * 0.15
      let pane = flat(
        glassColour, label: Label.car, light: (strength * 200) >> 8, z: z, fall: 110, high: top, low: belt)
      let topA = screen + toTail * 0.1
      let topB = hatch - toTail * 0.1
      let low = belt + 0.03
      let high = top - 0.1
      quad(
        Point(x, low, a), Point(x, low, middle - toTail * 0.04), Point(edge, high, middle - toTail * 0.04),
        Point(edge, high, topA), pane)
      quad(
        Point(x, low, middle + toTail * 0.04), Point(x, low, b), Point(edge, high, topB),
        Point(edge, high, middle + toTail * 0.04), pane)
      wheel(x, far - shape.length * 0.2, strength)
      wheel(x, near + shape.length * 0.2, strength)
    }
    lid(
      item, shape, paint, near: near, z: z, away: away, bonnet: bonnet, screen: screen, back: back,
      hatch: hatch)
    face(item, shape, paint, near: near, z: z, away: away, dice: &dice)
  }

  private func wheel(_ x: Float, _ axle: Float, _ strength: UInt32) {
    let tyre = flat(rgb(26, 26, 28), label: Label.car, light: strength, z: axle)
    let rim = flat(rgb(126, 128, 130), label: Label.car, light: strength, z: axle)
    octagon(x, axle, 0.33, tyre)
    octagon(x, axle, 0.19, rim)
  }

  private func octagon(_ x: Float, _ axle: Float, _ radius: Float, _ id: UInt16) {
    for i in 0..<12 {
      let turn = Double(i) / 12
      corner(i, Point(x, 0.33 + Float(wave(turn)) * radius, axle + Float(wave(turn + 0.25)) * radius))
    }
    fill(12, id)
  }

  /// Roof, bonnet and the pane that faces the camera.
  private func lid(
    _ item: Item, _ shape: CarShape, _ paint: RGB, near: Float, z: Float, away: Bool, bonnet: Float,
    screen: Float, back: Float, hatch: Float
  ) {
    let (left, right) = (item.x - shape.half, item.x + shape.half)
    let tuck = shape.half * 0.16
    let (belt, top) = (shape.belt, shape.height)
    let shine = flat(shift(paint, 26), label: Label.car, light: light.ground, z: z)
    let pillar = flat(paint, label: Label.car, light: light.front, z: z)
    let low = away ? back : bonnet
    let high = away ? hatch : screen
    quad(
      Point(left, belt, near), Point(right, belt, near), Point(right, belt, low), Point(left, belt, low),
      shine)
    quad(
      Point(left + tuck, top, min(screen, hatch)), Point(right - tuck, top, min(screen, hatch)),
      Point(right - tuck, top, max(screen, hatch)), Point(left + tuck, top, max(screen, hatch)), shine)
    quad(
      Point(left, belt, low), Point(right, belt, low), Point(right - tuck, top, high),
      Point(left + tuck, top, high),
      pillar)
    let colour = light.lampsLit ? rgb(40, 44, 50) : rgb(70, 82, 90)
    let pane = flat(colour, label: Label.car, light: light.front, z: z, fall: 90, high: top, low: belt)
    quad(
      Point(left + 0.1, belt + 0.05, low), Point(right - 0.1, belt + 0.05, low),
      Point(right - tuck - 0.06, top - 0.09, high), Point(left + tuck + 0.06, top - 0.09, high), pane)
  }

  /// The upright end with lamps, bumper, plate and tyres.
  private func face(
    _ item: Item, _ shape: CarShape, _ paint: RGB, near: Float, z: Float, away: Bool, dice: inout Dice
  ) {
    guard near > Camera.near else { return }
    let (x, half, belt) = (item.x, shape.half, shape.belt)
    func part(_ colour: RGB, _ strength: UInt32) -> UInt16 {
      flat(colour, label: Label.car, light: strength, z: z)
    }
    let rubber = part(rgb(22, 22, 24), light.front)
    board(x - half + 0.06, x - half + 0.28, 0, 0.5, near + 0.01, rubber)
    board(x + half - 0.28, x + half - 0.06, 0, 0.5, near + 0.01, rubber)
    let body = flat(paint, label: Label.car, light: light.front, z: z, fall: 80, high: belt, low: 0.25)
    board(x - half, x + half, 0.25, belt, near, body)
    let bumper = part(dice.chance(0.5) ? shift(paint, -22) : rgb(46, 46, 48), light.front)
    board(x - half, x + half, 0.27, 0.5, near, bumper)
    let braking = away && wave(camera.time * 0.11 + Double(dice.unit())) > 0.55
    let lit: UInt32 = light.lampsLit || braking ? 256 : light.front
    let lamp =
      away
      ? part(braking ? rgb(255, 44, 36) : rgb(170, 30, 30), lit)
      : part(light.lampsLit ? rgb(255, 246, 214) : rgb(214, 220, 222), lit)
    let (low, high) = away ? (belt - 0.3, belt - 0.05) : (belt - 0.27, belt - 0.09)
    board(x - half + 0.03, x - half + (away ? 0.2 : 0.36), low, high, near, lamp)
    board(x + half - (away ? 0.2 : 0.36), x + half - 0.03, low, high, near, lamp)
    if !away {
      board(
        x - half * 0.55, x + half * 0.55, belt - 0.3, belt - 0.12, near, part(rgb(36, 38, 40), light.front))
    }
    let plate = part(away ? rgb(206, 178, 70) : rgb(206, 206, 200), light.front)
    board(x - 0.26, x + 0.26, away ? 0.56 : 0.38, away ? 0.68 : 0.49, near, plate)
  }
}

/// Metres.
private struct CarShape {
  var half: Float
  var length: Float
  var height: Float
  /// Height of the lower edge of the windows.
  var belt: Float
  var bonnet: Float
  /// How far the windscreen leans back.
  var rake: Float
  var boot: Float

  static func saloon(_ dice: inout Dice) -> CarShape {
    CarShape(
      half: dice.between(0.82, 0.92), length: dice.between(3.7, 4.6), height: dice.between(1.42, 1.6),
      belt: dice.between(0.9, 1), bonnet: dice.between(0.8, 1.1), rake: dice.between(0.5, 0.75),
      boot: dice.chance(0.4) ? dice.between(0.4, 0.7) : 0.08)
  }

  static func van(_ dice: inout Dice) -> CarShape {
    CarShape(
      half: 0.98, length: dice.between(4.8, 5.4), height: dice.between(1.95, 2.4), belt: 1.2, bonnet: 0.7,
      rake: 0.6, boot: 0.02)
  }

  static func bus(_ dice: inout Dice) -> CarShape {
    CarShape(half: 1.22, length: 9.5, height: 3.0, belt: 1.25, bonnet: 0.1, rake: 0.25, boot: 0.02)
  }
}
