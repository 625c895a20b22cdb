// SPDX-License-Identifier: Apache-2.0

import Buffers
import Scenes

/// One rendered frame and what can be asked of it.
struct Rendering {
  let picture: Picture
  let labels: LabelMap

  init(
    _ renderer: StreetRenderer, frame: Int, matrix: ColorMatrix = .bt709, range: ColorRange = .limited
  ) {
    let parameters = renderer.scene.parameters
    picture = Picture(
      format: .yuv420p, width: parameters.width, height: parameters.height, matrix: matrix, range: range)
    labels = LabelMap(width: parameters.width, height: parameters.height)
    renderer.render(frame: frame, into: picture.view, labels: labels)
  }

  /// FNV-1a, 64 bits, over the visible bytes of Y, U, V and the labels.
  var checksum: UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    func add(_ base: UnsafeMutablePointer<UInt8>, _ rowBytes: Int, _ width: Int, _ rows: Int) {
      for row in 0..<rows {
        for x in 0..<width { hash = (hash ^ UInt64(base[row * rowBytes + x])) &* 0x100_0000_01B3 }
      }
    }
    let view = picture.view
    let planes = [view.planes.0, view.planes.1, view.planes.2]
    for (index, plane) in planes.enumerated() {
      let size = view.format.planeSize(index, width: view.width, height: view.height)
      add(plane.base, plane.rowBytes, size.rowBytes, size.rows)
    }
    add(labels.pixels, labels.rowBytes, labels.width, labels.height)
    return hash
  }

  /// Pixels of each class.
  var histogram: [Int] {
    var counts = Array(repeating: 0, count: 256)
    for row in 0..<labels.height {
      for column in 0..<labels.width { counts[Int(labels[row, column])] += 1 }
    }
    return counts
  }

  func luma(_ row: Int, _ column: Int) -> Int {
    Int(picture.view.planes.0.base[row * picture.view.planes.0.rowBytes + column])
  }
}

func street(_ width: Int, _ height: Int, seed: UInt64 = 1) -> StreetRenderer {
  StreetRenderer(scene: StreetScene(.init(width: width, height: height, seed: seed)))
}
