// SPDX-License-Identifier: Apache-2.0

import Buffers

/// Numbers that depend on a seed and a name alone: equal on every machine, whatever is drawn around them.
struct SeededNumbers {
  private var state: UInt64

  init(seed: UInt64, name: String) {
    // FNV-1a over the name, so that a tensor keeps its numbers when others come or go.
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325 ^ seed
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    state = hash
  }

  /// SplitMix64.
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Mean 0 and standard deviation 1, nearly normal: the sum of four uniform numbers. Uses no library
  /// function, whose last bits differ between systems.
  mutating func nextNormal() -> Float {
    let bits = next()
    let sum = (bits & 0xFFFF) &+ (bits >> 16 & 0xFFFF) &+ (bits >> 32 & 0xFFFF) &+ (bits >> 48)
    return (Float(sum) - 131_070) * (1 / 37_837.23)
  }

  mutating func normals(_ shape: Shape, deviation: Float) -> Tensor {
    let bytes = AlignedBytes(count: shape.count * 4)
    let values = bytes.pointer.assumingMemoryBound(to: Float.self)
    for index in 0..<shape.count { values[index] = nextNormal() * deviation }
    return Tensor(dtype: .float32, shape: shape, bytes: bytes)
  }
}
