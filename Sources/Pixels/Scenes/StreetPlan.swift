// SPDX-License-Identifier: Apache-2.0

/// What a seed decides once for the whole street, and what is asked for in its place.
struct StreetPlan {
  enum Sky { case overcast, sunny, dusk, night }

  /// What is in the air.
  enum Air { case clear, rain, snow, fog }

  let seed: UInt64
  let sky: Sky
  let air: Air
  let isMotorway: Bool
  /// 1 where traffic keeps left, -1 where it keeps right.
  let hand: Float
  /// Half the width of the road between the kerbs, metres.
  let roadHalf: Float
  let pavement: Float
  /// Metres per second.
  let speed: Double
  /// Largest curvature, 1 / metres.
  let bend: Float
  let phase: Double
  /// -1 when the sun stands on the left, 1 on the right.
  let sunSide: Float
  /// Chances of 0…1.
  let builtUp: Float
  let treeLined: Float
  let parked: Float
  let crowd: Float
  let railings: Float
  let yellowLines: Bool
  /// Twigs against the sky instead of leaves.
  let isWinter: Bool

  /// Metres ahead of the camera at which the street ends in a backdrop.
  static let depth: Float = 230

  init(_ parameters: StreetScene.Parameters) {
    seed = parameters.seed
    isMotorway = parameters.place == .motorway
    var dice = Dice(seed: seed, kind: 1)
    let sort = dice.unit()
    sky = Self.sky(parameters, bySeed: sort < 0.22 ? .dusk : sort < 0.64 ? .overcast : .sunny)
    air =
      switch parameters.weather {
      case .rain: .rain
      case .snow: .snow
      case .fog: .fog
      case .clear, .overcast, nil: .clear
      }
    hand = dice.chance(0.75) ? 1 : -1
    let (width, side, pace, curve) = (dice.unit(), dice.unit(), dice.unit(), dice.unit())
    func between(_ low: Float, _ high: Float, _ unit: Float) -> Float { low + (high - low) * unit }
    roadHalf = isMotorway ? Motorway.half : between(3.7, 6.1, width)
    pavement = isMotorway ? 0 : between(2.4, 5.2, side)
    speed = Double(isMotorway ? between(22, 31, pace) : between(6.5, 11.5, pace))
    bend = isMotorway ? between(0.0001, 0.0006, curve) : between(0.0008, 0.0034, curve)
    phase = Double(dice.unit())
    sunSide = dice.chance(0.5) ? -1 : 1
    builtUp = dice.between(0.55, 0.95)
    treeLined = dice.between(0.15, 0.75)
    parked = roadHalf > 4.9 ? dice.between(0.1, 0.65) : dice.between(0.05, 0.2)
    crowd = dice.between(0.35, 0.95)
    railings = dice.between(0.1, 0.45)
    yellowLines = dice.chance(0.5)
    let bare = dice.chance(0.35)
    isWinter = bare || air == .snow
  }

  private static func sky(_ asked: StreetScene.Parameters, bySeed: Sky) -> Sky {
    switch (asked.light, asked.weather) {
    case (.night, _): .night
    case (.dusk, _): .dusk
    case (_, .clear): .sunny
    case (_, .overcast), (_, .rain), (_, .snow), (_, .fog): .overcast
    case (.day, nil): bySeed == .dusk ? .overcast : bySeed
    case (nil, nil): bySeed
    }
  }

  /// The middle of the camera's own lane.
  var laneCentre: Float { -hand * laneOffset }

  /// Metres from the road's middle to the middle of a lane.
  var laneOffset: Float {
    if isMotorway { return Motorway.lane(1) }
    return roadHalf > 4.9 ? (roadHalf - 2) * 0.56 : roadHalf * 0.46
  }

  /// The line along which houses and fences stand, metres from the road's middle.
  var frontage: Float { roadHalf + pavement }

  func travelled(at time: Double) -> Double {
    (time + wave(time * 0.043 + phase) * 2.2) * speed + 40
  }
}
