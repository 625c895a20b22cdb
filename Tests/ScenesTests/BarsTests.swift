// SPDX-License-Identifier: Apache-2.0

import Buffers
import Scenes
import Testing

@Suite struct BarsTests {
  /// Published code values: 75 % bars of SMPTE RP 219 (BT.709) and of BT.601, 8 bits.
  @Test func codesAreTheStandards() {
    func code(_ bar: Int, _ matrix: ColorMatrix) -> [UInt8] {
      let code = BarsRenderer.code(bar: bar, percent: 75, matrix: matrix, range: .limited)
      return [code.y, code.u, code.v]
    }
    #expect(code(0, .bt709) == [180, 128, 128])
    #expect(code(1, .bt709) == [168, 44, 136])
    #expect(code(2, .bt709) == [145, 147, 44])
    #expect(code(3, .bt709) == [133, 63, 52])
    #expect(code(4, .bt709) == [63, 193, 204])
    #expect(code(5, .bt709) == [51, 109, 212])
    #expect(code(6, .bt709) == [28, 212, 120])
    #expect(code(7, .bt709) == [16, 128, 128])
    #expect(code(1, .bt601) == [162, 44, 142])
    #expect(code(5, .bt601) == [65, 100, 212])
  }

  @Test func fullRangeReachesTheEnds() {
    let white = BarsRenderer.code(bar: 0, percent: 100, matrix: .bt709, range: .full)
    let blue = BarsRenderer.code(bar: 6, percent: 100, matrix: .bt601, range: .full)
    #expect([white.y, white.u, white.v] == [255, 128, 128])
    #expect([blue.y, blue.u] == [29, 255])
  }

  @Test(arguments: [(64, 32), (17, 13), (1, 1), (7, 3)])
  func everyPixelHasItsBar(width: Int, height: Int) {
    let picture = Picture(format: .yuv420p, width: width, height: height, matrix: .bt601, range: .full)
    BarsRenderer().render(into: picture.view)
    let view = picture.view
    for row in 0..<height {
      for x in 0..<width {
        let bar = BarsRenderer.bar(column: x, width: width)
        let code = BarsRenderer.code(bar: bar, percent: 75, matrix: .bt601, range: .full)
        #expect(view.planes.0.base[row * view.planes.0.rowBytes + x] == code.y)
        guard x % 2 == 0 else { continue }
        #expect(view.planes.1.base[row / 2 * view.planes.1.rowBytes + x / 2] == code.u)
        #expect(view.planes.2.base[row / 2 * view.planes.2.rowBytes + x / 2] == code.v)
      }
    }
  }
}
