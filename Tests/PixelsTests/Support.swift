// SPDX-License-Identifier: Apache-2.0

import Buffers
import TestSupport

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
