// SPDX-License-Identifier: Apache-2.0

import Buffers

/// Turns painted rows into a camera's picture: a lens that is a little soft and darker at its corners, an
/// exposure, sensor noise, and YUV.
///
/// Everything is integer arithmetic. A row's red, green and blue lie in three planes of bytes; four rows are kept,
/// so that a row can be softened with its neighbours.
final class Developer {
  let width: Int
  let height: Int
  let line: UnsafeMutablePointer<RGB>
  private let stride: Int
  /// Rows softened across: four rows of three planes.
  private let soft: UnsafeMutablePointer<UInt8>
  private let plain: UnsafeMutablePointer<UInt8>
  /// Two developed rows of three planes.
  private let ready: UnsafeMutablePointer<UInt8>
  private let vignette: UnsafeMutablePointer<UInt16>
  private let noise: UnsafeMutablePointer<UInt8>
  private static let noiseCount = 1 << 15

  init(width: Int, height: Int, noise strength: Int, seed: UInt64) {
    self.width = width
    self.height = height
    stride = (width + 33) & ~15
    line = .allocate(capacity: stride)
    soft = .allocate(capacity: stride * 12)
    plain = .allocate(capacity: stride)
    ready = .allocate(capacity: stride * 6)
    vignette = .allocate(capacity: stride)
    noise = .allocate(capacity: Self.noiseCount + 16384 + 64)
    soft.initialize(repeating: 0, count: stride * 12)
    plain.initialize(repeating: 0, count: stride)
    ready.initialize(repeating: 0, count: stride * 6)
    line.initialize(repeating: 0, count: stride)
    for x in 0..<stride {
      let t = (Float(x) + 0.5) / Float(width) * 2 - 1
      vignette[x] = UInt16(256 - min(t * t, 1) * 26)
    }
    // The sum of four even draws is close to a bell; 128 stands for no change.
    var dice = Dice(seed: seed, kind: 6)
    for i in 0..<(Self.noiseCount + 16384 + 64) {
      let bits = dice.next()
      let sum = Int(bits & 255) + Int(bits >> 8 & 255) + Int(bits >> 16 & 255) + Int(bits >> 24 & 255) - 510
      noise[i] = UInt8(128 + sum * strength / 510)
    }
  }

  deinit {
    line.deallocate()
    soft.deallocate()
    plain.deallocate()
    ready.deallocate()
    vignette.deallocate()
    noise.deallocate()
  }

  private func softRow(_ row: Int, _ channel: Int) -> UnsafeMutablePointer<UInt8> {
    soft + (min(max(row, 0), height - 1) & 3) * 3 * stride + channel * stride
  }

  /// Takes `line` as row `row`.
  func take(row: Int) {
    for channel in 0..<3 {
      let shift = UInt32(16 - channel * 8)
      let plain = plain + 1
      for x in 0..<width { plain[x] = UInt8(truncatingIfNeeded: line[x] >> shift) }
      plain[-1] = plain[0]
      plain[width] = plain[width - 1]
      let out = softRow(row, channel)
      for x in 0..<width {
        let sides = UInt16(plain[x - 1]) &+ UInt16(plain[x + 1])
        out[x] = UInt8(truncatingIfNeeded: (sides &* 3 &+ UInt16(plain[x]) &* 10 &+ 8) >> 4)
      }
    }
  }

  /// Writes rows `row` and `row + 1` of the picture; rows `row - 1` to `row + 2` have been taken where they exist.
  func write(row: Int, frame: Int, light: Light, codes: YUVCodes, to picture: PictureView) {
    for half in 0..<2 where row + half < height {
      let t = (Float(row + half) + 0.5) / Float(height) * 2 - 1
      let dark = UInt16(256 - t * t * 20)
      expose(row + half, half, 0, light.gain.0, dark)
      expose(row + half, half, 1, light.gain.1, dark)
      expose(row + half, half, 2, light.gain.2, dark)
      luma(row + half, half, frame, codes, picture)
    }
    chroma(row, single: row + 1 >= height, frame, codes, picture)
  }

  private func readyRow(_ half: Int, _ channel: Int) -> UnsafeMutablePointer<UInt8> {
    ready + (half * 3 + channel) * stride
  }

  private func expose(_ row: Int, _ half: Int, _ channel: Int, _ gain: UInt16, _ dark: UInt16) {
    let (above, here, below) = (softRow(row - 1, channel), softRow(row, channel), softRow(row + 1, channel))
    let out = readyRow(half, channel)
    let strength = UInt16(truncatingIfNeeded: (UInt32(gain) * UInt32(dark)) >> 8)
    let vignette = vignette
    for x in 0..<width {
      let sides = UInt16(above[x]) &+ UInt16(below[x])
      let value = (sides &* 3 &+ UInt16(here[x]) &* 10 &+ 8) >> 4
      let lit = (((value &* vignette[x]) >> 8) &* strength) >> 7
      out[x] = UInt8(truncatingIfNeeded: lit < 255 ? lit : 255)
    }
  }

  private func noiseRow(_ row: Int, _ frame: Int, _ plane: UInt32) -> UnsafeMutablePointer<UInt8> {
    let key =
      UInt32(truncatingIfNeeded: frame) &* 0x9E37_79B9 ^ UInt32(truncatingIfNeeded: row) &* 0x85EB_CA6B
    return noise + Int(scramble(key ^ plane << 29) & UInt32(Self.noiseCount - 1))
  }

  private func luma(_ row: Int, _ half: Int, _ frame: Int, _ codes: YUVCodes, _ picture: PictureView) {
    let (red, green, blue) = (readyRow(half, 0), readyRow(half, 1), readyRow(half, 2))
    let out = picture.planes.0.base + row * picture.planes.0.rowBytes
    let grain = noiseRow(row, frame, 0)
    let (r, g, b) = (codes.luma.0, codes.luma.1, codes.luma.2)
    let black = codes.black
    let low = Int16(codes.low)
    let high = Int16(codes.high)
    for x in 0..<width {
      let sum = UInt16(red[x]) &* r &+ UInt16(green[x]) &* g &+ UInt16(blue[x]) &* b &+ 128
      let value = Int16(truncatingIfNeeded: (sum >> 8) &+ black &+ UInt16(grain[x])) &- 128
      out[x] = UInt8(truncatingIfNeeded: min(max(value, low), high))
    }
  }

  private func chroma(_ row: Int, single: Bool, _ frame: Int, _ codes: YUVCodes, _ picture: PictureView) {
    let second = single ? 0 : 1
    for channel in 0..<3 {
      // An odd last column stands for the one that is missing beside it.
      readyRow(0, channel)[width] = readyRow(0, channel)[width - 1]
      readyRow(second, channel)[width] = readyRow(second, channel)[width - 1]
    }
    let (r0, g0, b0) = (readyRow(0, 0), readyRow(0, 1), readyRow(0, 2))
    let (r1, g1, b1) = (readyRow(second, 0), readyRow(second, 1), readyRow(second, 2))
    let outU = picture.planes.1.base + row / 2 * picture.planes.1.rowBytes
    let outV = picture.planes.2.base + row / 2 * picture.planes.2.rowBytes
    let (grainU, grainV) = (noiseRow(row, frame, 1), noiseRow(row, frame, 2))
    let (u, v) = (codes.u, codes.v)
    let low = Int32(codes.low)
    let high = Int32(codes.highChroma)
    for x in 0..<(width + 1) / 2 {
      let i = x &* 2
      let red = Int32(r0[i]) &+ Int32(r0[i &+ 1]) &+ Int32(r1[i]) &+ Int32(r1[i &+ 1])
      let green = Int32(g0[i]) &+ Int32(g0[i &+ 1]) &+ Int32(g1[i]) &+ Int32(g1[i &+ 1])
      let blue = Int32(b0[i]) &+ Int32(b0[i &+ 1]) &+ Int32(b1[i]) &+ Int32(b1[i &+ 1])
      let valueU = (red &* u.0 &+ green &* u.1 &+ blue &* u.2 &+ 131_584) >> 10
      let valueV = (red &* v.0 &+ green &* v.1 &+ blue &* v.2 &+ 131_584) >> 10
      let noisyU = valueU &+ (Int32(grainU[x]) &- 128) / 2
      let noisyV = valueV &+ (Int32(grainV[x]) &- 128) / 2
      outU[x] = UInt8(truncatingIfNeeded: min(max(noisyU, low), high))
      outV[x] = UInt8(truncatingIfNeeded: min(max(noisyV, low), high))
    }
  }
}
