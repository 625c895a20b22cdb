// SPDX-License-Identifier: Apache-2.0

typealias Point = SIMD3<Float>

/// Draws things given in street metres onto a canvas, through a camera and in a light.
final class Pen {
  let canvas: Canvas
  var camera: Camera
  var light: Light
  /// Share of haze at each metre of distance, in 1/256.
  let hazeAt: UnsafeMutablePointer<UInt32>
  static let hazeSteps = 512

  private let corners: UnsafeMutablePointer<Point>
  private let clipped: UnsafeMutablePointer<Point>
  private let screen: UnsafeMutablePointer<SIMD2<Float>>

  init(canvas: Canvas, camera: Camera, light: Light) {
    self.canvas = canvas
    self.camera = camera
    self.light = light
    hazeAt = .allocate(capacity: Self.hazeSteps)
    corners = .allocate(capacity: 24)
    clipped = .allocate(capacity: 24)
    screen = .allocate(capacity: 24)
  }

  deinit {
    hazeAt.deallocate()
    corners.deallocate()
    clipped.deallocate()
    screen.deallocate()
  }

  func begin(camera: Camera, light: Light) {
    self.camera = camera
    self.light = light
    for z in 0..<Self.hazeSteps {
      hazeAt[z] = UInt32(Float(z) / (Float(z) + light.hazeLength) * 236)
    }
    canvas.clear()
  }

  /// `colour` in `light` (1/256) as seen through the air at `z` metres.
  func seen(_ colour: RGB, _ strength: UInt32, _ z: Float) -> RGB {
    let haze = hazeAt[Int(min(max(z, 0), Float(Self.hazeSteps - 1)))]
    return blend(dim(colour, strength), light.haze, haze)
  }

  func row(_ y: Float, _ z: Float) -> Float { camera.horizon - (y - camera.y) * camera.focal / z }
  func column(_ x: Float, _ z: Float) -> Float { camera.centre + camera.across(x, z) * camera.focal / z }

  /// A surface of one colour, darker by `fall` (1/256) at `low` metres than at `high`.
  func flat(
    _ colour: RGB, label: UInt8, light strength: UInt32, z: Float, fall: UInt32 = 0, high: Float = 1,
    low: Float = 0
  ) -> UInt16 {
    let z = max(z, Camera.near)
    var surface = Surface(kind: .flat, label: label)
    surface.upper = seen(colour, strength, z)
    surface.lower = fall == 0 ? surface.upper : seen(colour, (strength * (256 - fall)) >> 8, z)
    surface.row = row(high, z)
    surface.perRow = 1 / max(row(low, z) - surface.row, 1)
    return canvas.add(surface)
  }

  func quad(_ a: Point, _ b: Point, _ c: Point, _ d: Point, _ id: UInt16) {
    corners[0] = a
    corners[1] = b
    corners[2] = c
    corners[3] = d
    fill(4, id)
  }

  /// An upright rectangle that faces the camera.
  func board(_ x0: Float, _ x1: Float, _ y0: Float, _ y1: Float, _ z: Float, _ id: UInt16) {
    guard z > Camera.near else { return }
    screen[0] = SIMD2(column(x0, z), row(y1, z))
    screen[1] = SIMD2(column(x1, z), screen[0].y)
    screen[2] = SIMD2(screen[1].x, row(y0, z))
    screen[3] = SIMD2(screen[0].x, screen[2].y)
    canvas.fillPolygon(screen, count: 4, id)
  }

  /// A limb or a post: from (`x0`, `y0`) to (`x1`, `y1`), `thick` metres across, facing the camera.
  func limb(_ x0: Float, _ y0: Float, _ x1: Float, _ y1: Float, _ z: Float, thick: Float, _ id: UInt16) {
    guard z > Camera.near else { return }
    let a = SIMD2(column(x0, z), row(y0, z))
    let b = SIMD2(column(x1, z), row(y1, z))
    let along = b - a
    let length = max((along.x * along.x + along.y * along.y).squareRoot(), 0.01)
    let half = thick * 0.5 * camera.focal / z / length
    let side = SIMD2(-along.y * half, along.x * half)
    screen[0] = a + side
    screen[1] = b + side
    screen[2] = b - side
    screen[3] = a - side
    canvas.fillPolygon(screen, count: 4, id)
  }

  func disc(_ x: Float, _ y: Float, _ z: Float, radius: Float, tall: Float, _ id: UInt16) {
    guard z > Camera.near else { return }
    let scale = camera.focal / z
    canvas.fillEllipse(x: column(x, z), y: row(y, z), radiusX: radius * scale, radiusY: tall * scale, id)
  }

  func corner(_ index: Int, _ point: Point) { corners[index] = point }

  /// Fills the convex polygon of the first `count` corners, cut off at the near plane.
  func fill(_ count: Int, _ id: UInt16) {
    var kept = 0
    for i in 0..<count {
      let a = corners[i]
      let b = corners[i + 1 < count ? i + 1 : 0]
      if a.z >= Camera.near {
        clipped[kept] = a
        kept += 1
      }
      if (a.z >= Camera.near) != (b.z >= Camera.near) {
        clipped[kept] = a + (b - a) * ((Camera.near - a.z) / (b.z - a.z))
        clipped[kept].z = Camera.near
        kept += 1
      }
    }
    guard kept >= 3 else { return }
    for i in 0..<kept {
      let p = clipped[i]
      screen[i] = SIMD2(column(p.x, p.z), row(p.y, p.z))
    }
    canvas.fillPolygon(screen, count: kept, id)
  }

  /// An upright wall from (`x0`, `z0`) to (`x1`, `z1`); its texture starts at the first end, `along` metres in.
  func wall(
    x0: Float, z0: Float, x1: Float, z1: Float, along: Float, surface template: Surface
  ) -> UInt16 {
    var surface = template
    let (a0, a1) = (camera.across(x0, z0), camera.across(x1, z1))
    let inverse = 1 / camera.focal
    if z0 == z1 {
      surface.w0 = 1 / max(z0, Camera.near)
      surface.ux = inverse
      surface.u0 = -camera.centre * inverse
      surface.uc = along - a0
    } else {
      let (run, rise) = (z1 - z0, a1 - a0)
      let offset = run * a0 - rise * z0
      let safe = abs(offset) < 1e-3 ? 1e-3 : offset
      surface.wx = run * inverse / safe
      surface.w0 = -(rise + run * camera.centre * inverse) / safe
      let length = (run * run + (x1 - x0) * (x1 - x0)).squareRoot()
      surface.u0 = length / run
      surface.uc = along - z0 * length / run
    }
    return canvas.add(surface)
  }
}
