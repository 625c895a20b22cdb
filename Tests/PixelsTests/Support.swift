// SPDX-License-Identifier: Apache-2.0

import Buffers

/// SplitMix64 (Steele, Lea, Flood 2014).
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  mutating func byte() -> UInt8 { UInt8(truncatingIfNeeded: next() >> 32) }
}

extension PictureView {
  var planeList: [PlaneView] { Array([planes.0, planes.1, planes.2].prefix(format.planeCount)) }

  /// The bytes of every plane, without what lies between rows.
  var bytes: [UInt8] {
    planeList.enumerated().flatMap { index, plane in
      let size = format.planeSize(index, width: width, height: height)
      return (0..<size.rows).flatMap { row in
        (0..<size.rowBytes).map { plane.base[row * plane.rowBytes + $0] }
      }
    }
  }

  /// Writes a smooth pattern with some noise over every plane.
  func fill(_ random: inout SplitMix) {
    for (index, plane) in planeList.enumerated() {
      let size = format.planeSize(index, width: width, height: height)
      for row in 0..<size.rows {
        for x in 0..<size.rowBytes {
          let wave = (x * 5 + row * 3 + index * 70) % 190
          plane.base[row * plane.rowBytes + x] = UInt8(20 + wave) ^ (random.byte() & 15)
        }
      }
    }
  }
}

extension LabelMap {
  var bytes: [UInt8] { (0..<height).flatMap { row in (0..<width).map { self[row, $0] } } }

  func fill(_ random: inout SplitMix, classes: Int) {
    for row in 0..<height {
      for x in 0..<width {
        let run = (x / 7 + row / 3) % classes
        pixels[row * rowBytes + x] = random.next() % 5 == 0 ? random.byte() : UInt8(run)
      }
    }
  }
}
