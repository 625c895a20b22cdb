// SPDX-License-Identifier: Apache-2.0

import Buffers

extension FactRule {
  func resize(_ resize: Resize) throws -> Fact {
    var map = try map(0)
    switch resize.target {
    case .size(let size):
      map.rows = size.rows
      map.columns = size.columns
    case .scales(let rows, let columns):
      map.rows = try scaled(map.rows, rows)
      map.columns = try scaled(map.columns, columns)
    }
    for side in [map.rows, map.columns] where !(1...GraphLimits.side).contains(side) {
      throw fail("resizes to \(map.columns)x\(map.rows)", hint: "each side may be 1 to \(GraphLimits.side)")
    }
    return try fact(x.dtype, map.extents(layout))
  }

  private func scaled(_ extent: Int, _ scale: Float) throws -> Int {
    let product = (Double(extent) * Double(scale)).rounded(.down)
    guard scale.isFinite, scale > 0, product >= 1, product <= Double(GraphLimits.attribute) else {
      throw fail("\(extent) cells scaled by \(scale)")
    }
    return Int(product)
  }

  func gridSample() throws -> Fact {
    let source = try map(0)
    try real(0)
    let grid = try real(1).shape.extents
    guard grid.count == 4, grid[0] == source.batch, grid[3] == 2 else {
      throw fail("grid \(grid) for source \(x.shape)", hint: "a grid is [batch, rows, columns, 2]")
    }
    let out = MapShape(batch: source.batch, channels: source.channels, rows: grid[1], columns: grid[2])
    return try fact(x.dtype, out.extents(layout))
  }

  func warp(_ warp: Warp) throws -> Fact {
    let source = try map(0)
    let offsets = try map(1)
    try real(0)
    try real(1)
    let scale = try bounded(warp.scale, "scale", least: 1)
    guard offsets.batch == source.batch, offsets.channels == 2, offsets.rows == source.rows * scale,
      offsets.columns == source.columns * scale
    else { throw fail("offsets \(given(1).shape) for source \(x.shape) at scale \(scale)") }
    if facts[2] != nil {
      try real(2)
      let mask = try map(2)
      guard mask.batch == offsets.batch, mask.channels == 9, mask.rows == offsets.rows,
        mask.columns == offsets.columns
      else { throw fail("mask \(given(2).shape) for offsets \(given(1).shape)") }
    }
    let out = MapShape(
      batch: source.batch, channels: source.channels, rows: offsets.rows, columns: offsets.columns)
    return try fact(x.dtype, out.extents(layout))
  }

  func localAttention(_ attention: LocalAttention) throws -> Fact {
    let maps = try (0..<3).map { try map($0) }
    for index in 0..<3 { try real(index) }
    let (query, key, value) = (maps[0], maps[1], maps[2])
    guard attention.region % 2 == 1, 1...7 ~= attention.region else {
      throw fail("a region of \(attention.region)", hint: "1, 3, 5 or 7")
    }
    guard key.batch == query.batch, key.channels == query.channels, key.rows * 2 == query.rows,
      key.columns * 2 == query.columns
    else { throw fail("keys \(given(1).shape) for queries \(x.shape)") }
    guard value.batch == key.batch, value.rows == key.rows, value.columns == key.columns else {
      throw fail("values \(given(2).shape) for keys \(given(1).shape)")
    }
    if facts[3] != nil {
      let bias = try real(3)
      guard bias.shape.count == 4 * attention.cells else {
        throw fail("bias \(bias.shape)", hint: "4 sub-pixels of \(attention.cells) cells")
      }
    }
    var out = query
    out.channels = value.channels
    return try fact(x.dtype, out.extents(layout))
  }

  func globalAttention() throws -> Fact {
    let maps = try (0..<3).map { try map($0) }
    for index in 0..<3 { try real(index) }
    let (query, key, value) = (maps[0], maps[1], maps[2])
    guard key == query, value.batch == key.batch, value.rows == key.rows, value.columns == key.columns else {
      throw fail("keys \(given(1).shape) and values \(given(2).shape) for queries \(x.shape)")
    }
    return try fact(x.dtype, value.extents(layout))
  }
}
