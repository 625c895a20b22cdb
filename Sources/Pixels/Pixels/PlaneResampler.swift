// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import CKernels

/// Scales one plane, or a plane of UV pairs, to the content rectangle, a row at a time: first down, then across.
final class PlaneResampler: Sendable {
  let down: ResampleAxis
  let across: ResampleAxis
  /// Bytes of a source row.
  let samples: Int
  private let rows: Int
  private let acrossFirst: AlignedBytes
  private let acrossWeights: AlignedBytes
  private let spread: Int

  init(plane: Int, of source: PictureKind, target: ModelInputFormat) {
    let size = source.format.planeSize(plane, width: source.width, height: source.height)
    let shiftX = plane > 0 ? source.format.chromaShiftX : 0
    let shiftY = plane > 0 ? source.format.chromaShiftY : 0
    samples = size.rowBytes
    rows = size.rows
    down = ResampleAxis(
      samples: size.rows, outputs: target.contentRows,
      span: Double(source.height) / Double(1 << shiftY), offset: 0)
    across = ResampleAxis(
      samples: source.format == .nv12 && plane > 0 ? size.rowBytes / 2 : size.rowBytes,
      outputs: target.contentColumns,
      span: Double(source.width) / Double(1 << shiftX), offset: shiftX == 1 ? 0.25 : 0)
    spread = across.spread
    acrossFirst = across.first.withUnsafeBytes(AlignedBytes.init(copying:))
    acrossWeights = across.interleavedWeights.withUnsafeBytes(AlignedBytes.init(copying:))
  }

  func run(
    _ plane: PlaneView, row: Int, kernels: PixelKernels, scratch: ResizeScratch,
    into out: UnsafeMutablePointer<Int16>
  ) {
    blend(plane, row, kernels, scratch)
    resample(scratch.blended, kernels, out)
  }

  func runPairs(
    _ plane: PlaneView, row: Int, kernels: PixelKernels, scratch: ResizeScratch,
    into u: UnsafeMutablePointer<Int16>, _ v: UnsafeMutablePointer<Int16>
  ) {
    blend(plane, row, kernels, scratch)
    kernels.table.pointee.split_pairs.function(
      scratch.blended, across.samples, scratch.splitU, scratch.splitV)
    resample(scratch.splitU, kernels, u)
    resample(scratch.splitV, kernels, v)
  }

  private func blend(_ plane: PlaneView, _ row: Int, _ kernels: PixelKernels, _ scratch: ResizeScratch) {
    let first = Int(down.first[row])
    for tap in 0..<down.taps {
      scratch.sourceRows[tap] = UnsafePointer(plane.base + min(first + tap, rows - 1) * plane.rowBytes)
    }
    down.weights.withUnsafeBufferPointer { weights in
      kernels.table.pointee.blend_rows.function(
        scratch.sourceRows, weights.baseAddress! + row * down.taps, Int32(down.taps), samples, scratch.blended
      )
    }
  }

  private func resample(
    _ row: UnsafePointer<Int16>, _ kernels: PixelKernels, _ out: UnsafeMutablePointer<Int16>
  ) {
    var axis = rm_resample_axis(
      columns: Int32(across.outputs), taps: Int32(across.taps), spread: Int32(spread),
      first: acrossFirst.pointer.assumingMemoryBound(to: Int32.self),
      weights: acrossWeights.pointer.assumingMemoryBound(to: Int16.self))
    kernels.table.pointee.resample_row.function(row, &axis, out)
  }
}

extension AlignedBytes {
  fileprivate convenience init(copying bytes: UnsafeRawBufferPointer) {
    self.init(count: bytes.count)
    UnsafeMutableRawBufferPointer(start: pointer, count: bytes.count).copyMemory(from: bytes)
  }
}
