// SPDX-License-Identifier: Apache-2.0

import Buffers
import Foundation
import GraphIR

/// Runs a graph the plainest way there is, for comparing a graph with what passes make of it.
struct ReferenceRun {
  struct Value {
    var shape: [Int]
    var data: [Float]
  }

  let graph: Graph
  private let facts: [String: Fact]
  private var values: [String: Value] = [:]

  /// - Parameter inputs: by name, in channels-first order whatever the graph's layout.
  /// - Returns: the outputs in channels-first order.
  static func run(_ graph: Graph, _ inputs: [String: Value]) throws -> [String: Value] {
    var run = try ReferenceRun(graph)
    for (name, constant) in graph.constants {
      switch constant.tensor.dtype {
      case .float32:
        run.values[name] = Value(shape: constant.tensor.shape.extents, data: constant.tensor.elements())
      default: continue
      }
    }
    for input in graph.inputs { run.values[input.name] = run.ordered(inputs[input.name]!) }
    for node in graph.nodes {
      let output = run.evaluate(node)
      precondition(output.shape == run.facts[node.outputs[0]]!.shape.extents, "\(node.name): \(output.shape)")
      run.values[node.outputs[0]] = output
    }
    return Dictionary(uniqueKeysWithValues: graph.outputs.map { ($0, run.plain(run.values[$0]!)) })
  }

  private init(_ graph: Graph) throws {
    self.graph = graph
    facts = try graph.facts()
  }

  /// Channels-first to the graph's order, and back.
  private func ordered(_ value: Value) -> Value {
    guard graph.layout == .channelsLast, value.shape.count == 4 else { return value }
    return transpose(value, [0, 2, 3, 1])
  }
  private func plain(_ value: Value) -> Value {
    guard graph.layout == .channelsLast, value.shape.count == 4 else { return value }
    return transpose(value, [0, 3, 1, 2])
  }

  private func evaluate(_ node: Node) -> Value {
    func input(_ index: Int) -> Value { values[node.inputs[index]]! }
    func map(_ index: Int) -> Value { plain(input(index)) }
    switch node.op {
    case .conv(let convolution):
      let bias = node.inputs.count > 2 ? input(2).data : nil
      return ordered(conv(map(0), map(1), bias, convolution))
    case .matMul: return matMul(input(0), input(1))
    case .batchNormalization(let epsilon):
      var x = map(0)
      let cells = x.shape[2] * x.shape[3]
      for index in x.data.indices {
        let c = index / cells % x.shape[1]
        x.data[index] =
          (x.data[index] - input(3).data[c]) / (input(4).data[c] + epsilon).squareRoot() * input(1).data[c]
          + input(2).data[c]
      }
      return ordered(x)
    case .add: return binary(input(0), input(1), +)
    case .sub: return binary(input(0), input(1), -)
    case .mul: return binary(input(0), input(1), *)
    case .div: return binary(input(0), input(1), /)
    case .relu: return unary(input(0)) { max($0, 0) }
    case .clip(let low, let high): return unary(input(0)) { min(max($0, low), high) }
    case .sigmoid: return unary(input(0)) { 1 / (1 + exp(-$0)) }
    case .hardSigmoid(let a, let b): return unary(input(0)) { min(max(a * $0 + b, 0), 1) }
    case .hardSwish: return unary(input(0)) { $0 * min(max($0 / 6 + 0.5, 0), 1) }
    case .softmax(let axis): return softmax(input(0), axis)
    case .averagePool(let pooling): return ordered(pool(map(0), pooling, average: true))
    case .maxPool(let pooling): return ordered(pool(map(0), pooling, average: false))
    case .globalAveragePool:
      let x = map(0)
      let whole = Pair(rows: x.shape[2], columns: x.shape[3])
      return ordered(pool(x, Pooling(kernel: whole, strides: Pair(1)), average: true))
    case .reduceSum(let axes, let keep): return reduce(input(0), axes, keep, mean: false)
    case .reduceMean(let axes, let keep): return reduce(input(0), axes, keep, mean: true)
    case .argMax(let axis, let keep): return argMax(input(0), axis, keep)
    case .concat(let axis): return concat(node.inputs.map { values[$0]! }, axis)
    case .reshape: return Value(shape: shape(node), data: input(0).data)
    case .transpose(let permutation): return transpose(input(0), permutation)
    case .slice(let starts, let ends, let axes, let steps):
      let x = input(0)
      var ranges = x.shape.map { SliceRange(start: 0, end: $0, step: 1, extent: $0) }
      for (index, axis) in axes.enumerated() {
        let axis = axis < 0 ? axis + x.shape.count : axis
        ranges[axis] = SliceRange(
          start: starts[index], end: ends[index], step: steps[index], extent: x.shape[axis])
      }
      return gather(x, ranges.map(\.count)) { index in zip(index, ranges).map { $1.first + $0 * $1.step } }
    case .pad(let before, let after, let value):
      let x = input(0)
      let extents = x.shape.indices.map { x.shape[$0] + before[$0] + after[$0] }
      return gather(x, extents, outside: value) { index in zip(index, before).map { $0 - $1 } }
    case .depthToSpace(let block, let mode):
      let x = map(0)
      let channels = x.shape[1] / block / block
      return ordered(
        gather(x, [x.shape[0], channels, x.shape[2] * block, x.shape[3] * block]) { index in
          let cell = index[2] % block * block + index[3] % block
          let channel = mode == .dcr ? cell * channels + index[1] : index[1] * block * block + cell
          return [index[0], channel, index[2] / block, index[3] / block]
        })
    case .spaceToDepth(let block):
      let x = map(0)
      return ordered(
        gather(x, [x.shape[0], x.shape[1] * block * block, x.shape[2] / block, x.shape[3] / block]) { index in
          let cell = index[1] / x.shape[1]
          return [
            index[0], index[1] % x.shape[1], index[2] * block + cell / block, index[3] * block + cell % block,
          ]
        })
    case .resize(let resize): return ordered(self.resize(map(0), resize, node))
    case .gridSample: return ordered(sample(map(0), input(1)))
    case .warp(let warp):
      return ordered(self.warp(map(0), map(1), node.inputs.count > 2 ? map(2) : nil, warp.scale))
    case .localAttention(let attention):
      let bias = node.inputs.count > 3 ? input(3) : nil
      return ordered(attend(map(0), map(1), map(2), bias, attention))
    case .globalAttention(let scale): return ordered(attend(map(0), map(1), map(2), scale))
    case .quantizeLinear, .dequantizeLinear, .cast:
      preconditionFailure("stored numbers and halves are not compared here")
    }
  }

  private func shape(_ node: Node) -> [Int] { facts[node.outputs[0]]!.shape.extents }
}

// Form.
extension ReferenceRun {
  /// Calls `body` with every index of `extents`, innermost fastest.
  private func each(_ extents: [Int], _ body: ([Int]) -> Void) {
    guard extents.allSatisfy({ $0 > 0 }) else { return }
    var index = [Int](repeating: 0, count: extents.count)
    while true {
      body(index)
      var axis = extents.count - 1
      while axis >= 0 {
        index[axis] += 1
        if index[axis] < extents[axis] { break }
        index[axis] = 0
        axis -= 1
      }
      if axis < 0 { return }
    }
  }

  private func offset(_ index: [Int], _ shape: [Int]) -> Int {
    var result = 0
    for (position, extent) in zip(index, shape) { result = result * extent + position }
    return result
  }

  private func gather(_ x: Value, _ extents: [Int], outside: Float = 0, _ source: ([Int]) -> [Int]) -> Value {
    var data: [Float] = []
    each(extents) { index in
      let from = source(index)
      let inside = zip(from, x.shape).allSatisfy { $0 >= 0 && $0 < $1 }
      data.append(inside ? x.data[offset(from, x.shape)] : outside)
    }
    return Value(shape: extents, data: data)
  }

  private func transpose(_ x: Value, _ permutation: [Int]) -> Value {
    gather(x, permutation.map { x.shape[$0] }) { index in
      var source = index
      for (axis, target) in permutation.enumerated() { source[target] = index[axis] }
      return source
    }
  }

  private func concat(_ parts: [Value], _ axis: Int) -> Value {
    let axis = axis < 0 ? axis + parts[0].shape.count : axis
    var extents = parts[0].shape
    extents[axis] = parts.reduce(0) { $0 + $1.shape[axis] }
    var data: [Float] = []
    each(extents) { index in
      var index = index
      var part = 0
      while index[axis] >= parts[part].shape[axis] {
        index[axis] -= parts[part].shape[axis]
        part += 1
      }
      data.append(parts[part].data[offset(index, parts[part].shape)])
    }
    return Value(shape: extents, data: data)
  }
}

// Arithmetic.
extension ReferenceRun {
  private func unary(_ x: Value, _ body: (Float) -> Float) -> Value {
    Value(shape: x.shape, data: x.data.map(body))
  }

  private func binary(_ a: Value, _ b: Value, _ body: (Float, Float) -> Float) -> Value {
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

  private func reduce(_ x: Value, _ axes: [Int], _ keep: Bool, mean: Bool) -> Value {
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

  private func softmax(_ x: Value, _ axis: Int) -> Value {
    let exponents = unary(x) { exp($0) }
    return binary(exponents, reduce(exponents, [axis], true, mean: false), /)
  }

  private func argMax(_ x: Value, _ axis: Int, _ keep: Bool) -> Value {
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

  private func matMul(_ a: Value, _ b: Value) -> Value {
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

  private func conv(_ x: Value, _ w: Value, _ bias: [Float]?, _ c: Convolution) -> Value {
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

// Windows and geometry, channels first.
extension ReferenceRun {
  private func pool(_ x: Value, _ p: Pooling, average: Bool) -> Value {
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
  private func bilinear(_ x: Value, _ plane: Int, _ y: Float, _ z: Float) -> Float {
    let (h, w) = (x.shape[2], x.shape[3])
    let (y, z) = (min(max(y, 0), Float(h - 1)), min(max(z, 0), Float(w - 1)))
    let (y0, z0) = (Int(y), Int(z))
    let (y1, z1) = (min(y0 + 1, h - 1), min(z0 + 1, w - 1))
    let (fy, fz) = (y - Float(y0), z - Float(z0))
    func at(_ y: Int, _ z: Int) -> Float { x.data[(plane * h + y) * w + z] }
    return (1 - fy) * ((1 - fz) * at(y0, z0) + fz * at(y0, z1)) + fy
      * ((1 - fz) * at(y1, z0) + fz * at(y1, z1))
  }

  private func resize(_ x: Value, _ resize: Resize, _ node: Node) -> Value {
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

  private func sample(_ x: Value, _ grid: Value) -> Value {
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

  private func warp(_ x: Value, _ offsets: Value, _ mask: Value?, _ scale: Int) -> Value {
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

  private func attend(
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

  private func attend(_ query: Value, _ key: Value, _ value: Value, _ scale: Float) -> Value {
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
