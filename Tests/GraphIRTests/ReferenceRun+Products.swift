// SPDX-License-Identifier: Apache-2.0

import Foundation
import GraphIR

// Arithmetic, reductions and products.
extension ReferenceRun {
  func unary(_ x: Value, _ body: (Float) -> Float) -> Value {
    Value(shape: x.shape, data: x.data.map(body))
  }

  func binary(_ a: Value, _ b: Value, _ body: (Float, Float) -> Float) -> Value {
    let rank = max(a.shape.count, b.shape.count)
    func full(_ x: Value) -> [Int] { Array(repeating: 1, count: rank - x.shape.count) + x.shape }
    let (left, right) = (full(a), full(b))
    let extents = zip(left, right).map { $0 == 1 ? $1 : $0 }
    var data: [Float] = []
    each(extents) { index in
      let l = offset(zip(index, left).map { $1 == 1 ? 0 : $0 }, left)
      let r = offset(zip(index, right).map { $1 == 1 ? 0 : $0 }, right)
      data.append(body(a.data[l], b.data[r]))
    }
    return Value(shape: extents, data: data)
  }

  func reduce(_ x: Value, _ axes: [Int], _ keep: Bool, mean: Bool) -> Value {
    let rank = x.shape.count
    let named = Set(axes.isEmpty ? Array(0..<rank) : axes.map { $0 < 0 ? $0 + rank : $0 })
    let kept = x.shape.enumerated().map { named.contains($0) ? 1 : $1 }
    var sums = [Float](repeating: 0, count: kept.reduce(1, *))
    var position = 0
    each(x.shape) { index in
      sums[offset(index.enumerated().map { named.contains($0) ? 0 : $1 }, kept)] += x.data[position]
      position += 1
    }
    let count = Float(x.data.count / sums.count)
    let shape = keep ? kept : x.shape.enumerated().filter { !named.contains($0.offset) }.map(\.element)
    return Value(shape: shape, data: mean ? sums.map { $0 / count } : sums)
  }

  func softmax(_ x: Value, _ axis: Int) -> Value {
    let exponents = unary(x) { exp($0) }
    return binary(exponents, reduce(exponents, [axis], true, mean: false), /)
  }

  func argMax(_ x: Value, _ axis: Int, _ keep: Bool) -> Value {
    let axis = axis < 0 ? axis + x.shape.count : axis
    var extents = x.shape
    extents[axis] = 1
    var data: [Float] = []
    each(extents) { index in
      var best = 0
      var index = index
      var top = -Float.infinity
      for position in 0..<x.shape[axis] {
        index[axis] = position
        if x.data[offset(index, x.shape)] > top { (top, best) = (x.data[offset(index, x.shape)], position) }
      }
      data.append(Float(best))
    }
    if !keep { extents.remove(at: axis) }
    return Value(shape: extents, data: data)
  }

  func matMul(_ a: Value, _ b: Value) -> Value {
    let (rows, inner, columns) = (a.shape[a.shape.count - 2], a.shape.last!, b.shape.last!)
    let batch = a.shape.dropLast(2).reduce(1, *)
    var data: [Float] = []
    for index in 0..<batch {
      let shared = b.shape.dropLast(2).reduce(1, *) == 1
      for row in 0..<rows {
        for column in 0..<columns {
          var sum: Float = 0
          for k in 0..<inner {
            sum +=
              a.data[(index * rows + row) * inner + k]
              * b.data[((shared ? 0 : index) * inner + k) * columns + column]
          }
          data.append(sum)
        }
      }
    }
    return Value(shape: a.shape.dropLast() + [columns], data: data)
  }

  func conv(_ x: Value, _ w: Value, _ bias: [Float]?, _ c: Convolution) -> Value {
    let (h, width) = (x.shape[2], x.shape[3])
    let rows = (h + c.pads.top + c.pads.bottom - c.dilations.rows * (w.shape[2] - 1) - 1) / c.strides.rows + 1
    let columns =
      (width + c.pads.left + c.pads.right - c.dilations.columns * (w.shape[3] - 1) - 1) / c.strides.columns
      + 1
    let perGroup = w.shape[0] / c.groups
    var data: [Float] = []
    for n in 0..<x.shape[0] {
      for o in 0..<w.shape[0] {
        for row in 0..<rows {
          for column in 0..<columns {
            var sum = bias?[o] ?? 0
            for i in 0..<w.shape[1] {
              let channel = o / perGroup * w.shape[1] + i
              for ky in 0..<w.shape[2] {
                let y = row * c.strides.rows + ky * c.dilations.rows - c.pads.top
                guard y >= 0, y < h else { continue }
                for kx in 0..<w.shape[3] {
                  let z = column * c.strides.columns + kx * c.dilations.columns - c.pads.left
                  guard z >= 0, z < width else { continue }
                  sum +=
                    x.data[((n * x.shape[1] + channel) * h + y) * width + z]
                    * w.data[((o * w.shape[1] + i) * w.shape[2] + ky) * w.shape[3] + kx]
                }
              }
            }
            switch c.activation {
            case .none: break
            case .relu: sum = max(sum, 0)
            case .clip(let low, let high): sum = min(max(sum, low), high)
            }
            data.append(sum)
          }
        }
      }
    }
    return Value(shape: [x.shape[0], w.shape[0], rows, columns], data: data)
  }
}
