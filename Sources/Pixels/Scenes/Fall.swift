// SPDX-License-Identifier: Apache-2.0

/// Rain or snow between the camera and the street, drawn anew in every frame. It changes colours, never labels.
struct Fall {
  struct Drop {
    /// Column of its middle at `top`, and columns for each row down.
    var x: Float
    var slope: Float
    /// Rows.
    var top: Int
    var bottom: Int
    /// Half the width in pixels.
    var half: Float
    /// 0…256.
    var opacity: UInt32
  }

  static let capacity = 1400
  let drops: UnsafeMutablePointer<Drop> = .allocate(capacity: capacity)
  var count = 0
  var colour: RGB = 0

  mutating func collect(plan: StreetPlan, light: Light, width: Int, height: Int, frame: Int) {
    count = 0
    let isSnow = plan.air == .snow
    guard plan.air == .rain || isSnow else { return }
    colour = plan.sky == .night ? rgb(120, 122, 128) : isSnow ? rgb(240, 242, 244) : rgb(206, 210, 214)
    var dice = Dice(seed: plan.seed, kind: 140, cell: frame)
    var wind = Dice(seed: plan.seed, kind: 141)
    let lean = wind.between(-0.22, 0.22)
    let unit = Float(height) / 360
    for _ in 0..<(isSnow ? Self.capacity / 2 : Self.capacity) {
      // Near drops are few, long and blurred; far ones many and thin.
      let near = dice.unit()
      let size = 0.35 + near * near * near * 2.4
      let length = Int(max((isSnow ? 2.2 : 15) * size * unit, 1))
      let top = Int(dice.between(-Float(length), Float(height)))
      drops[count] = Drop(
        x: dice.between(-0.1, 1.1) * Float(width), slope: isSnow ? 0 : lean + dice.between(-0.03, 0.03),
        top: top, bottom: min(top + length, height), half: max((isSnow ? 1.1 : 0.42) * size * unit, 0.4),
        opacity: UInt32(dice.between(isSnow ? 110 : 34, isSnow ? 230 : 96)))
      count += 1
    }
  }
}

extension Painter {
  /// Lays drops or flakes over one painted row.
  func lay(_ fall: Fall, row: Int, to line: UnsafeMutablePointer<RGB>) {
    for i in 0..<fall.count {
      let drop = fall.drops + i
      guard drop.pointee.top <= row, row < drop.pointee.bottom else { continue }
      let x = drop.pointee.x + drop.pointee.slope * Float(row - drop.pointee.top)
      let first = Canvas.pixel(x - drop.pointee.half, limit: canvas.width)
      let last = Canvas.pixel(x + drop.pointee.half, limit: canvas.width)
      for column in first..<max(first, last) {
        line[column] = blend(line[column], fall.colour, drop.pointee.opacity)
      }
    }
  }
}
