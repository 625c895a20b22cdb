// SPDX-License-Identifier: Apache-2.0

import Foundation
import GraphIR

// Windows and geometry, channels first.
extension ReferenceRun {
  func pool(_ x: Value, _ p: Pooling, average: Bool) -> Value {
    let (h, w) = (x.shape[2], x.shape[3])
    let rows = (h + p.pads.top + p.pads.bottom - p.kernel.rows) / p.strides.rows + 1
    let columns = (w + p.pads.left + p.pads.right - p.kernel.columns) / p.strides.columns + 1
    var data: [Float] = []
    for plane in 0..<x.shape[0] * x.shape[1] {
      for row in 0..<rows {
        for column in 0..<columns {
          var (sum, top, count): (Float, Float, Float) = (0, -.infinity, 0)
          for y in row * p.strides.rows - p.pads.top..<row * p.strides.rows - p.pads.top + p.kernel.rows {
            for z in column * p.strides.columns - p.pads.left..<column * p.strides.columns - p.pads.left
              + p.kernel.columns where y >= 0 && y < h && z >= 0 && z < w
            {
              let value = x.data[(plane * h + y) * w + z]
              sum += value
              top = max(top, value)
              count += 1
            }
          }
          data.append(average ? sum / count : top)
        }
      }
    }
    return Value(shape: [x.shape[0], x.shape[1], rows, columns], data: data)
  }

  /// Bilinear at (y, x) in pixels, border padding.
  func bilinear(_ x: Value, _ plane: Int, _ y: Float, _ z: Float) -> Float {
    let (h, w) = (x.shape[2], x.shape[3])
    let (y, z) = (min(max(y, 0), Float(h - 1)), min(max(z, 0), Float(w - 1)))
    let (y0, z0) = (Int(y), Int(z))
    let (y1, z1) = (min(y0 + 1, h - 1), min(z0 + 1, w - 1))
    let (fy, fz) = (y - Float(y0), z - Float(z0))
    func at(_ y: Int, _ z: Int) -> Float { x.data[(plane * h + y) * w + z] }
    return (1 - fy) * ((1 - fz) * at(y0, z0) + fz * at(y0, z1)) + fy
      * ((1 - fz) * at(y1, z0) + fz * at(y1, z1))
  }

  func resize(_ x: Value, _ resize: Resize, _ node: Node) -> Value {
    let out = MapShape(shape(node), layout: graph.layout)!
    let (sy, sx) = (Float(x.shape[2]) / Float(out.rows), Float(x.shape[3]) / Float(out.columns))
    precondition(
      resize.coordinates == .halfPixel || resize.coordinates == .asymmetric && resize.mode == .nearest)
    var data: [Float] = []
    for plane in 0..<x.shape[0] * x.shape[1] {
      for row in 0..<out.rows {
        for column in 0..<out.columns {
          if resize.mode == .nearest {
            data.append(
              bilinear(x, plane, (Float(row) * sy).rounded(.down), (Float(column) * sx).rounded(.down)))
          } else {
            data.append(bilinear(x, plane, (Float(row) + 0.5) * sy - 0.5, (Float(column) + 0.5) * sx - 0.5))
          }
        }
      }
    }
    return Value(shape: [x.shape[0], x.shape[1], out.rows, out.columns], data: data)
  }

  func sample(_ x: Value, _ grid: Value) -> Value {
    let (rows, columns) = (grid.shape[1], grid.shape[2])
    var data: [Float] = []
    for plane in 0..<x.shape[0] * x.shape[1] {
      for cell in 0..<rows * columns {
        let at = (plane / x.shape[1] * rows * columns + cell) * 2
        let z = (grid.data[at] + 1) * Float(x.shape[3]) / 2 - 0.5
        let y = (grid.data[at + 1] + 1) * Float(x.shape[2]) / 2 - 0.5
        data.append(bilinear(x, plane, y, z))
      }
    }
    return Value(shape: [x.shape[0], x.shape[1], rows, columns], data: data)
  }

  func warp(_ x: Value, _ offsets: Value, _ mask: Value?, _ scale: Int) -> Value {
    let (rows, columns) = (offsets.shape[2], offsets.shape[3])
    func first(_ part: Int, _ y: Int, _ z: Int) -> Float {
      guard (0..<rows).contains(y), (0..<columns).contains(z) else { return 0 }
      return offsets.data[(part * rows + y) * columns + z]
    }
    func mixed(_ part: Int, _ y: Int, _ z: Int) -> Float {
      guard let mask else { return first(part, y, z) }
      return (0..<9).reduce(0) { sum, n in
        sum + mask.data[(n * rows + y) * columns + z] * first(part, y + n / 3 - 1, z + n % 3 - 1)
      }
    }
    var data: [Float] = []
    for plane in 0..<x.shape[1] {
      for row in 0..<rows {
        for column in 0..<columns {
          let z = (Float(column) + 0.5 + mixed(0, row, column)) / Float(scale) - 0.5
          let y = (Float(row) + 0.5 + mixed(1, row, column)) / Float(scale) - 0.5
          data.append(bilinear(x, plane, y, z))
        }
      }
    }
    return Value(shape: [1, x.shape[1], rows, columns], data: data)
  }

  func attend(
    _ query: Value, _ key: Value, _ value: Value, _ bias: Value?, _ attention: LocalAttention
  ) -> Value {
    let (rows, columns, cells) = (query.shape[2], query.shape[3], attention.cells)
    /// Zero beyond the border.
    func cell(_ map: Value, _ plane: Int, _ row: Int, _ column: Int, _ r: Int) -> Float {
      let y = row / 2 + r / attention.region - attention.region / 2
      let x = column / 2 + r % attention.region - attention.region / 2
      guard 0..<map.shape[2] ~= y, 0..<map.shape[3] ~= x else { return 0 }
      return map.data[(plane * map.shape[2] + y) * map.shape[3] + x]
    }
    var data = [Float](repeating: 0, count: value.shape[1] * rows * columns)
    for row in 0..<rows {
      for column in 0..<columns {
        let weights = (0..<cells).map { r -> Float in
          let product = (0..<query.shape[1]).reduce(Float(0)) { sum, plane in
            sum + query.data[(plane * rows + row) * columns + column] * cell(key, plane, row, column, r)
          }
          return exp(
            product * attention.scale + (bias?.data[(row % 2 * 2 + column % 2) * cells + r] ?? 0))
        }
        let sum = weights.reduce(0, +)
        for plane in 0..<value.shape[1] {
          data[(plane * rows + row) * columns + column] =
            (0..<cells).reduce(0) { $0 + weights[$1] / sum * cell(value, plane, row, column, $1) }
        }
      }
    }
    return Value(shape: [1, value.shape[1], rows, columns], data: data)
  }

  func attend(_ query: Value, _ key: Value, _ value: Value, _ scale: Float) -> Value {
    let (depth, channels, pixels) = (query.shape[1], value.shape[1], query.shape[2] * query.shape[3])
    var data = [Float](repeating: 0, count: channels * pixels)
    for pixel in 0..<pixels {
      let weights = (0..<pixels).map { other in
        exp(
          (0..<depth).reduce(0) { $0 + query.data[$1 * pixels + pixel] * key.data[$1 * pixels + other] }
            * scale)
      }
      let sum = weights.reduce(0, +)
      for plane in 0..<channels {
        data[plane * pixels + pixel] =
          (0..<pixels).reduce(0) { $0 + weights[$1] / sum * value.data[plane * pixels + $1] }
      }
    }
    return Value(shape: value.shape, data: data)
  }
}
