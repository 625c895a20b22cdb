// SPDX-License-Identifier: Apache-2.0

/// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014).
struct Dice {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  /// A stream of its own for each thing of a street: `kind` says what it is, `cell` which one.
  init(seed: UInt64, kind: UInt64, cell: Int = 0) {
    state = seed
    state = next() ^ (kind &* 0xD6E8_FEB8_6659_FD93)
    state = next() ^ UInt64(bitPattern: Int64(cell))
    _ = next()
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// 0 ..< 1, in steps of 2^-24.
  mutating func unit() -> Float { Float(next() >> 40) * 0x1p-24 }

  /// `low` ..< `high`.
  mutating func between(_ low: Float, _ high: Float) -> Float { low + (high - low) * unit() }

  mutating func below(_ count: Int) -> Int { Int(next() >> 33) % count }

  mutating func chance(_ probability: Float) -> Bool { unit() < probability }
}

/// A 32-bit finalizer (Chris Wellons, hash prospector: lowbias32).
@inline(__always) func scramble(_ value: UInt32) -> UInt32 {
  var x = value
  x ^= x >> 16
  x = x &* 0x7FEB_352D
  x ^= x >> 15
  x = x &* 0x846C_A68B
  x ^= x >> 16
  return x
}

/// sin(2π·`turns`) within about 0.001, by a parabola and one correction: nothing but + − × and floor.
func wave(_ turns: Double) -> Double {
  let t = turns - turns.rounded(.down)
  let half = t < 0.5 ? t : t - 0.5
  let parabola = 16 * half * (0.5 - half)
  let value = parabola * (0.775 + 0.225 * parabola)
  return t < 0.5 ? value : -value
}
