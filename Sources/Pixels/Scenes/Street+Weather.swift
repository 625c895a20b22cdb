// SPDX-License-Identifier: Apache-2.0

extension GroundMarks {
  /// Snow beside the road, and slush between its tracks.
  mutating func snow(_ plan: StreetPlan) {
    let white = rgb(232, 235, 238)
    for side: Float in [-1, 1] {
      func strip(_ from: Float, _ to: Float, _ opacity: UInt32) {
        paint(white, x: side < 0 ? (-to, -from) : (from, to), z: (0, 228), opacity: opacity)
      }
      strip(plan.roadHalf - 0.5, 400, 214)
      strip(0, 0.5, 60)
      strip(plan.laneOffset - 0.55, plan.laneOffset + 0.55, 46)
    }
  }

  /// What our own headlights show of the road.
  mutating func headlights(_ plan: StreetPlan) {
    let x = plan.laneCentre
    for ring in 0..<6 {
      let size = Float(6 - ring)
      add(
        .ellipse, x: (x - 0.9 - size * 0.45, x + 0.9 + size * 0.45), z: (1.5, 10 + size * 6.5),
        colour: rgb(255, 246, 224), opacity: 22, isShadow: false)
    }
  }

  /// A lamp's pool of light, brightest in its middle.
  mutating func pool(x: Float, z: Float) {
    for ring in 1...4 {
      let (wide, long) = (Float(ring) * 1.6, Float(ring) * 1.9)
      add(
        .ellipse, x: (x - wide, x + wide), z: (z - long, z + long), colour: rgb(255, 214, 150), opacity: 24,
        isShadow: false)
    }
  }
}
