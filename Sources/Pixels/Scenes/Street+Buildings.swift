// SPDX-License-Identifier: Apache-2.0

extension Pen {
  /// A house at the street's edge, or a garden behind a fence, a wall or a hedge.
  func plot(_ item: Item, plan: StreetPlan, textures: TextureSet) {
    var dice = item.dice
    let side = item.side
    guard dice.chance(plan.builtUp) else {
      garden(item, plan: plan, dice: &dice, textures: textures)
      return
    }
    let setBack = dice.chance(0.25) ? dice.between(0, 1.2) : 0
    house(side: side, x: item.x + setBack, z0: item.z, z1: item.z1, dice: &dice, lowest: 2)
  }

  private func house(side: Float, x: Float, z0: Float, z1: Float, dice: inout Dice, lowest: Int) {
    let style = dice.below(TextureSet.facades)
    let floors = lowest + dice.below(4)
    let floorHeight = dice.between(2.9, 3.5)
    let top = floorHeight * Float(floors) + dice.between(0.2, 0.9)
    let pitched = dice.chance(0.55)
    let deep: Float = 10
    let (near, far) = (side * x, side * (x + deep))
    let hash = UInt32(truncatingIfNeeded: dice.next())
    let sideLight = side < 0 ? light.leftWall : light.rightWall
    let peak = top + dice.between(2.4, 3.8)
    if pitched {
      let ridge = side * (x + deep * 0.5)
      let tile = rgb(96 + dice.below(40), 82 + dice.below(20), 76 + dice.below(16))
      let slope = flat(tile, label: Label.building, light: sideLight, z: (max(z0, 1) + z1) / 2)
      quad(Point(near, top, z0), Point(near, top, z1), Point(ridge, peak, z1), Point(ridge, peak, z0), slope)
      if dice.chance(0.6) {
        let stack = flat(rgb(120, 84, 70), label: Label.building, light: light.front, z: z0)
        board(ridge - 0.5, ridge + 0.5, peak - 1.2, peak + 1.1, z0 + 0.3, stack)
      }
    }
    var facade = Surface(kind: .facade, label: Label.building)
    facade.texture = style
    facade.hash = hash
    facade.density = SIMD2(128 / Facade.bayWidth, 128 / floorHeight)
    facade.light = sideLight
    let face = wall(x0: near, z0: z0, x1: near, z1: z1, along: 0, surface: facade)
    quad(Point(near, 0, z0), Point(near, 0, z1), Point(near, top, z1), Point(near, top, z0), face)
    let cornice = flat(
      rgb(172, 166, 156), label: Label.building, light: (sideLight &* 220) >> 8, z: (max(z0, 1) + z1) / 2)
    quad(
      Point(near, top - 0.35, z0), Point(near, top - 0.35, z1), Point(near, top, z1), Point(near, top, z0),
      cornice)
    guard z0 > Camera.near else { return }
    facade.light = light.front
    // The end wall shows upper floors only, shifted so that no shop turns the corner.
    facade.density.x = side * 128 / Facade.bayWidth
    facade.lift = -floorHeight
    let end = wall(x0: near, z0: z0, x1: far, z1: z0, along: side * 0.4, surface: facade)
    board(min(near, far), max(near, far), 0, top, z0, end)
    guard pitched else { return }
    var gable = Surface(kind: .textured, label: Label.building)
    gable.texture = TextureSet.brick
    gable.light = light.front
    let gableWall = wall(x0: near, z0: z0, x1: far, z1: z0, along: 0, surface: gable)
    corner(0, Point(near, top, z0))
    corner(1, Point(far, top, z0))
    corner(2, Point((near + far) * 0.5, peak, z0))
    fill(3, gableWall)
  }

  private func garden(_ item: Item, plan: StreetPlan, dice: inout Dice, textures: TextureSet) {
    let side = item.side
    if dice.chance(0.6) {
      house(side: side, x: item.x + 9, z0: item.z + 0.5, z1: item.z1 - 0.5, dice: &dice, lowest: 1)
    }
    if dice.chance(0.85) {
      let place = item.z + (item.z1 - item.z) * dice.between(0.3, 0.7)
      let isBare = plan.isWinter && dice.chance(0.8)
      tree(
        x: side * (item.x + dice.between(2.5, 5)), z: place, isBare: isBare, dice: &dice, textures: textures)
    }
    let sort = dice.unit()
    let height = dice.between(1.0, 1.9)
    var surface = Surface(kind: .textured, label: sort < 0.62 ? Label.fence : Label.tree)
    surface.texture = sort < 0.42 ? TextureSet.boards : sort < 0.62 ? TextureSet.brick : TextureSet.leaves
    surface.light = side < 0 ? light.leftWall : light.rightWall
    if sort >= 0.62 { surface.light = (surface.light &* 190) >> 8 }
    let near = side * item.x
    let face = wall(x0: near, z0: item.z, x1: near, z1: item.z1, along: 0, surface: surface)
    quad(
      Point(near, 0, item.z), Point(near, 0, item.z1), Point(near, height, item.z1),
      Point(near, height, item.z), face)
    guard item.z > Camera.near else { return }
    surface.light = light.front
    let end = wall(x0: near, z0: item.z, x1: near + side, z1: item.z, along: 0, surface: surface)
    let depth: Float = sort < 0.62 ? 0.12 : 0.9
    board(min(near, near + side * depth), max(near, near + side * depth), 0, height, item.z, end)
  }

  /// What closes the street at its end: far houses and trees, mostly haze.
  func backdrop(plan: StreetPlan, textures: TextureSet) {
    let z = StreetPlan.depth
    let grove = flat(rgb(86, 98, 78), label: Label.tree, light: light.front, z: z)
    let town = flat(rgb(122, 112, 106), label: Label.building, light: light.front, z: z)
    let scale = z / camera.focal
    let ground = Canvas.pixel(row(0, z), limit: canvas.height)
    let turn = camera.across(0, z)
    for x in 0..<canvas.width {
      // Read at fixed bearings, so that the skyline turns with the street and does not crawl.
      let bearing = (Float(x) + 0.5 - camera.centre) * scale - turn + 4096
      let cell = Int((bearing * 0.5).rounded(.down))
      let trees =
        Float(textures.noise(cell, 40)) / 255 * 13 + Float(textures.noise(cell * 7, 90)) / 255 * 2 - 1.5
      let block = Int((bearing / 14).rounded(.down))
      let roofs = 4 + Float(scramble(UInt32(truncatingIfNeeded: block)) & 7) * 1.1
      let built = !plan.isMotorway && textures.noise(cell, 160) > 118
      let top = Canvas.pixel(row(built ? max(roofs, trees * 0.6) : trees, z), limit: canvas.height)
      let id = built && roofs > trees * 0.6 ? town : grove
      for y in top..<max(top, ground) { canvas.ids[y * canvas.width + x] = id }
    }
  }
}
