// SPDX-License-Identifier: Apache-2.0

internal import CFFmpeg

/// The length of one tick, as a fraction of a second.
public struct TimeBase: Sendable, Hashable, CustomStringConvertible {
  public var numerator: Int32
  public var denominator: Int32

  /// - Precondition: both are above zero.
  public init(_ numerator: Int32, _ denominator: Int32) {
    precondition(numerator > 0 && denominator > 0, "time base \(numerator)/\(denominator)")
    self.numerator = numerator
    self.denominator = denominator
  }

  public static let microseconds = TimeBase(1, 1_000_000)

  public func seconds(_ ticks: Int64) -> Double {
    Double(ticks) * Double(numerator) / Double(denominator)
  }

  /// The nearest tick, halves away from zero.
  public func ticks(_ seconds: Double) -> Int64 {
    let ticks = (seconds * Double(denominator) / Double(numerator)).rounded()
    return ticks.isNaN ? 0 : Int64(max(-0x1p61, min(ticks, 0x1p61)))
  }

  /// `ticks` of this base in another, to the nearest, halves away from zero.
  public func convert(_ ticks: Int64, to other: TimeBase) -> Int64 {
    self == other ? ticks : av_rescale_q(ticks, rational, other.rational)
  }

  public var description: String { "\(numerator)/\(denominator)" }
}

/// Frames per second, or a pixel's width by its height: a fraction, 0/1 where unknown.
public struct Ratio: Sendable, Hashable, CustomStringConvertible {
  public var numerator: Int32
  public var denominator: Int32

  public init(_ numerator: Int32, _ denominator: Int32) {
    self.numerator = numerator
    self.denominator = denominator
  }

  public static let unknown = Ratio(0, 1)
  public var isKnown: Bool { numerator > 0 && denominator > 0 }
  public var value: Double { isKnown ? Double(numerator) / Double(denominator) : 0 }
  public var inverse: Ratio { isKnown ? Ratio(denominator, numerator) : self }
  public var description: String { "\(numerator)/\(denominator)" }
}

extension TimeBase {
  init(_ rational: AVRational) {
    let valid = rational.num > 0 && rational.den > 0
    self.init(valid ? rational.num : 1, valid ? rational.den : 1_000_000)
  }

  var rational: AVRational { AVRational(num: numerator, den: denominator) }
}

extension Ratio {
  init(_ rational: AVRational) { self.init(rational.num, rational.den) }

  var rational: AVRational { AVRational(num: numerator, den: denominator) }
}
