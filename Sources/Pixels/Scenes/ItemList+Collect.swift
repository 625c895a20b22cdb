// SPDX-License-Identifier: Apache-2.0

extension ItemList {
  /// Everything within sight at the camera's place and time.
  mutating func collect(plan: StreetPlan, camera: Camera) {
    count = 0
    guard !plan.isMotorway else {
      motorway(plan, camera)
      return
    }
    for side: Float in [-1, 1] {
      plots(plan, camera, side)
      furniture(plan, camera, side)
      walkers(plan, camera, side)
      parkedCars(plan, camera, side)
    }
    traffic(plan, camera)
  }

  /// Calls `body` with each cell of `spacing` metres in sight, its place ahead and its dice.
  func cells(
    _ spacing: Double, _ kind: UInt64, _ plan: StreetPlan, _ camera: Camera, moved: Double = 0,
    behind: Float = 12, sight: Float = 200, _ body: (Int, Float, Dice) -> Void
  ) {
    let here = camera.travelled - moved
    let first = Int(((here - Double(behind)) / spacing).rounded(.down))
    let last = Int(((here + Double(sight)) / spacing).rounded(.down))
    for cell in first...last {
      body(cell, Float(Double(cell) * spacing - here), Dice(seed: plan.seed, kind: kind, cell: cell))
    }
  }

  func stream(_ kind: UInt64, _ side: Float) -> UInt64 { side < 0 ? kind : kind + 1 }

  private mutating func plots(_ plan: StreetPlan, _ camera: Camera, _ side: Float) {
    let kind = stream(20, side)
    var found = ItemList.Cells()
    func boundary(_ cell: Int) -> Double {
      var dice = Dice(seed: plan.seed, kind: kind, cell: cell)
      return Double(cell) * 12 + Double(dice.between(-3.4, 3.4))
    }
    cells(12, kind, plan, camera, behind: 30, sight: StreetPlan.depth) { cell, _, dice in
      found.append(cell, 0, dice)
    }
    for i in 0..<found.count {
      var dice = found[i].dice
      _ = dice.unit()
      let z = camera.ahead(boundary(found[i].cell))
      let end = camera.ahead(boundary(found[i].cell + 1))
      guard end > Camera.near else { continue }
      add(Item(key: end, kind: .plot, side: side, x: plan.frontage, z: z, z1: end, dice: dice))
    }
  }

  private mutating func furniture(_ plan: StreetPlan, _ camera: Camera, _ side: Float) {
    var found = Cells()
    cells(29, stream(30, side), plan, camera) { found.append($0, $1 + (side < 0 ? 0 : 14.5), $2) }
    put(found, .lamp, side, chance: 0.85, x: plan.roadHalf + 0.45)
    found.count = 0
    cells(15, stream(32, side), plan, camera) { found.append($0, $1 + 5, $2) }
    put(found, .tree, side, chance: plan.treeLined, x: plan.roadHalf + 0.9)
    found.count = 0
    cells(18, stream(34, side), plan, camera) { found.append($0, $1 + 9, $2) }
    put(found, .sign, side, chance: 0.75, x: plan.roadHalf + 0.6)
    found.count = 0
    cells(72, 36, plan, camera) { found.append($0, $1 + (side < 0 ? 2 : 1.9), $2) }
    put(found, .signal, side, chance: 0.75, x: plan.roadHalf + 0.5)
    found.count = 0
    cells(18, stream(38, side), plan, camera, behind: 20) { found.append($0, $1, $2) }
    rails(found, plan, side)
    found.count = 0
    cells(9, stream(40, side), plan, camera, sight: 90) { found.append($0, $1 + 3, $2) }
    put(found, .bollard, side, chance: 0.14, x: plan.roadHalf + 0.35)
  }

  private mutating func put(_ found: Cells, _ kind: Item.Kind, _ side: Float, chance: Float, x: Float) {
    for i in 0..<found.count {
      var dice = found[i].dice
      guard dice.chance(chance), found[i].z > -2 else { continue }
      add(Item(key: found[i].z, kind: kind, side: side, x: side * x, z: found[i].z, dice: dice))
    }
  }

  /// Guard rails, panel by panel, so that each takes its own place in the order.
  private mutating func rails(_ found: Cells, _ plan: StreetPlan, _ side: Float) {
    let x = side * (plan.roadHalf + 0.3)
    for i in 0..<found.count {
      var dice = found[i].dice
      guard dice.chance(plan.railings) else { continue }
      let panels = 3 + dice.below(8)
      for panel in 0..<panels {
        let z = found[i].z + Float(panel) * 1.5
        guard z + 1.5 > Camera.near else { continue }
        add(Item(key: z + 1.5, kind: .railing, side: side, x: x, z: z, z1: z + 1.5, dice: dice))
      }
    }
  }

  private mutating func walkers(_ plan: StreetPlan, _ camera: Camera, _ side: Float) {
    for heading: Float in [-1, 1] {
      var found = Cells()
      let pace = 1.25 * Double(heading)
      let kind = stream(heading < 0 ? 50 : 52, side)
      cells(7.5, kind, plan, camera, moved: pace * camera.time, sight: 110) { found.append($0, $1, $2) }
      for i in 0..<found.count {
        var dice = found[i].dice
        guard dice.chance(plan.crowd * 0.8) else { continue }
        let x = side * (plan.roadHalf + dice.between(0.7, max(plan.pavement - 0.5, 0.9)))
        let z = found[i].z + dice.between(0, 5)
        let step = Float(camera.time * 0.95 - (camera.time * 0.95).rounded(.down)) + dice.unit()
        add(
          Item(
            key: z, kind: .walker, side: side, x: x, z: z, dice: dice, heading: heading, stride: step))
      }
    }
  }

  private mutating func parkedCars(_ plan: StreetPlan, _ camera: Camera, _ side: Float) {
    var found = Cells()
    cells(6.4, stream(60, side), plan, camera) { found.append($0, $1, $2) }
    for i in 0..<found.count {
      var dice = found[i].dice
      // Whole stretches of kerb are free or taken.
      var stretch = Dice(
        seed: plan.seed, kind: stream(62, side), cell: Int((Double(found[i].cell) / 5).rounded(.down)))
      guard dice.chance(stretch.chance(plan.parked) ? 0.85 : 0.06) else { continue }
      // In a narrow street cars stand with two wheels on the pavement.
      let x = side * (plan.roadHalf - (plan.roadHalf > 4.9 ? 1.05 : 0.15) + dice.between(-0.1, 0.1))
      let heading: Float = side * plan.hand < 0 ? 1 : -1
      let z = found[i].z
      var item = Item(key: z - 2, kind: .car, side: side, x: x, z: z, dice: dice, heading: heading)
      item.isParked = true
      add(item)
    }
  }

  private mutating func traffic(_ plan: StreetPlan, _ camera: Camera) {
    var found = Cells()
    let lane = plan.hand * plan.laneOffset
    cells(31, 70, plan, camera, moved: -plan.speed * camera.time) { found.append($0, $1, $2) }
    for i in 0..<found.count {
      var dice = found[i].dice
      let z = found[i].z + dice.between(0, 14)
      let sort = dice.unit()
      guard sort < 0.7, z > -6 else { continue }
      let kind: Item.Kind = sort < 0.55 ? .car : .cyclist
      let x = kind == .car ? lane : lane + plan.hand * (plan.roadHalf > 4.9 ? 0.4 : 1)
      add(
        Item(
          key: z - 2, kind: kind, side: plan.hand, x: x, z: z, dice: dice, heading: -1, stride: turn(camera)))
    }
    // Traffic ahead keeps about the camera's own pace.
    for place in 0..<5 {
      var dice = Dice(seed: plan.seed, kind: 72, cell: place)
      let z =
        17 + Float(place) * 24 + dice.between(-3, 9)
        + Float(wave(camera.time * 0.045 + Double(dice.unit()))) * 6
      guard dice.chance(0.62) else { continue }
      let x = -lane + dice.between(-0.25, 0.25)
      add(Item(key: z - 2, kind: .car, side: 1, x: x, z: z, dice: dice))
    }
    // Cyclists near the kerb are slowly overtaken.
    found.count = 0
    cells(34, 74, plan, camera, moved: plan.speed * 0.55 * camera.time) { found.append($0, $1, $2) }
    for i in 0..<found.count {
      var dice = found[i].dice
      let z = found[i].z + dice.between(0, 12)
      guard dice.chance(0.6) else { continue }
      let inner = plan.roadHalf - (plan.roadHalf > 4.9 ? 2.35 : 0.7)
      add(
        Item(
          key: z - 2.1, kind: .cyclist, side: -plan.hand, x: -plan.hand * inner, z: z, dice: dice,
          stride: turn(camera)))
    }
  }

  private func turn(_ camera: Camera) -> Float {
    Float(camera.time * 1.1 - (camera.time * 1.1).rounded(.down))
  }
}
