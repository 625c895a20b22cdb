// SPDX-License-Identifier: Apache-2.0

import Buffers

extension FactRule {
  func pool(_ pooling: Pooling) throws -> Fact {
    let x = try map(0)
    let size = try window(
      Pair(rows: x.rows, columns: x.columns), kernel: pooling.kernel, strides: pooling.strides,
      dilations: Pair(1), pads: pooling.pads, ceil: pooling.ceilMode)
    let (pads, kernel) = (pooling.pads, pooling.kernel)
    guard max(pads.top, pads.bottom) < kernel.rows, max(pads.left, pads.right) < kernel.columns else {
      throw fail("pads are not smaller than the window, \(kernel.text)")
    }
    let out = MapShape(batch: x.batch, channels: x.channels, rows: size.rows, columns: size.columns)
    return try fact(try real(0).dtype, out.extents(layout))
  }

  func globalPool() throws -> Fact {
    let x = try map(0)
    let out = MapShape(batch: x.batch, channels: x.channels, rows: 1, columns: 1)
    return try fact(try real(0).dtype, out.extents(layout))
  }

  /// Without axes, all of them.
  func reduce(_ axes: [Int], _ keepDims: Bool) throws -> Fact {
    let fact = try real(0)
    let rank = fact.shape.rank
    let named = axes.isEmpty ? Array(0..<rank) : try self.axes(axes, rank: rank)
    return try self.fact(fact.dtype, fact.shape.extents.reduced(Set(named), keepDims))
  }

  func argMax(_ axis: Int, _ keepDims: Bool) throws -> Fact {
    let fact = try real(0)
    let resolved = try self.axis(axis, rank: fact.shape.rank)
    return try self.fact(.int64, fact.shape.extents.reduced([resolved], keepDims))
  }
}

extension [Int] {
  /// These extents after reducing `axes`.
  func reduced(_ axes: Set<Int>, _ keepDims: Bool) -> [Int] {
    enumerated().compactMap { index, extent in
      guard axes.contains(index) else { return extent }
      return keepDims ? 1 : nil
    }
  }
}
