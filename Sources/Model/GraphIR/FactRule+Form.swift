// SPDX-License-Identifier: Apache-2.0

import Buffers

extension FactRule {
  func concat(_ axis: Int) throws -> Fact {
    let first = x
    let resolved = try self.axis(axis, rank: first.shape.rank)
    var out = first.shape.extents
    for index in 1..<max(node.inputs.count, 1) {
      guard let other = facts[index] else { throw fail("input \(index) is omitted") }
      guard other.dtype == first.dtype, other.shape.rank == out.count else {
        throw fail("joins \(first) and \(other)")
      }
      for (position, extent) in other.shape.extents.enumerated() where position != resolved {
        guard extent == out[position] else { throw fail("joins \(first) and \(other) along axis \(axis)") }
      }
      out[resolved] += other.shape.extents[resolved]
    }
    return try fact(first.dtype, out)
  }

  func reshape(_ target: Reshape) throws -> Fact {
    let source = x.shape.extents
    guard target.extents.count <= GraphLimits.rank else {
      throw fail("target of rank \(target.extents.count)")
    }
    var out: [Int] = []
    var free: Int?
    for (index, extent) in target.extents.enumerated() {
      switch extent {
      case -1:
        guard free == nil else { throw fail("target \(target.extents) has two -1") }
        free = index
        out.append(1)
      case 0:
        guard index < source.count else {
          throw fail("target \(target.extents) keeps an extent that \(source) lacks")
        }
        out.append(source[index])
      default: out.append(try bounded(extent, "extent", least: 1))
      }
    }
    let count = x.shape.count
    guard let known = Shape.checkedCount(out), known > 0 else {
      throw fail("target \(target.extents) overflows")
    }
    if let free {
      guard count % known == 0 else { throw fail("\(x.shape) does not divide into \(target.extents)") }
      out[free] = count / known
    } else if known != count {
      throw fail("\(x.shape) has \(count) elements, target \(target.extents) has \(known)")
    }
    return try fact(x.dtype, out)
  }

  func transpose(_ permutation: [Int]) throws -> Fact {
    let source = x.shape.extents
    guard permutation.sorted() == Array(0..<source.count) else {
      throw fail("permutation \(permutation) of a value of rank \(source.count)")
    }
    return try fact(x.dtype, permutation.map { source[$0] })
  }

  func slice(_ starts: [Int], _ ends: [Int], _ axes: [Int], _ steps: [Int]) throws -> Fact {
    guard starts.count == ends.count, axes.count == starts.count, steps.count == starts.count else {
      throw fail("\(starts.count) starts, \(ends.count) ends, \(axes.count) axes, \(steps.count) steps")
    }
    var out = x.shape.extents
    let resolved = try self.axes(axes, rank: out.count)
    for (index, axis) in resolved.enumerated() {
      guard steps[index] != 0 else { throw fail("step 0") }
      let range = SliceRange(start: starts[index], end: ends[index], step: steps[index], extent: out[axis])
      out[axis] = range.count
    }
    return try fact(x.dtype, out)
  }

  func pad(_ before: [Int], _ after: [Int], _ value: Float) throws -> Fact {
    let source = x.shape.extents
    guard before.count == source.count, after.count == source.count else {
      throw fail("pads for \(before.count) axes of a value of rank \(source.count)")
    }
    guard !value.isNaN else { throw fail("pads with NaN") }
    if x.dtype != .float32, x.dtype != .float16, abs(value) > 1e9 {
      throw fail("pads \(x.dtype.rawValue) with \(value)")
    }
    return try fact(
      x.dtype,
      try source.indices.map {
        source[$0] + (try bounded(before[$0], "pad", least: 0)) + (try bounded(after[$0], "pad", least: 0))
      })
  }

  func depthToSpace(_ block: Int) throws -> Fact {
    var map = try map(0)
    let size = try bounded(block, "block", least: 1)
    guard map.channels % (size * size) == 0 else {
      throw fail("\(map.channels) channels in blocks of \(size)x\(size)")
    }
    map.channels /= size * size
    map.rows *= size
    map.columns *= size
    return try fact(x.dtype, map.extents(layout))
  }

  func spaceToDepth(_ block: Int) throws -> Fact {
    var map = try map(0)
    let size = try bounded(block, "block", least: 1)
    guard map.rows % size == 0, map.columns % size == 0 else {
      throw fail("\(map.rows)x\(map.columns) does not divide into blocks of \(size)x\(size)")
    }
    map.rows /= size
    map.columns /= size
    map.channels *= size * size
    return try fact(x.dtype, map.extents(layout))
  }
}

/// Which indices of an axis a slice takes, negative and overlong bounds resolved as ONNX says.
public struct SliceRange: Sendable, Hashable {
  public var first: Int
  public var step: Int
  public var count: Int

  /// - Precondition: `step` is not zero.
  public init(start: Int, end: Int, step: Int, extent: Int) {
    func resolve(_ bound: Int) -> Int { bound < 0 ? bound + extent : bound }
    self.step = max(-GraphLimits.attribute, min(GraphLimits.attribute, step))
    if step > 0 {
      first = min(max(resolve(start), 0), extent)
      let last = min(max(resolve(end), 0), extent)
      count = max(0, (last - first + self.step - 1) / self.step)
    } else {
      first = min(max(resolve(start), -1), extent - 1)
      let last = min(max(resolve(end), -1), extent - 1)
      count = max(0, (first - last - self.step - 1) / -self.step)
    }
  }
}
