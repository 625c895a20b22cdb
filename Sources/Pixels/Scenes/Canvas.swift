// SPDX-License-Identifier: Apache-2.0

/// Something drawn, of which a pixel remembers the index: how to colour it comes later, once per pixel.
struct Surface {
  enum Kind: UInt8 { case sky, ground, flat, textured, facade }

  var kind: Kind
  var label: UInt8
  /// Colour from `row` down, going over to `lower` in 1 / `perRow` rows; air included. Flat surfaces only.
  var upper: RGB = 0
  var lower: RGB = 0
  var row: Float = 0
  var perRow: Float = 0
  var texture = 0
  /// Light in 1/256.
  var light: UInt32 = 256
  /// 1/z = w0 + wx·column.
  var w0: Float = 0
  var wx: Float = 0
  /// Metres along the surface = (u0 + ux·column)·z + uc.
  var u0: Float = 0
  var ux: Float = 0
  var uc: Float = 0
  /// Texels for each metre.
  var density = SIMD2<Float>(32, 32)
  var lift: Float = 0
  var hash: UInt32 = 0
}

/// A picture of surface indices, painted back to front: what is painted last is nearest.
///
/// A pixel belongs to a shape when its centre does.
final class Canvas {
  let width: Int
  let height: Int
  let ids: UnsafeMutablePointer<UInt16>
  let surfaces: UnsafeMutablePointer<Surface>
  private(set) var count = 0
  static let capacity = 16384

  private let left: UnsafeMutablePointer<Float>
  private let right: UnsafeMutablePointer<Float>

  init(width: Int, height: Int) {
    self.width = width
    self.height = height
    ids = .allocate(capacity: width * height)
    surfaces = .allocate(capacity: Self.capacity)
    left = .allocate(capacity: height)
    right = .allocate(capacity: height)
  }

  deinit {
    ids.deallocate()
    surfaces.deallocate()
    left.deallocate()
    right.deallocate()
  }

  func clear() { count = 0 }

  /// Past its capacity a street would repeat its last surface; no seed comes near.
  func add(_ surface: Surface) -> UInt16 {
    if count < Self.capacity { count += 1 }
    surfaces[count - 1] = surface
    return UInt16(truncatingIfNeeded: count - 1)
  }

  /// The first pixel whose centre is at or right of `edge`, kept within 0…`limit`.
  @inline(__always) static func pixel(_ edge: Float, limit: Int) -> Int {
    let first = (edge - 0.5).rounded(.up)
    return first <= 0 ? 0 : first >= Float(limit) ? limit : Int(first)
  }

  @inline(__always) func fillRow(_ row: Int, from start: Float, to end: Float, _ id: UInt16) {
    let first = Self.pixel(start, limit: width)
    let last = Self.pixel(end, limit: width)
    guard first < last else { return }
    (ids + (row * width + first)).update(repeating: id, count: last - first)
  }

  /// Fills a convex polygon given in columns and rows.
  func fillPolygon(_ points: UnsafePointer<SIMD2<Float>>, count: Int, _ id: UInt16) {
    var top = points[0].y
    var bottom = top
    for i in 1..<count {
      top = min(top, points[i].y)
      bottom = max(bottom, points[i].y)
    }
    let first = Self.pixel(top, limit: height)
    let last = Self.pixel(bottom, limit: height)
    guard first < last else { return }
    for row in first..<last {
      left[row] = .greatestFiniteMagnitude
      right[row] = -.greatestFiniteMagnitude
    }
    for i in 0..<count {
      var a = points[i]
      var b = points[i + 1 < count ? i + 1 : 0]
      if a.y > b.y { swap(&a, &b) }
      let start = Self.pixel(a.y, limit: height)
      let end = Self.pixel(b.y, limit: height)
      guard start < end else { continue }
      let slope = (b.x - a.x) / (b.y - a.y)
      for row in start..<end {
        let x = a.x + (Float(row) + 0.5 - a.y) * slope
        left[row] = min(left[row], x)
        right[row] = max(right[row], x)
      }
    }
    for row in first..<last { fillRow(row, from: left[row], to: right[row], id) }
  }

  /// Fills an ellipse; where `ragged` is not nil its edge is frayed by that noise, read at `noiseStep` per pixel.
  func fillEllipse(
    x: Float, y: Float, radiusX: Float, radiusY: Float, _ id: UInt16,
    ragged: UnsafePointer<UInt8>? = nil, noiseStep: Float = 0, noiseOffset: Int32 = 0
  ) {
    guard radiusX > 0.2, radiusY > 0.2 else { return }
    let first = Self.pixel(y - radiusY, limit: height)
    let last = Self.pixel(y + radiusY, limit: height)
    guard first < last else { return }
    let step = Int32(min(noiseStep, 4096) * 256)
    for row in first..<last {
      let dy = (Float(row) + 0.5 - y) / radiusY
      let inside = 1 - dy * dy
      guard inside > 0 else { continue }
      let half = inside.squareRoot() * radiusX
      guard let ragged else {
        fillRow(row, from: x - half, to: x + half, id)
        continue
      }
      let start = Self.pixel(x - half, limit: width)
      let end = Self.pixel(x + half, limit: width)
      guard start < end else { continue }
      let line = ids + row * width
      let noiseRow = Int32(min(max((Float(row) + 0.5 - y) * noiseStep, -1e6), 1e6)) &+ noiseOffset
      let noise = ragged + Int(noiseRow & 255) << 8
      let phase = Int32(min(max((Float(start) + 0.5 - x) * noiseStep, -8e5), 8e5) * 256) &+ noiseOffset << 8
      var u = phase
      var dx = (Float(start) + 0.5 - x) / radiusX
      let stepX = 1 / radiusX
      for column in start..<end {
        let depth = inside - dx * dx
        if depth * 230 + Float(noise[Int(u >> 8 & 255)]) > 164 { line[column] = id }
        u = u &+ step
        dx += stepX
      }
    }
  }
}
