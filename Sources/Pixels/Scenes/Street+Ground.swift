// SPDX-License-Identifier: Apache-2.0

/// Paint and shadows that lie on the ground. They change colours, never labels.
struct GroundMarks {
  /// A stripe along the street or a shadow across it.
  struct Mark {
    enum Shape: UInt8 { case rectangle, ellipse }

    var shape: Shape
    /// Metres from the road's middle and ahead of the camera.
    var x0: Float
    var x1: Float
    var z0: Float
    var z1: Float
    var colour: RGB
    /// 0…256.
    var opacity: UInt32
    /// Shadows dim what lies below; paint covers it.
    var isShadow: Bool
  }

  static let capacity = 2048
  let marks: UnsafeMutablePointer<Mark> = .allocate(capacity: capacity)
  var count = 0

  mutating func add(
    _ shape: Mark.Shape, x: (Float, Float), z: (Float, Float), colour: RGB = 0, opacity: UInt32,
    isShadow: Bool
  ) {
    guard count < Self.capacity, z.1 > Camera.near, z.0 < StreetPlan.depth, x.1 > x.0 else { return }
    marks[count] = Mark(
      shape: shape, x0: x.0, x1: x.1, z0: z.0, z1: z.1, colour: colour, opacity: opacity, isShadow: isShadow)
    count += 1
  }

  mutating func shadow(_ shape: Mark.Shape, x: (Float, Float), z: (Float, Float), leaves: UInt32) {
    add(shape, x: x, z: z, opacity: 256 - min(leaves, 256), isShadow: true)
  }

  mutating func paint(_ colour: RGB, x: (Float, Float), z: (Float, Float), opacity: UInt32) {
    add(.rectangle, x: x, z: z, colour: colour, opacity: opacity, isShadow: false)
  }
}

extension GroundMarks {
  mutating func collect(plan: StreetPlan, camera: Camera, light: Light, items: ItemList) {
    count = 0
    if plan.isMotorway { motorway(plan, camera) } else { lanes(plan, camera) }
    if plan.air == .snow { snow(plan) }
    if plan.sky == .night { headlights(plan) }
    for i in 0..<items.count { shadows(of: items.items[i], plan, light) }
  }

  private mutating func lanes(_ plan: StreetPlan, _ camera: Camera) {
    let half = plan.roadHalf
    let white = rgb(214, 214, 208)
    let whole: (Float, Float) = (0, 228)
    for side: Float in [-1, 1] {
      func strip(_ from: Float, _ to: Float, _ colour: RGB, _ opacity: UInt32) {
        paint(colour, x: side < 0 ? (-to, -from) : (from, to), z: whole, opacity: opacity)
      }
      strip(half - 0.3, half, rgb(64, 62, 60), 90)
      strip(half, half + 0.17, rgb(166, 164, 158), 210)
      strip(half + 0.17, half + 0.21, rgb(70, 70, 68), 110)
      // Tyres leave two paler tracks in each lane, oil a darker one between them.
      let lane = plan.laneOffset
      strip(lane - 1.05, lane - 0.6, rgb(132, 132, 130), 26)
      strip(lane + 0.6, lane + 1.05, rgb(132, 132, 130), 26)
      strip(lane - 0.3, lane + 0.3, rgb(40, 40, 40), 34)
      if plan.yellowLines, plan.parked < 0.3 {
        strip(half - 0.42, half - 0.34, rgb(196, 164, 60), 190)
        strip(half - 0.6, half - 0.52, rgb(196, 164, 60), 190)
      } else if half > 4.9 {
        strip(half - 2.12, half - 2.02, white, 150)
      }
    }
    let pitch = 6.0
    var cell = Int((camera.travelled / pitch).rounded(.down)) - 1
    while camera.ahead(Double(cell) * pitch) < 170 {
      let z = camera.ahead(Double(cell) * pitch)
      paint(white, x: (-0.07, 0.07), z: (z, z + 2.6), opacity: 214)
      var dice = Dice(seed: plan.seed, kind: 80, cell: cell)
      if dice.chance(0.12) {
        let x = dice.between(-half + 0.3, half - 1.5)
        paint(
          rgb(58, 58, 60), x: (x, x + dice.between(0.6, 2.2)), z: (z, z + dice.between(1, 7)),
          opacity: UInt32(40 + dice.below(60)))
      }
      if dice.chance(0.1) {
        let x = dice.between(-half + 0.8, half - 1)
        add(
          .ellipse, x: (x, x + 0.62), z: (z + 3, z + 3.62), colour: rgb(48, 48, 50), opacity: 150,
          isShadow: false)
      }
      // Stop lines and a crossing stand before the signals.
      if cell % 12 == 0 {
        paint(white, x: plan.hand > 0 ? (-half, 0) : (0, half), z: (z - 2.4, z - 2.1), opacity: 220)
        if plan.crowd > 0.4 {
          var x = -half + 0.25
          while x < half - 0.5 {
            paint(white, x: (x, x + 0.5), z: (z, z + 2.8), opacity: 205)
            x += 1.05
          }
        }
      }
      cell += 1
    }
  }

  private mutating func shadows(of item: Item, _ plan: StreetPlan, _ light: Light) {
    let away = -plan.sunSide
    func thrown(_ reach: Float) -> (Float, Float) {
      away < 0 ? (item.x - reach, item.x) : (item.x, item.x + reach)
    }
    let sunny = light.shade < 256
    if plan.sky == .night, item.kind == .lamp { pool(x: item.x - item.side * 1.6, z: item.z) }
    switch item.kind {
    case .lorry:
      shadow(
        .rectangle, x: (item.x - 1.2, item.x + 1.2), z: (item.z - 7, item.z + 7), leaves: light.contact)
    case .car:
      shadow(
        .rectangle, x: (item.x - 0.86, item.x + 0.86), z: (item.z - 2, item.z + 2), leaves: light.contact)
      shadow(.ellipse, x: (item.x - 1.2, item.x + 1.2), z: (item.z - 2.6, item.z + 2.6), leaves: 190)
      if sunny {
        let (from, to) = away < 0 ? (item.x - 1.75, item.x - 0.8) : (item.x + 0.8, item.x + 1.75)
        shadow(.rectangle, x: (from, to), z: (item.z - 1.9, item.z + 2.1), leaves: light.shade)
      }
    case .walker, .cyclist:
      let size: Float = item.kind == .walker ? 0.32 : 0.45
      shadow(.ellipse, x: (item.x - size, item.x + size), z: (item.z - 0.5, item.z + 0.6), leaves: 150)
      if sunny { shadow(.ellipse, x: thrown(1.9), z: (item.z - 0.25, item.z + 0.35), leaves: light.shade) }
    case .tree:
      shadow(.ellipse, x: (item.x - 1.3, item.x + 1.3), z: (item.z - 1.4, item.z + 1.4), leaves: 214)
      if sunny {
        var dice = item.dice
        for _ in 0..<14 {
          let (x, z) = (item.x + away * dice.between(0.8, 4.6), item.z + dice.between(-1.8, 1.8))
          let size = dice.between(0.25, 0.75)
          shadow(.ellipse, x: (x - size, x + size), z: (z - size, z + size), leaves: 186)
        }
      }
    case .lamp, .sign, .signal, .bollard:
      shadow(.ellipse, x: (item.x - 0.2, item.x + 0.2), z: (item.z - 0.2, item.z + 0.2), leaves: 150)
      if sunny {
        let reach: Float = item.kind == .lamp ? 7 : item.kind == .bollard ? 0.9 : 2.8
        shadow(.rectangle, x: thrown(reach), z: (item.z - 0.07, item.z + 0.08), leaves: light.shade)
      }
    case .plot:
      shadow(
        .rectangle, x: item.side < 0 ? (-item.x, -item.x + 0.35) : (item.x - 0.35, item.x),
        z: (item.z, item.z1),
        leaves: 190)
      if sunny, item.side == plan.sunSide {
        var dice = item.dice
        let reach: Float = dice.chance(plan.builtUp) ? 3.4 + dice.between(0, 3.2) : 1.2
        shadow(
          .rectangle, x: item.side < 0 ? (-item.x, -item.x + reach) : (item.x - reach, item.x),
          z: (item.z, item.z1), leaves: light.shade)
      }
    case .railing, .barrier, .guardRail, .gantry: break
    }
  }
}

extension Pen {
  /// Sky above the horizon; road, pavements and grass below. Returns the last index that is ground.
  func ground(plan: StreetPlan) -> UInt16 {
    _ = canvas.add(Surface(kind: .sky, label: Label.sky))
    func surface(_ label: UInt8, _ texture: Int, _ density: Float) -> UInt16 {
      var surface = Surface(kind: .ground, label: label)
      surface.texture = texture
      surface.light = light.ground
      surface.density = SIMD2(density, density)
      return canvas.add(surface)
    }
    let grass = surface(Label.tree, TextureSet.grass, 40)
    let paving = surface(Label.pavement, TextureSet.paving, 64)
    let road = surface(Label.road, TextureSet.asphalt, 36)
    let width = Float(canvas.width)
    for row in 0..<canvas.height {
      let below = Float(row) + 0.5 - camera.horizon
      guard below > 0.05 else {
        canvas.fillRow(row, from: 0, to: width, 0)
        continue
      }
      let z = min(camera.focal * camera.y / below, 2000)
      canvas.fillRow(row, from: 0, to: width, grass)
      let reach = min(z, 320)
      let scale = camera.focal / z
      let middle = camera.centre + camera.across(0, reach) * scale
      let edge = plan.frontage * scale
      canvas.fillRow(row, from: middle - edge, to: middle + edge, paving)
      canvas.fillRow(row, from: middle - plan.roadHalf * scale, to: middle + plan.roadHalf * scale, road)
    }
    return road
  }
}
