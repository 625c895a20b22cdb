// SPDX-License-Identifier: Apache-2.0

/// Where the camera is in one frame, and how the street lands in its picture.
///
/// Street coordinates are metres: x to the right of the road's middle, y up, z ahead of the camera along the
/// road. The road's bend moves everything sideways by `bend`·z²/2, so that walls, kerbs and cars agree about it.
struct Camera {
  /// Pixels for one metre at one metre.
  let focal: Float
  let centre: Float
  /// The picture row of the horizon.
  let horizon: Float
  let x: Float
  let y: Float
  let bend: Float
  let yaw: Float
  /// Metres driven since frame 0.
  let travelled: Double
  /// Seconds since frame 0.
  let time: Double

  /// Nothing nearer than this many metres is drawn.
  static let near: Float = 0.7

  init(plan: StreetPlan, width: Int, height: Int, time: Double) {
    self.time = time
    let size = Float(height) * 4 < Float(width) * 3 ? Float(height) : Float(width) * 0.75
    focal = size * 1.08
    centre = Float(width) * 0.5
    travelled = plan.travelled(at: time)
    let bob = wave(time * 1.3 + plan.phase) * 0.0016 + wave(time * 0.37) * 0.003
    horizon = Float(height) * 0.5 + focal * Float(bob)
    x = plan.laneCentre + Float(wave(time * 0.09 + plan.phase)) * 0.22
    y = 1.42 + Float(wave(time * 1.1)) * 0.012
    bend = plan.bend * Float(wave(travelled / 310 + plan.phase))
    yaw = Float(wave(time * 0.21 + plan.phase * 3)) * 0.012 - bend * 9
  }

  /// Metres right of the view axis of something at (`x`, `z`).
  @inline(__always) func across(_ x: Float, _ z: Float) -> Float {
    x - self.x + (bend * 0.5 * z + yaw) * z
  }

  /// Metres ahead of the camera of a place `s` metres along the street.
  @inline(__always) func ahead(_ s: Double) -> Float { Float(s - travelled) }
}
