// SPDX-License-Identifier: Apache-2.0

extension Pen {
  /// Six metres of the concrete barrier between the carriageways.
  func barrier(_ item: Item) {
    let (z0, z1) = (item.z, item.z1)
    let z = max(z0, Camera.near)
    // The side that we see: our carriageway lies on `side` of it.
    let side = item.side
    let strength = side < 0 ? light.rightWall : light.leftWall
    let concrete = rgb(150, 147, 140)
    let face = flat(concrete, label: Label.fence, light: strength, z: z, fall: 70, high: 0.9, low: 0)
    let foot = flat(concrete, label: Label.fence, light: (strength &* 210) >> 8, z: z)
    let top = flat(concrete, label: Label.fence, light: light.ground, z: z)
    let (wide, narrow) = (side * 0.4, side * 0.12)
    quad(
      Point(-narrow, 0.9, z0), Point(-narrow, 0.9, z1), Point(narrow, 0.9, z1), Point(narrow, 0.9, z0), top)
    quad(Point(wide, 0, z0), Point(wide, 0, z1), Point(wide * 0.5, 0.3, z1), Point(wide * 0.5, 0.3, z0), foot)
    quad(
      Point(wide * 0.5, 0.3, z0), Point(wide * 0.5, 0.3, z1), Point(narrow, 0.9, z1), Point(narrow, 0.9, z0),
      face)
  }

  /// Four metres of steel rail on posts.
  func guardRail(_ item: Item) {
    let (x, z0, z1) = (item.x, item.z, item.z1)
    let z = max(z0, Camera.near)
    let strength = item.side < 0 ? light.leftWall : light.rightWall
    let post = flat(rgb(112, 114, 114), label: Label.fence, light: light.front, z: z1)
    limb(x, 0, x, 0.7, z1, thick: 0.12, post)
    let steel = flat(
      rgb(168, 172, 172), label: Label.fence, light: strength, z: z, fall: 80, high: 0.78, low: 0.46)
    quad(Point(x, 0.46, z0), Point(x, 0.46, z1), Point(x, 0.78, z1), Point(x, 0.78, z0), steel)
  }

  /// A beam over our carriageway, with boards.
  func gantry(_ item: Item) {
    var dice = item.dice
    let (side, z) = (item.side, item.z)
    let steel = flat(rgb(122, 126, 128), label: Label.pole, light: light.front, z: z)
    let (near, far) = (side * 0.1, side * (Motorway.half + 1.2))
    limb(near, 0, near, 7, z, thick: 0.35, steel)
    limb(far, 0, far, 7, z, thick: 0.35, steel)
    limb(near, 6.6, far, 6.6, z, thick: 0.3, steel)
    limb(near, 7.2, far, 7.2, z, thick: 0.16, steel)
    let plate = dice.chance(0.5) ? rgb(26, 74, 150) : rgb(20, 100, 66)
    for lane in 0..<Motorway.lanes where dice.chance(0.75) {
      let x = side * Motorway.lane(lane)
      let half = dice.between(1.2, 1.7)
      board(x - half, x + half, 5.6, 7.9, z, flat(plate, label: Label.sign, light: light.front, z: z))
      let text = flat(rgb(226, 228, 224), label: Label.sign, light: light.lampsLit ? 200 : light.front, z: z)
      board(x - half * 0.8, x + half * 0.5, 7.1, 7.5, z, text)
      board(x - half * 0.8, x + half * 0.7, 6.4, 6.7, z, text)
    }
  }

  /// A lorry: a cab and a box, seen from either end.
  func lorry(_ item: Item) {
    var dice = item.dice
    let boxes: [RGB] = [
      rgb(208, 208, 204), rgb(60, 84, 132), rgb(150, 40, 38), rgb(212, 196, 150), rgb(70, 96, 76),
    ]
    let paint = shift(boxes[dice.below(boxes.count)], dice.below(21) - 10)
    let cab = shift(paint, dice.below(61) - 30)
    let (half, length, height) = (Float(1.25), dice.between(9, 14), dice.between(3.4, 4.0))
    let (near, far) = (item.z - length * 0.5, item.z + length * 0.5)
    guard far > Camera.near + 0.5, near > -4 else { return }
    let away = item.heading > 0
    let z = max(near, 1)
    let (left, right) = (item.x - half, item.x + half)
    func part(_ colour: RGB, _ strength: UInt32, at z: Float) -> UInt16 {
      flat(colour, label: Label.car, light: strength, z: z)
    }
    let dark = part(rgb(26, 26, 28), light.front, at: z)
    // The cab's two metres are at the end that it drives towards.
    let seam = away ? far - 2.2 : near + 2.2
    if camera.across(left, z) > 0 || camera.across(right, z) < 0 {
      let x = camera.across(left, z) > 0 ? left : right
      let strength = x == left ? light.rightWall : light.leftWall
      func side(_ from: Float, _ to: Float, _ low: Float, _ high: Float, _ id: UInt16) {
        quad(Point(x, low, from), Point(x, low, to), Point(x, high, to), Point(x, high, from), id)
      }
      let box = flat(paint, label: Label.car, light: strength, z: z, fall: 60, high: height, low: 1.1)
      let body = flat(cab, label: Label.car, light: strength, z: z, fall: 60, high: 2.9, low: 0.5)
      side(near, far, 0.45, 1.1, dark)
      side(away ? near : seam + 0.4, away ? seam - 0.4 : far, 1.1, height, box)
      side(away ? seam : near, away ? far : seam, 0.5, 2.9, body)
      let glass = part(rgb(46, 54, 60), strength, at: z)
      side(away ? seam + 0.9 : near + 0.2, away ? far - 0.2 : seam - 0.9, 1.75, 2.5, glass)
      for place: Float in [0.12, 0.2, 0.28, 0.88] {
        let axle = away ? near + length * place : far - length * place
        guard axle > Camera.near else { continue }
        for i in 0..<12 {
          let turn = Double(i) / 12
          corner(i, Point(x, 0.5 + Float(wave(turn)) * 0.5, axle + Float(wave(turn + 0.25)) * 0.5))
        }
        fill(12, part(rgb(24, 24, 26), strength, at: axle))
      }
    }
    guard near > Camera.near else { return }
    let tall = away ? height : 2.9
    if !away {
      let box = flat(paint, label: Label.car, light: light.front, z: near + 2.6)
      board(left, right, 1.1, height, near + 2.6, box)
    }
    board(left + 0.08, left + 0.4, 0, 0.8, near, dark)
    board(right - 0.4, right - 0.08, 0, 0.8, near, dark)
    let front = flat(
      away ? paint : cab, label: Label.car, light: light.front, z: z, fall: 60, high: tall, low: 0.5)
    board(left, right, away ? 1.0 : 0.5, tall, near, front)
    let lit: UInt32 = light.lampsLit ? 256 : light.front
    if away {
      board(left + 0.1, right - 0.1, 0.6, 1.0, near, dark)
      board(item.x - 0.02, item.x + 0.02, 1.1, tall - 0.1, near, part(shift(paint, -40), light.front, at: z))
      let lamp = part(rgb(190, 34, 32), lit, at: z)
      board(left + 0.12, left + 0.45, 0.72, 0.92, near, lamp)
      board(right - 0.45, right - 0.12, 0.72, 0.92, near, lamp)
    } else {
      board(left + 0.12, right - 0.12, 1.7, 2.6, near, part(rgb(48, 56, 62), light.front, at: z))
      let lamp = part(light.lampsLit ? rgb(255, 246, 214) : rgb(206, 212, 214), lit, at: z)
      board(left + 0.1, left + 0.5, 0.75, 0.98, near, lamp)
      board(right - 0.5, right - 0.1, 0.75, 0.98, near, lamp)
    }
  }
}
