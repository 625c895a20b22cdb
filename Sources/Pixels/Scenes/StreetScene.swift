// SPDX-License-Identifier: Apache-2.0

/// What `test:street` shows: a street drawn by the program, of which the class of every pixel is known.
///
/// Classes are CamVid's: 0 sky, 1 building, 2 pole, 3 road, 4 pavement, 5 tree, 6 sign, 7 fence, 8 car,
/// 9 pedestrian, 10 bicyclist. 11 (void) does not occur.
public struct StreetScene: Sendable, Equatable {
  /// Equal parameters give equal bytes on every machine.
  public struct Parameters: Sendable, Equatable {
    /// Pixels, 1…16384.
    public var width = 1280
    /// Pixels, 1…16384.
    public var height = 720
    /// Frames per second, above 0; the street moves in seconds, so that it looks alike at any rate.
    public var rate: Double = 30
    /// Length of the video, 0 for one that never ends.
    public var seconds: Double = 10
    /// Chooses the layout, the colours and the traffic, and the light and the weather where they are nil.
    public var seed: UInt64 = 1
    public var place = Place.street
    public var light: Daylight?
    public var weather: Weather?

    public init(
      width: Int = 1280, height: Int = 720, rate: Double = 30, seconds: Double = 10, seed: UInt64 = 1,
      place: Place = .street, light: Daylight? = nil, weather: Weather? = nil
    ) {
      self.width = width
      self.height = height
      self.rate = rate
      self.seconds = seconds
      self.seed = seed
      self.place = place
      self.light = light
      self.weather = weather
    }
  }

  /// A town's street, or a motorway with barriers, lorries and gantries.
  public enum Place: String, Sendable, CaseIterable { case street, motorway }

  public enum Daylight: String, Sendable, CaseIterable { case day, dusk, night }

  /// What falls or floats in the air changes colours, never labels: those are of the things behind it.
  public enum Weather: String, Sendable, CaseIterable { case clear, overcast, rain, snow, fog }

  public let parameters: Parameters

  public init(_ parameters: Parameters) {
    precondition((1...16384).contains(parameters.width) && (1...16384).contains(parameters.height))
    precondition(parameters.rate > 0 && parameters.rate.isFinite)
    precondition(parameters.seconds >= 0 && parameters.seconds.isFinite)
    self.parameters = parameters
  }

  /// Frames in the whole video, at least 1; nil when it never ends.
  public var frameCount: Int? {
    guard parameters.seconds > 0 else { return nil }
    return max(1, Int(min(parameters.seconds * parameters.rate, 0x1p52).rounded()))
  }
}

/// CamVid's ids, for the drawing code.
enum Label {
  static let sky: UInt8 = 0
  static let building: UInt8 = 1
  static let pole: UInt8 = 2
  static let road: UInt8 = 3
  static let pavement: UInt8 = 4
  static let tree: UInt8 = 5
  static let sign: UInt8 = 6
  static let fence: UInt8 = 7
  static let car: UInt8 = 8
  static let pedestrian: UInt8 = 9
  static let bicyclist: UInt8 = 10
}
