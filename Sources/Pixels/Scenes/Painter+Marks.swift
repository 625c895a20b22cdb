// SPDX-License-Identifier: Apache-2.0

extension Painter {
  /// Lays paint and shadows over the ground's pixels of one painted row.
  func lay(_ list: GroundMarks, row: Int, to line: UnsafeMutablePointer<RGB>, lastGround: UInt16) {
    let camera = pen.camera
    let below = Float(row) + 0.5 - camera.horizon
    guard below > 0.05 else { return }
    let z = camera.focal * camera.y / below
    guard z < StreetPlan.depth else { return }
    // A row stands for this much of the street, before and behind its centre.
    let reach = z * z / (camera.focal * camera.y) * 0.5
    let scale = camera.focal / z
    let middle = camera.centre + camera.across(0, z) * scale
    let ids = canvas.ids + row * canvas.width
    let see = clear[Int(z)]
    for i in 0..<list.count {
      let mark = list.marks + i
      guard mark.pointee.z1 > z - reach, mark.pointee.z0 < z + reach else { continue }
      // Coverage down the picture: the share of the row's stretch that the mark takes.
      let share = (min(mark.pointee.z1, z + reach) - max(mark.pointee.z0, z - reach)) / (2 * reach)
      var opacity = Float(mark.pointee.opacity) * min(max(share, 0), 1)
      var (x0, x1) = (mark.pointee.x0, mark.pointee.x1)
      if mark.pointee.shape == .ellipse {
        let half = (mark.pointee.z1 - mark.pointee.z0) * 0.5
        let t = min(max((z - mark.pointee.z0) / half - 1, -1), 1)
        let wide = (1 - t * t).squareRoot() * (x1 - x0) * 0.5
        (x0, x1) = ((x0 + x1) * 0.5 - wide, (x0 + x1) * 0.5 + wide)
      }
      let (left, right) = (middle + x0 * scale, middle + x1 * scale)
      // Stripes thinner than a pixel fade instead of breaking up.
      let thin = min(right - left, 1)
      opacity *= thin
      let full = UInt32(opacity)
      guard full > 0, right > 0, left < Float(canvas.width) else { continue }
      let first = Canvas.pixel(left, limit: canvas.width)
      let last = max(Canvas.pixel(right, limit: canvas.width), min(first + 1, canvas.width))
      guard first < last else { continue }
      let colour =
        mark.pointee.isShadow
        ? dim(haze[Int(z)], full)
        : pen.seen(mark.pointee.colour, pen.light.ground, z)
      if mark.pointee.isShadow {
        for x in first..<last where ids[x] <= lastGround && ids[x] > 0 {
          line[x] = dim(line[x], 256 &- full) &+ colour
        }
      } else {
        let weight = (full * see) >> 8
        for x in first..<last where ids[x] <= lastGround && ids[x] > 0 {
          line[x] = blend(line[x], colour, weight)
        }
      }
    }
  }
}
