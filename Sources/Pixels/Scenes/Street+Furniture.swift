// SPDX-License-Identifier: Apache-2.0

extension Pen {
  func tree(x: Float, z: Float, isBare: Bool, dice: inout Dice, textures: TextureSet) {
    guard z > 1.5 else { return }
    let height = dice.between(5.2, 10)
    let trunkTop = height * dice.between(0.34, 0.46)
    let girth = height * 0.027
    let lean = dice.between(-0.2, 0.2)
    let bark = flat(rgb(84, 72, 62), label: Label.tree, light: light.front, z: z)
    corner(0, Point(x - girth, 0, z))
    corner(1, Point(x + girth, 0, z))
    corner(2, Point(x + lean + girth * 0.6, trunkTop + 1, z))
    corner(3, Point(x + lean - girth * 0.6, trunkTop + 1, z))
    fill(4, bark)
    let crown = height - trunkTop
    for _ in 0..<3 {
      let out = dice.between(-0.3, 0.3) * crown
      limb(x + lean, trunkTop * 0.9, x + lean + out, trunkTop + crown * 0.6, z, thick: girth * 0.8, bark)
    }
    let tint = dice.below(60)
    let radius = crown * dice.between(0.3, 0.4)
    for blob in 0..<11 {
      let (ring, rank) = (Float(blob), Float(blob % 4))
      let turn = Double(ring * 0.37 + dice.unit() * 0.2)
      let spread = blob == 0 ? 0 : crown * 0.33
      let dx = Float(wave(turn)) * spread
      let dy = crown * (0.5 + Float(wave(turn + 0.25)) * 0.34)
      // Blobs towards the sun and the top take more light.
      let sunny = Int(dx / crown * sunward(70)) + Int(dy / crown * 130) - 64 + tint - 40
      var leaves = Surface(kind: .textured, label: Label.tree)
      leaves.texture = isBare ? TextureSet.twigs : TextureSet.leaves
      leaves.light = UInt32(min(max(Int(light.ground) * (200 + sunny) / 256, 20), 256))
      leaves.density = SIMD2(28, 28)
      leaves.uc = 0
      let id = wall(x0: x, z0: z, x1: x + 1, z1: z, along: 40 + rank * 1.3, surface: leaves)
      let size = radius * dice.between(0.75, 1.15)
      let scale = camera.focal / z
      canvas.fillEllipse(
        x: column(x + lean + dx, z), y: row(trunkTop + dy, z), radiusX: size * scale,
        radiusY: size * 0.86 * scale, id, ragged: UnsafePointer(textures.clouds), noiseStep: 30 / scale,
        noiseOffset: Int32(blob * 37 + tint))
    }
  }

  private func sunward(_ strength: Float) -> Float {
    light.leftWall == light.rightWall ? 0 : light.leftWall > light.rightWall ? strength : -strength
  }

  func lamp(_ item: Item, plan: StreetPlan) {
    guard item.z > 1 else { return }
    var dice = item.dice
    let height = dice.between(6.2, 8.6)
    let steel = flat(rgb(104, 108, 110), label: Label.pole, light: light.front, z: item.z)
    limb(item.x, 0, item.x, height * 0.25, item.z, thick: 0.2, steel)
    limb(item.x, 0, item.x, height, item.z, thick: 0.13, steel)
    let reach = item.x - item.side * dice.between(0.9, 1.7)
    limb(item.x, height - 0.08, reach, height + 0.28, item.z, thick: 0.1, steel)
    let head = flat(
      light.lampsLit ? rgb(255, 226, 170) : rgb(128, 130, 130), label: Label.pole,
      light: light.lampsLit ? 256 : light.front, z: item.z)
    limb(reach, height + 0.28, reach - item.side * 0.6, height + 0.34, item.z, thick: 0.16, head)
  }

  func bollard(_ item: Item) {
    let black = flat(rgb(48, 48, 50), label: Label.pole, light: light.front, z: item.z)
    limb(item.x, 0, item.x, 1, item.z, thick: 0.16, black)
    let ring = flat(rgb(206, 206, 200), label: Label.pole, light: light.front, z: item.z)
    limb(item.x, 0.78, item.x, 0.88, item.z, thick: 0.17, ring)
  }

  func sign(_ item: Item) {
    guard item.z > 1 else { return }
    var dice = item.dice
    let (x, z) = (item.x + item.side * 0.2, item.z)
    let height = dice.between(2.3, 2.9)
    let steel = flat(rgb(112, 114, 116), label: Label.pole, light: light.front, z: z)
    limb(x, 0, x, height, z, thick: 0.08, steel)
    func paint(_ colour: RGB) -> UInt16 { flat(colour, label: Label.sign, light: light.front, z: z) }
    let size = dice.between(0.32, 0.48)
    switch dice.below(4) {
    case 0:
      disc(x, height, z, radius: size, tall: size, paint(rgb(182, 32, 36)))
      disc(x, height, z, radius: size * 0.76, tall: size * 0.76, paint(rgb(226, 226, 222)))
      board(x - size * 0.4, x + size * 0.4, height - 0.1, height + 0.1, z, paint(rgb(36, 36, 40)))
    case 1:
      triangle(x, height, z, size * 1.3, paint(rgb(186, 34, 36)))
      triangle(x, height - 0.03, z, size * 0.85, paint(rgb(226, 226, 220)))
      board(x - 0.05, x + 0.05, height - size * 0.4, height + size * 0.3, z, paint(rgb(40, 40, 42)))
    case 2:
      disc(x, height, z, radius: size, tall: size, paint(rgb(34, 74, 158)))
      board(x - 0.05, x + 0.05, height - 0.2, height + 0.2, z, paint(rgb(232, 232, 228)))
    default:
      let (wide, tall) = (size * 1.5, size)
      let plate = dice.chance(0.5) ? rgb(30, 96, 66) : rgb(40, 80, 150)
      board(x - wide, x + wide, height - tall, height + tall, z, paint(plate))
      let text = paint(rgb(222, 224, 220))
      board(x - wide * 0.8, x + wide * 0.5, height + tall * 0.25, height + tall * 0.5, z, text)
      board(x - wide * 0.8, x + wide * 0.7, height - tall * 0.45, height - tall * 0.2, z, text)
    }
  }

  private func triangle(_ x: Float, _ y: Float, _ z: Float, _ size: Float, _ id: UInt16) {
    corner(0, Point(x - size, y - size * 0.75, z))
    corner(1, Point(x + size, y - size * 0.75, z))
    corner(2, Point(x, y + size * 0.95, z))
    fill(3, id)
  }

  func signal(_ item: Item) {
    guard item.z > 1 else { return }
    var dice = item.dice
    let (x, z) = (item.x, item.z)
    let steel = flat(rgb(70, 74, 76), label: Label.pole, light: light.front, z: z)
    limb(x, 0, x, 3.5, z, thick: 0.14, steel)
    let box = flat(rgb(34, 36, 38), label: Label.sign, light: light.front, z: z)
    board(x - 0.24, x + 0.24, 2.4, 3.6, z, box)
    let cycle = camera.time / 11 + Double(dice.unit())
    let phase = cycle - cycle.rounded(.down)
    let lit = phase < 0.45 ? 0 : phase < 0.52 ? 1 : 2
    let colours = (rgb(255, 62, 48), rgb(255, 190, 60), rgb(90, 255, 170))
    for lamp in 0..<3 {
      let colour = lamp == 0 ? colours.0 : lamp == 1 ? colours.1 : colours.2
      let glass =
        lamp == lit
        ? flat(colour, label: Label.sign, light: 256, z: z * 0.5)
        : flat(dim(colour, 52), label: Label.sign, light: light.front, z: z)
      disc(x, 3.36 - Float(lamp) * 0.36, z, radius: 0.14, tall: 0.14, glass)
    }
  }

  /// A panel of guard rail between the pavement and the road, seen through.
  func railing(_ item: Item) {
    let (x, z0, z1) = (item.x, item.z, item.z1)
    let strength = item.side < 0 ? light.leftWall : light.rightWall
    let steel = flat(rgb(132, 136, 136), label: Label.fence, light: strength, z: max(z0, Camera.near))
    limb(x, 0, x, 1.12, z1, thick: 0.09, steel)
    for height: Float in [0.2, 1.0] {
      quad(
        Point(x, height, z0), Point(x, height, z1), Point(x, height + 0.07, z1), Point(x, height + 0.07, z0),
        steel)
    }
    if z0 < 40 {
      for bar in 1..<10 { limb(x, 0.2, x, 1.0, z1 - Float(bar) * 0.15, thick: 0.026, steel) }
    }
    limb(x, 0, x, 1.12, z0, thick: 0.09, steel)
  }
}
