// SPDX-License-Identifier: Apache-2.0

public import Buffers

/// Eight vertical colour bars: white, yellow, cyan, green, magenta, red, blue, black.
public struct BarsRenderer: Sendable {
  public struct Code: Sendable, Equatable {
    public let y: UInt8
    public let u: UInt8
    public let v: UInt8
  }

  /// Which of red, green and blue are on, from the left bar to the right one.
  public static let colours: [(red: Bool, green: Bool, blue: Bool)] = [
    (true, true, true), (true, true, false), (false, true, true), (false, true, false),
    (true, false, true), (true, false, false), (false, false, true), (false, false, false),
  ]

  /// Level of a colour that is on: 75 or 100 percent of full scale.
  public let percent: Int

  public init(percent: Int = 75) {
    precondition((0...100).contains(percent))
    self.percent = percent
  }

  /// The exact code values of a bar, 0…7 from the left: the standard's equations, rounded half up once.
  public static func code(bar: Int, percent: Int, matrix: ColorMatrix, range: ColorRange) -> Code {
    let on = colours[bar]
    func level(_ isOn: Bool) -> Int { isOn ? percent : 0 }
    // Ten-thousandths, the digits in which BT.601 and BT.709 state their coefficients.
    let (kr, kb) = matrix == .bt709 ? (2126, 722) : (2990, 1140)
    let (red, green, blue) = (level(on.red), level(on.green), level(on.blue))
    let luma = kr * red + (10000 - kr - kb) * green + kb * blue
    let scaleY = range == .limited ? 219 : 255
    let scaleC = range == .limited ? 224 : 255
    let blackLevel = range == .limited ? 16 : 0
    func chroma(_ primary: Int, _ k: Int) -> UInt8 {
      let value = divide((primary * 10000 - luma) * scaleC, by: 2 * (10000 - k) * 100)
      return UInt8(min(max(value + 128, 0), 255))
    }
    return Code(
      y: UInt8(divide(luma * scaleY, by: 10000 * 100) + blackLevel), u: chroma(blue, kb),
      v: chroma(red, kr))
  }

  /// The bar that covers column `x` of `width`.
  public static func bar(column x: Int, width: Int) -> Int { x * 8 / width }

  /// Draws the bars; the same in every frame. Pictures are yuv420p; a chroma sample takes the bar of its left column.
  public func render(into picture: PictureView) {
    precondition(picture.format == .yuv420p)
    for bar in 0..<8 {
      let code = Self.code(bar: bar, percent: percent, matrix: picture.matrix, range: picture.range)
      fill(picture.planes.0, step: 1, rows: picture.height, picture.width, bar, code.y)
      let rows = (picture.height + 1) / 2
      fill(picture.planes.1, step: 2, rows: rows, picture.width, bar, code.u)
      fill(picture.planes.2, step: 2, rows: rows, picture.width, bar, code.v)
    }
  }

  private func fill(_ plane: PlaneView, step: Int, rows: Int, _ width: Int, _ bar: Int, _ value: UInt8) {
    for row in 0..<rows {
      let line = plane.base + row * plane.rowBytes
      for x in stride(from: 0, to: width, by: step) where Self.bar(column: x, width: width) == bar {
        line[x / step] = value
      }
    }
  }
}

/// Quotient rounded to the nearest, halves up.
private func divide(_ value: Int, by divisor: Int) -> Int {
  let doubled = 2 * value + divisor
  let quotient = doubled / (2 * divisor)
  return doubled < 0 && doubled % (2 * divisor) != 0 ? quotient - 1 : quotient
}
