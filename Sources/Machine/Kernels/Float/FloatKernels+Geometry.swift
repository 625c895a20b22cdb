// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import CKernels
public import Workers

/// Which two input cells each output cell mixes along one axis, and the second's weight.
public struct ResizeTable: Equatable, @unchecked Sendable {
  // @unchecked: the bytes are written here and never again.

  public let count: Int
  public let inputExtent: Int
  private let bytes: AlignedBytes

  /// - Precondition: indices lie within `inputExtent`, weights within 0…1.
  public init(inputExtent: Int, cells: [(first: Int, second: Int, weight: Float)]) {
    count = cells.count
    self.inputExtent = inputExtent
    bytes = AlignedBytes(count: cells.count * 12)
    for (index, cell) in cells.enumerated() {
      precondition(0..<inputExtent ~= cell.first && 0..<inputExtent ~= cell.second && 0...1 ~= cell.weight)
      first[index] = Int32(cell.first)
      second[index] = Int32(cell.second)
      weights[index] = cell.weight
    }
  }

  var first: UnsafeMutablePointer<Int32> { bytes.pointer.assumingMemoryBound(to: Int32.self) }
  var second: UnsafeMutablePointer<Int32> { first + count }
  var weights: UnsafeMutablePointer<Float> {
    (bytes.pointer + count * 8).assumingMemoryBound(to: Float.self)
  }
}

public struct GridSampling: Sendable, Hashable {
  public var nearest: Bool
  public var border: Bool
  public var alignCorners: Bool

  public init(nearest: Bool, border: Bool, alignCorners: Bool) {
    self.nearest = nearest
    self.border = border
    self.alignCorners = alignCorners
  }
}

extension FloatKernels {
  /// - Precondition: `rows` and `columns` outlive the job.
  public func resize(input: MapView, output: MapView, rows: ResizeTable, columns: ResizeTable) -> Job {
    precondition(input.channels == output.channels && input.batch == output.batch)
    precondition(rows.count == output.rows && columns.count == output.columns)
    precondition(rows.inputExtent == input.rows && columns.inputExtent == input.columns)
    var r = rm_float_resize()
    r.input = UnsafeRawPointer(input.base)
    r.output = output.base
    r.in_stride = input.pixelStride
    r.out_stride = output.pixelStride
    r.rows0 = UnsafePointer(rows.first)
    r.rows1 = UnsafePointer(rows.second)
    r.row_weights = UnsafePointer(rows.weights)
    r.columns0 = UnsafePointer(columns.first)
    r.columns1 = UnsafePointer(columns.second)
    r.column_weights = UnsafePointer(columns.weights)
    r.batch = Int32(input.batch)
    r.in_rows = Int32(input.rows)
    r.in_columns = Int32(input.columns)
    r.channels = Int32(input.channels)
    r.out_rows = Int32(output.rows)
    r.out_columns = Int32(output.columns)
    return Job(table.pointee.resize.function, r, units: output.batch * output.rows, work: output.elements * 8)
  }

  /// - Parameter grid: `[batch][output.rows][output.columns][2]`.
  public func gridSample(
    _ sampling: GridSampling, input: MapView, grid: UnsafePointer<Float>, output: MapView
  )
    -> Job
  {
    precondition(input.channels == output.channels && input.batch == output.batch)
    precondition(input.pixelStride == input.channels && output.pixelStride == output.channels)
    var g = rm_float_gridsample()
    g.input = UnsafeRawPointer(input.base)
    g.grid = grid
    g.output = output.base
    g.batch = Int32(input.batch)
    g.in_rows = Int32(input.rows)
    g.in_columns = Int32(input.columns)
    g.channels = Int32(input.channels)
    g.out_rows = Int32(output.rows)
    g.out_columns = Int32(output.columns)
    g.align_corners = sampling.alignCorners ? 1 : 0
    g.border = sampling.border ? 1 : 0
    g.nearest = sampling.nearest ? 1 : 0
    return Job(
      table.pointee.gridsample.function, g, units: output.batch * output.rows, work: output.elements * 32)
  }

  /// - Parameters:
  ///   - scale: output pixels for each source pixel, 1 or 2.
  ///   - mask: nine channels, or none.
  ///   - residual: added to the output; may be the output itself.
  public func warp(
    scale: Int, source: MapView, offsets: MapView, mask: MapView?, residual: MapView?, output: MapView
  ) -> Job {
    precondition(scale == 1 || scale == 2)
    precondition(source.channels == output.channels && source.batch == output.batch)
    precondition(output.rows == source.rows * scale && output.columns == source.columns * scale)
    precondition(offsets.channels == 2 && offsets.pixels == output.pixels)
    var w = rm_float_warp()
    w.source = UnsafeRawPointer(source.base)
    w.source_stride = source.pixelStride
    w.offsets = UnsafeRawPointer(offsets.base)
    w.offsets_stride = offsets.pixelStride
    if let mask {
      precondition(mask.channels == 9 && mask.pixels == output.pixels)
      w.mask = UnsafeRawPointer(mask.base)
      w.mask_stride = mask.pixelStride
    }
    if let residual {
      precondition(residual.channels == output.channels && residual.pixels == output.pixels)
      w.residual = UnsafeRawPointer(residual.base)
      w.residual_stride = residual.pixelStride
    }
    w.output = output.base
    w.out_stride = output.pixelStride
    w.batch = Int32(source.batch)
    w.source_rows = Int32(source.rows)
    w.source_columns = Int32(source.columns)
    w.channels = Int32(source.channels)
    w.rows = Int32(output.rows)
    w.columns = Int32(output.columns)
    w.scale = Int32(scale)
    return Job(
      table.pointee.warp.function, w, units: output.batch * output.rows,
      work: output.pixels * (output.channels * 8 + 100))
  }
}
