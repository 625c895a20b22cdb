// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import CKernels
public import Workers

/// Which input cells each output cell mixes along one axis, in 2048ths.
public struct Int8ResizeTaps: Equatable, @unchecked Sendable {
  // @unchecked: the bytes are written here and never again.

  public let count: Int
  public let inputExtent: Int
  private let bytes: AlignedBytes

  /// - Parameter positions: where each output cell lies between the input's cells, within 0…inputExtent - 1.
  public init(inputExtent: Int, positions: [Double]) {
    count = positions.count
    self.inputExtent = inputExtent
    bytes = AlignedBytes(count: positions.count * MemoryLayout<rm_int8_tap>.stride)
    for (index, position) in positions.enumerated() {
      precondition(position >= 0 && position <= Double(inputExtent - 1))
      let fixed = Int32((position * 2048 + 0.5).rounded(.down))
      let tap = rm_int8_tap(first: fixed >> 11, weight: fixed & 2047)
      bytes.pointer.storeBytes(
        of: tap, toByteOffset: index * MemoryLayout<rm_int8_tap>.stride, as: rm_int8_tap.self)
    }
  }

  /// Input rows that output rows `output` mix.
  public func inputs(of output: Range<Int>) -> Range<Int> {
    Int(taps[output.lowerBound].first)..<min(Int(taps[output.upperBound - 1].first) + 2, inputExtent)
  }

  var taps: UnsafePointer<rm_int8_tap> {
    UnsafePointer(bytes.pointer.assumingMemoryBound(to: rm_int8_tap.self))
  }
}

/// Where each quantized number of a sampling grid points along one axis, in 64ths of a source cell.
public struct GridPositions: Equatable, @unchecked Sendable {
  // @unchecked: the bytes are written here and never again.

  public let extent: Int
  private let bytes: AlignedBytes

  /// - Parameter positions: 256, within 0…extent - 1.
  public init(extent: Int, _ positions: [Double]) {
    precondition(positions.count == 256)
    self.extent = extent
    bytes = AlignedBytes(count: 1024)
    for (index, position) in positions.enumerated() {
      precondition(position >= 0 && position <= Double(extent - 1))
      bytes.pointer.storeBytes(
        of: Int32((position * 64 + 0.5).rounded(.down)), toByteOffset: index * 4, as: Int32.self)
    }
  }

  var table: UnsafePointer<Int32> { UnsafePointer(bytes.pointer.assumingMemoryBound(to: Int32.self)) }
}

/// Weights of a softmax over differences of quantized numbers.
public struct SoftmaxTable: Sendable, Hashable {
  /// For each difference from the largest; the first is the largest and not 0.
  public let values: [UInt16]

  public init(_ values: [UInt16]) {
    precondition(values.count == 256 && values[0] > 0 && values.allSatisfy { $0 <= values[0] })
    self.values = values
  }

  /// - Parameter table: an array of 256 numbers of 16 bits, as C has it.
  func copy<Table>(to table: inout Table) {
    withUnsafeMutableBytes(of: &table) { bytes in
      precondition(bytes.count == 512)
      for (index, value) in values.enumerated() {
        bytes.storeBytes(of: value, toByteOffset: index * 2, as: UInt16.self)
      }
    }
  }
}

extension Int8Kernels {
  /// Bilinear. Keeps scale and zero point.
  ///
  /// - Precondition: `rows` and `columns` outlive the jobs.
  public func resize(input: ByteMap, output: ByteMap, rows: Int8ResizeTaps, columns: Int8ResizeTaps) -> [Job]
  {
    precondition(input.channels == output.channels && input.batch == output.batch)
    precondition(rows.count >= output.firstRow + output.rows && columns.count == output.columns)
    precondition(rows.inputExtent >= input.firstRow + input.rows && columns.inputExtent == input.columns)
    return (0..<input.batch).map { index in
      let (from, to) = (input.image(index), output.image(index))
      let call = rm_int8_resize_call(
        in: UnsafePointer(from.base), out: to.base, in_pixel: from.pixelStride, out_pixel: to.pixelStride,
        in_rows: Int32(from.rows), in_columns: Int32(from.columns), out_rows: Int32(to.rows),
        out_columns: Int32(to.columns), channels: Int32(to.channels), rows: rows.taps + to.firstRow,
        columns: columns.taps, first_row: Int32(from.firstRow))
      return Job(table.resize.function, call, units: to.rows, work: to.elements)
    }
  }

  /// Samples `source` where `grid`, two channels with x first, points: bilinear. Keeps the source's scale and
  /// zero point.
  ///
  /// - Precondition: `rows` and `columns` outlive the jobs.
  public func sample(
    source: ByteMap, grid: ByteMap, rows: GridPositions, columns: GridPositions, output: ByteMap
  ) -> [Job] {
    precondition(source.channels == output.channels && source.batch == output.batch)
    precondition(grid.channels == 2 && grid.batch == output.batch && grid.pixels == output.pixels)
    precondition(rows.extent == source.rows && columns.extent == source.columns)
    return (0..<source.batch).map { index in
      let (from, to, points) = (source.image(index), output.image(index), grid.image(index))
      let call = rm_int8_sample_call(
        source: UnsafePointer(from.base), grid: UnsafePointer(points.base), out: to.base,
        source_pixel: from.pixelStride, grid_pixel: points.pixelStride, out_pixel: to.pixelStride,
        source_rows: Int32(from.rows), source_columns: Int32(from.columns), rows: Int32(to.rows),
        columns: Int32(to.columns), channels: Int32(to.channels), xs: columns.table, ys: rows.table)
      return Job(table.sample.function, call, units: to.rows, work: to.pixels * (to.channels + 20))
    }
  }

  /// Samples `source` where `offsets` point; see rm_int8.h for the arithmetic. Keeps the source's scale and zero
  /// point.
  ///
  /// - Parameters:
  ///   - scale: output pixels for each source pixel, 1 or 2.
  ///   - offsets: two channels in sixteenths of an output pixel, zero point 128.
  ///   - scores: nine channels, whose softmax mixes neighbouring offsets.
  public func warp(
    scale: Int, source: ByteMap, offsets: ByteMap, scores: (map: ByteMap, table: SoftmaxTable)?,
    output: ByteMap
  ) -> [Job] {
    precondition(scale == 1 || scale == 2)
    precondition(source.channels == output.channels && source.batch == output.batch)
    precondition(output.rows == source.rows * scale && output.columns == source.columns * scale)
    precondition(offsets.channels == 2 && offsets.pixels == output.pixels)
    precondition(scores == nil || scores!.map.channels == 9 && scores!.map.pixels == output.pixels)
    return (0..<source.batch).map { index in
      let (from, to, moved) = (source.image(index), output.image(index), offsets.image(index))
      var call = rm_int8_warp_call()
      call.source = UnsafePointer(from.base)
      call.source_pixel = from.pixelStride
      call.offsets = UnsafePointer(moved.base)
      call.offsets_pixel = moved.pixelStride
      if let scores {
        let map = scores.map.image(index)
        call.scores = UnsafePointer(map.base)
        call.scores_pixel = map.pixelStride
        scores.table.copy(to: &call.table)
      }
      call.out = to.base
      call.out_pixel = to.pixelStride
      call.source_rows = Int32(from.rows)
      call.source_columns = Int32(from.columns)
      call.rows = Int32(to.rows)
      call.columns = Int32(to.columns)
      call.channels = Int32(to.channels)
      call.coarse = scale == 2 ? 1 : 0
      return Job(table.warp.function, call, units: to.rows, work: to.pixels * (to.channels + 100))
    }
  }
}
