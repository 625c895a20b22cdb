// SPDX-License-Identifier: Apache-2.0

/// Light, air and exposure of one frame. Strengths are in 1/256 of a colour; walls are named by the side of the
/// street they stand on, so that `leftWall` is lit from the right.
struct Light {
  var ground: UInt32 = 256
  var leftWall: UInt32 = 256
  var rightWall: UInt32 = 256
  var front: UInt32 = 256
  /// Share of light that a cast shadow leaves.
  var shade: UInt32 = 256
  /// Share of light that stays right under a car.
  var contact: UInt32 = 120
  var skyTop: RGB = 0
  var skyLow: RGB = 0
  var cloud: RGB = 0
  /// Share of the sky that clouds cover, 0…255.
  var cover: Int = 128
  var haze: RGB = 0
  /// Metres over which half the light is lost to haze.
  var hazeLength: Float = 400
  /// Exposure and colour temperature of red, green and blue, in 1/128.
  var gain: (UInt16, UInt16, UInt16) = (128, 128, 128)
  /// Largest step of sensor noise, in code values.
  var noise: Int = 3
  var lampsLit = false

  init(plan: StreetPlan, time: Double) {
    var dice = Dice(seed: plan.seed, kind: 2)
    let drift = wave(time * 0.05 + Double(dice.unit()))
    var exposure: Float = 1
    var warmth: Float = 0
    switch plan.sky {
    case .overcast:
      (ground, leftWall, rightWall, front, contact) = (206, 190, 190, 176, 108)
      (skyTop, skyLow, cloud) = (rgb(206, 216, 224), rgb(240, 243, 244), rgb(250, 250, 250))
      (cover, haze) = (90 + dice.below(60), rgb(196, 204, 208))
      (hazeLength, exposure, warmth) = (dice.between(240, 480), dice.between(0.78, 1.2), dice.between(-10, 1))
    case .sunny:
      (ground, front, contact, shade) = (250, 190, 92, 118)
      let lit: UInt32 = 256
      let dark: UInt32 = 142
      (leftWall, rightWall) = plan.sunSide < 0 ? (dark, lit) : (lit, dark)
      (skyTop, skyLow, cloud) = (rgb(138, 182, 228), rgb(216, 232, 244), rgb(252, 253, 254))
      (cover, haze) = (130 + dice.below(80), rgb(190, 208, 224))
      (hazeLength, exposure, warmth) = (dice.between(380, 800), dice.between(1.0, 1.36), dice.between(-7, 5))
    case .dusk:
      (ground, leftWall, rightWall, front, contact) = (118, 106, 106, 100, 120)
      (skyTop, skyLow, cloud) = (rgb(124, 140, 160), rgb(206, 204, 196), rgb(186, 192, 200))
      (cover, haze) = (80 + dice.below(70), rgb(106, 114, 124))
      (hazeLength, exposure, warmth) = (dice.between(260, 520), dice.between(0.78, 1.3), dice.between(-12, 4))
      (noise, lampsLit) = (6, true)
    case .night:
      (ground, leftWall, rightWall, front, contact) = (76, 62, 62, 70, 150)
      (skyTop, skyLow, cloud) = (rgb(12, 15, 24), rgb(34, 33, 36), rgb(30, 31, 36))
      (cover, haze) = (120 + dice.below(70), rgb(22, 23, 28))
      (hazeLength, exposure, warmth) = (dice.between(160, 320), dice.between(1.0, 1.35), dice.between(2, 12))
      (noise, lampsLit) = (10, true)
    }
    weigh(plan.air, isNight: plan.sky == .night)
    exposure *= 1 + Float(drift) * 0.07
    warmth += Float(wave(time * 0.031)) * 2
    func gain(_ tint: Float) -> UInt16 { UInt16(min(max(exposure * (128 + tint), 40), 250)) }
    self.gain = (gain(warmth), gain(0), gain(-warmth))
  }

  /// Rain, snow and fog take sight and light.
  private mutating func weigh(_ air: StreetPlan.Air, isNight: Bool) {
    func veil(_ colour: RGB) -> RGB { isNight ? dim(colour, 50) : lampsLit ? dim(colour, 150) : colour }
    switch air {
    case .clear: return
    case .rain:
      (ground, front) = ((ground &* 205) >> 8, (front &* 225) >> 8)
      (haze, hazeLength) = (veil(rgb(158, 164, 168)), 110)
      (skyTop, skyLow, cloud) = (veil(rgb(150, 156, 162)), veil(rgb(180, 184, 186)), veil(rgb(168, 172, 176)))
      lampsLit = true
    case .snow:
      (haze, hazeLength) = (veil(rgb(212, 216, 220)), 90)
      (skyTop, skyLow, cloud) = (veil(rgb(204, 208, 214)), veil(rgb(222, 225, 228)), veil(rgb(214, 217, 222)))
    case .fog:
      let gray = veil(rgb(198, 201, 203))
      (haze, hazeLength, skyTop, skyLow, cloud, lampsLit) = (gray, 30, gray, gray, gray, true)
    }
  }
}
