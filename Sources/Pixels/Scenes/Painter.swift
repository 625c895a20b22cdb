// SPDX-License-Identifier: Apache-2.0

/// Colours the pixels of a canvas, row by row.
struct Painter {
  let canvas: Canvas
  let pen: Pen
  let textures: TextureSet
  let offsets: UnsafeMutablePointer<Int>
  /// For each metre of distance: share of what is seen, and the haze before it. 1/256 and packed RGB.
  let clear: UnsafeMutablePointer<UInt32>
  let haze: UnsafeMutablePointer<UInt32>

  init(canvas: Canvas, pen: Pen, textures: TextureSet) {
    self.canvas = canvas
    self.pen = pen
    self.textures = textures
    offsets = .allocate(capacity: TextureSet.levels)
    for level in 0..<TextureSet.levels { offsets[level] = TextureSet.offset(ofLevel: level) }
    clear = .allocate(capacity: Pen.hazeSteps)
    haze = .allocate(capacity: Pen.hazeSteps)
  }

  func deallocate() {
    offsets.deallocate()
    clear.deallocate()
    haze.deallocate()
  }

  func begin() {
    for z in 0..<Pen.hazeSteps {
      clear[z] = 256 - pen.hazeAt[z]
      haze[z] = dim(pen.light.haze, pen.hazeAt[z])
    }
  }

  /// Writes one row of packed RGB to `line`, and its labels.
  func paint(row: Int, to line: UnsafeMutablePointer<RGB>, labels: UnsafeMutablePointer<UInt8>?) {
    let ids = canvas.ids + row * canvas.width
    var start = 0
    while start < canvas.width {
      let id = ids[start]
      var end = start + 1
      while end < canvas.width, ids[end] == id { end += 1 }
      let surface = canvas.surfaces + Int(id)
      switch surface.pointee.kind {
      case .flat:
        let t = min(max((Float(row) + 0.5 - surface.pointee.row) * surface.pointee.perRow, 0), 1)
        let colour = blend(surface.pointee.upper, surface.pointee.lower, UInt32(t * 256))
        (line + start).update(repeating: colour, count: end - start)
      case .textured: wall(row, start, end, surface, line, facade: false)
      case .facade: wall(row, start, end, surface, line, facade: true)
      case .sky: sky(row, start, end, line)
      case .ground: ground(row, start, end, surface, line)
      }
      if let labels { (labels + start).update(repeating: surface.pointee.label, count: end - start) }
      start = end
    }
  }

  /// The level of detail at which a texel is about as large as a pixel that covers `texels` texels.
  @inline(__always) private func level(_ texels: Float) -> Int {
    let exponent = Int(texels.bitPattern >> 23) - 127
    return min(max(exponent, 0), TextureSet.levels - 1)
  }

  @inline(__always) private func wall(
    _ row: Int, _ start: Int, _ end: Int, _ pointer: UnsafeMutablePointer<Surface>,
    _ line: UnsafeMutablePointer<RGB>, facade: Bool
  ) {
    let surface = pointer.pointee
    let camera = pen.camera
    let rise = (camera.horizon - Float(row) - 0.5) / camera.focal
    let texture = textures.texels + surface.texture * TextureSet.stride
    let light = surface.light
    let glow = pen.light.lampsLit
    var x = start
    while x < end {
      let stop = min(x + 16, end)
      let middle = surface.w0 + surface.wx * (Float(x) + 0.5)
      let z = 1 / min(max(middle, 0.003), 2)
      let footprint = max(z / camera.focal, z * z * abs(surface.wx) * abs(surface.u0) * 0.6)
      let level = level(footprint * abs(surface.density.x))
      let texels = texture + offsets[level]
      let rowShift = 7 - level
      while x < stop {
        let column = Float(x) + 0.5
        let z = 1 / min(max(surface.w0 + surface.wx * column, 0.003), 2)
        let jitter: Float = (x ^ row) & 1 == 0 ? 0.25 : -0.25
        let along = ((surface.u0 + surface.ux * column) * z + surface.uc) * surface.density.x + jitter
        let up = (rise * z + camera.y - surface.lift) * surface.density.y + jitter
        let u = Int(Int32(along + 65536)) &- 65536
        let v = max(Int(Int32(up + 4096)) &- 4096, 0)
        let distance = Int(Int32(z))
        let tv = facade ? (v < 128 ? v : 128 | v & 127) : v & 255
        let texel = texels[(tv >> level) << rowShift &+ (u & 127) >> level]
        var strength = (light &* clear[distance]) >> 8
        if facade, texel >= 0x8000_0000 {
          let window = scramble(UInt32(truncatingIfNeeded: (u >> 6) &+ (v >> 7) &* 977) ^ surface.hash)
          if glow, window & 7 == 0 {
            line[x] = dim(rgb(212, 176, 112), clear[distance]) &+ haze[distance]
            x += 1
            continue
          }
          strength = (strength &* (150 &+ window >> 8 & 105)) >> 8
        }
        line[x] = dim(texel & 0xFF_FFFF, strength) &+ haze[distance]
        x += 1
      }
    }
  }

  private func ground(
    _ row: Int, _ start: Int, _ end: Int, _ surface: UnsafeMutablePointer<Surface>,
    _ line: UnsafeMutablePointer<RGB>
  ) {
    let camera = pen.camera
    let z = min(camera.focal * camera.y / max(Float(row) + 0.5 - camera.horizon, 0.01), 500)
    let density = surface.pointee.density
    let perPixel = z / camera.focal
    let footprint = max(perPixel * density.x, z * perPixel / camera.y * 0.35 * density.y)
    let level = level(footprint)
    let along = camera.travelled + Double(z)
    let v = Int(along * Double(density.y)) & 255
    let texels =
      textures.texels + surface.pointee.texture * TextureSet.stride + offsets[level]
      + (v >> level) << (7 - level)
    let strength = (surface.pointee.light &* clear[Int(z)]) >> 8
    let air = haze[Int(z)]
    // Fixed point, 1/4096 of a texel; stains lie 24 times wider than texels.
    let origin = (Float(start) + 0.5 - camera.centre) * perPixel - camera.across(0, z)
    var u = Int(Int32(min(max(origin * density.x, -500_000), 500_000) * 4096 * 0.999)) + 8192
    let step = Int(Int32(min(perPixel * density.x, 4096) * 4096))
    let stains = textures.clouds + (Int(along * 3) & 255) << 8
    for x in start..<end {
      let stain = UInt32(stains[(u >> 16) & 255]) >> 3
      line[x] = dim(texels[((u >> 12) & 127) >> level] & 0xFF_FFFF, (strength &* (224 &+ stain)) >> 8) &+ air
      u &+= step
    }
  }

  private func sky(_ row: Int, _ start: Int, _ end: Int, _ line: UnsafeMutablePointer<RGB>) {
    let camera = pen.camera
    let light = pen.light
    let height = max(camera.horizon - Float(row) - 0.5, 0.5) / camera.focal
    let t = min(height * 1.9, 1)
    let base = blend(light.skyLow, light.skyTop, UInt32(t * 256))
    let distance = min(1 / (height + 0.08), 12)
    let drift = Float(wave(camera.time / 900)) * 300
    let v = Int32((distance * 26 + drift) * 256)
    let rowA = textures.clouds + Int(v >> 8 & 255) << 8
    let rowB = textures.clouds + Int((v >> 8 &+ 1) & 255) << 8
    let fv = Int(v & 255)
    let scale = distance * 22 / camera.focal
    var u = Int(Int32(((Float(start) - camera.centre) * scale + drift) * 256))
    let step = Int(Int32(scale * 256 * 16))
    u <<= 4
    let thin = min(Int(height * 2200), 256)
    for x in start..<end {
      let (cell, next) = ((u >> 12) & 255, ((u >> 12) &+ 1) & 255)
      let fu = (u >> 4) & 255
      let low = Int(rowA[cell]) &* (256 &- fu) &+ Int(rowA[next]) &* fu
      let high = Int(rowB[cell]) &* (256 &- fu) &+ Int(rowB[next]) &* fu
      let value = (low &* (256 &- fv) &+ high &* fv) >> 16
      let dense = (min(max(value &- light.cover, 0) &* 4, 256) &* thin) >> 8
      line[x] = blend(base, light.cloud, UInt32(truncatingIfNeeded: dense))
      u &+= step
    }
  }
}
