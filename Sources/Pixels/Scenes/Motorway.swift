// SPDX-License-Identifier: Apache-2.0

/// Two carriageways of three lanes, a concrete barrier between them, guard rails at their outer sides. Metres from the
/// middle.
enum Motorway {
  static let lanes = 3
  static let laneWidth: Float = 3.65
  /// Where the innermost lane begins.
  static let inner: Float = 1.5
  /// The edge of the hard shoulder.
  static let half: Float = inner + laneWidth * Float(lanes) + 2.8
  /// The middle of a lane, 0 next to the barrier.
  static func lane(_ index: Int) -> Float { inner + laneWidth * (Float(index) + 0.5) }
}

extension ItemList {
  mutating func motorway(_ plan: StreetPlan, _ camera: Camera) {
    var found = Cells()
    cells(6, 100, plan, camera) { found.append($0, $1, $2) }
    for i in 0..<found.count where found[i].z + 6 > Camera.near {
      let (z, dice) = (found[i].z, found[i].dice)
      add(Item(key: z + 6, kind: .barrier, side: -plan.hand, x: 0, z: z, z1: z + 6, dice: dice))
    }
    for side: Float in [-1, 1] {
      edge(plan, camera, side)
      vehicles(plan, camera, side)
    }
    found.count = 0
    cells(46, 110, plan, camera) { found.append($0, $1 + 11, $2) }
    for i in 0..<found.count where found[i].z > 1 {
      for side: Float in [-1, 1] {
        add(Item(key: found[i].z, kind: .lamp, side: side, x: 0, z: found[i].z, dice: found[i].dice))
      }
    }
    found.count = 0
    cells(170, 112, plan, camera) { found.append($0, $1 + 120, $2) }
    for i in 0..<found.count where found[i].z > 2 {
      add(Item(key: found[i].z, kind: .gantry, side: -plan.hand, x: 0, z: found[i].z, dice: found[i].dice))
    }
  }

  /// Guard rails, trees behind them, and signs.
  private mutating func edge(_ plan: StreetPlan, _ camera: Camera, _ side: Float) {
    var found = Cells()
    cells(4, stream(102, side), plan, camera) { found.append($0, $1, $2) }
    for i in 0..<found.count where found[i].z + 4 > Camera.near {
      // Whole stretches have none.
      var stretch = Dice(
        seed: plan.seed, kind: stream(104, side), cell: Int((Double(found[i].cell) / 30).rounded(.down)))
      guard stretch.chance(0.8) else { continue }
      let z = found[i].z
      add(
        Item(
          key: z + 4, kind: .guardRail, side: side, x: side * (plan.roadHalf + 0.5), z: z, z1: z + 4,
          dice: found[i].dice))
    }
    found.count = 0
    cells(5, stream(106, side), plan, camera) { found.append($0, $1, $2) }
    for i in 0..<found.count {
      var dice = found[i].dice
      guard dice.chance(0.3 + plan.treeLined * 0.6), found[i].z > -2 else { continue }
      let x = side * (plan.roadHalf + dice.between(4, 16))
      add(Item(key: found[i].z, kind: .tree, side: side, x: x, z: found[i].z, dice: dice))
    }
    found.count = 0
    cells(65, stream(108, side), plan, camera) { found.append($0, $1 + 30, $2) }
    for i in 0..<found.count where found[i].z > 1 {
      var dice = found[i].dice
      guard dice.chance(0.7) else { continue }
      let x = side * (plan.roadHalf + 1.3)
      add(Item(key: found[i].z, kind: .sign, side: side, x: x, z: found[i].z, dice: dice))
    }
  }

  /// Cars and lorries: slower ones outside, faster ones inside, the other carriageway against us.
  private mutating func vehicles(_ plan: StreetPlan, _ camera: Camera, _ side: Float) {
    let isOurs = side == -plan.hand
    for lane in 0..<Motorway.lanes {
      let pace = plan.speed * [1.14, 0.98, 0.84][lane]
      var found = Cells()
      let moved = (isOurs ? pace : -pace) * camera.time
      cells(34, 120 + UInt64(lane) * 2 + (isOurs ? 0 : 1), plan, camera, moved: moved) {
        found.append($0, $1, $2)
      }
      for i in 0..<found.count {
        var dice = found[i].dice
        let z = found[i].z + dice.between(0, 12)
        // Who drives in our own lane keeps his distance.
        guard dice.chance(0.55), z > (isOurs && lane == 1 ? 14 : -8) else { continue }
        let isLorry = lane > 0 && dice.chance(lane == 2 ? 0.5 : 0.12)
        let x = side * (Motorway.lane(lane) + dice.between(-0.25, 0.25))
        // The barrier stands before all that is on the other carriageway.
        add(
          Item(
            key: isOurs ? z - (isLorry ? 6 : 2) : z + 8, kind: isLorry ? .lorry : .car, side: side, x: x,
            z: z, dice: dice,
            heading: isOurs ? 1 : -1))
      }
    }
  }
}

extension GroundMarks {
  /// Lane lines, the edges of both carriageways, tyre tracks.
  mutating func motorway(_ plan: StreetPlan, _ camera: Camera) {
    let white = rgb(218, 218, 212)
    let whole: (Float, Float) = (0, 228)
    let outer = Motorway.inner + Motorway.laneWidth * Float(Motorway.lanes)
    for side: Float in [-1, 1] {
      func strip(_ from: Float, _ to: Float, _ colour: RGB, _ opacity: UInt32, _ z: (Float, Float)) {
        paint(colour, x: side < 0 ? (-to, -from) : (from, to), z: z, opacity: opacity)
      }
      strip(Motorway.inner - 0.15, Motorway.inner, plan.yellowLines ? rgb(214, 176, 60) : white, 210, whole)
      strip(outer, outer + 0.2, white, 210, whole)
      for lane in 0..<Motorway.lanes {
        let middle = Motorway.lane(lane)
        strip(middle - 1.05, middle - 0.6, rgb(132, 132, 130), 24, whole)
        strip(middle + 0.6, middle + 1.05, rgb(132, 132, 130), 24, whole)
        strip(middle - 0.3, middle + 0.3, rgb(40, 40, 40), 28, whole)
      }
      let pitch = 12.0
      var cell = Int((camera.travelled / pitch).rounded(.down)) - 1
      while camera.ahead(Double(cell) * pitch) < 200 {
        let z = camera.ahead(Double(cell) * pitch)
        for line in 1..<Motorway.lanes {
          let x = Motorway.inner + Motorway.laneWidth * Float(line)
          strip(x - 0.08, x + 0.08, white, 220, (z, z + 4))
        }
        cell += 1
      }
    }
  }
}
