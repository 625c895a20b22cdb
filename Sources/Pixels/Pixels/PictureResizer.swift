// SPDX-License-Identifier: Apache-2.0

public import Buffers
internal import CKernels
public import CPU

/// Takes pictures of one kind to model input: scales, converts to RGB, normalises and stores in one pass.
///
/// Shrinking averages under a triangle, enlarging is bilinear between pixel centres; every plane is scaled from
/// its own grid. Chroma that is halved across is taken to lie on the left one of its two columns, and chroma
/// that is halved down between its two rows, as H.264 and HEVC do unless they say otherwise. The arithmetic is
/// integer up to the 8-bit RGB value, and the same at every level and for any split into rows.
public final class PictureResizer: Sendable {
  /// Of the pictures that go in.
  public let source: PictureKind
  public let target: ModelInputFormat

  private let kernels: PixelKernels
  private let luma: PlaneResampler
  private let chroma: PlaneResampler?
  private let matrix: rm_yuv_matrix
  /// An `rm_rgb_quantizer`, for integer targets.
  private let quantizer: AlignedBytes?
  /// The stored bytes that stand for 0.
  private let zero: UInt8

  /// - Precondition: the target's rectangle lies inside it, and integer targets have a quantization.
  public init(source: PictureKind, target: ModelInputFormat, level: CPULevel = .best) {
    target.check()
    precondition(source.width > 0 && source.height > 0, "an empty picture")
    self.source = source
    self.target = target
    kernels = PixelKernels(level)
    luma = PlaneResampler(plane: 0, of: source, target: target)
    chroma = source.format.planeCount > 1 ? PlaneResampler(plane: 1, of: source, target: target) : nil
    let conversion = ColorConversion(matrix: source.matrix, range: source.range).fixedPoint
    matrix = target.order == .rgb ? conversion : conversion.reversed
    if target.dtype == .float32 {
      quantizer = nil
      zero = 0
    } else {
      let bytes = AlignedBytes(count: MemoryLayout<rm_rgb_quantizer>.size)
      bytes.pointer.initializeMemory(as: rm_rgb_quantizer.self, to: RGBQuantizer.make(target))
      quantizer = bytes
      let limits: ClosedRange<Int32> = target.dtype == .int8 ? -128...127 : 0...255
      let zeroPoint = target.quantization!.zeroPoints[0]
      zero = UInt8(truncatingIfNeeded: min(limits.upperBound, max(limits.lowerBound, zeroPoint)))
    }
  }

  /// Makes what one worker needs beside the pictures.
  public func makeScratch() -> ResizeScratch {
    ResizeScratch(
      samples: max(luma.samples, chroma?.samples ?? 0), columns: target.contentColumns,
      taps: max(luma.down.taps, chroma?.down.taps ?? 0))
  }

  /// Fills `rows` of the model input that begins at `tensor`. Ranges that do not overlap may run at the same
  /// time, each with its own scratch.
  public func run(
    _ picture: PictureView, into tensor: UnsafeMutableRawPointer, rows: Range<Int>, scratch: ResizeScratch
  ) {
    precondition(picture.kind == source, "the resizer was made for another kind of picture")
    precondition(rows.lowerBound >= 0 && rows.upperBound <= target.rows, "rows \(rows) of \(target.rows)")
    let rowBytes = target.columns * 3 * target.dtype.byteCount
    if chroma == nil { scratch.neutralizeChroma() }
    for row in rows {
      let out = tensor + row * rowBytes
      let contentRow = row - target.contentRow
      guard contentRow >= 0 && contentRow < target.contentRows else {
        out.initializeMemory(as: UInt8.self, repeating: zero, count: rowBytes)
        continue
      }
      makeRGB(picture, contentRow, scratch)
      let cell = 3 * target.dtype.byteCount
      let left = target.contentColumn * cell
      let right = left + target.contentColumns * cell
      out.initializeMemory(as: UInt8.self, repeating: zero, count: left)
      store(scratch.rgb, into: out + left)
      (out + right).initializeMemory(as: UInt8.self, repeating: zero, count: rowBytes - right)
    }
  }

  /// Fills the whole model input.
  public func run(_ picture: PictureView, into tensor: UnsafeMutableRawPointer, scratch: ResizeScratch) {
    run(picture, into: tensor, rows: 0..<target.rows, scratch: scratch)
  }

  private func makeRGB(_ picture: PictureView, _ row: Int, _ scratch: ResizeScratch) {
    luma.run(picture.planes.0, row: row, kernels: kernels, scratch: scratch, into: scratch.y)
    if let chroma {
      if source.format == .nv12 {
        chroma.runPairs(
          picture.planes.1, row: row, kernels: kernels, scratch: scratch, into: scratch.u, scratch.v)
      } else {
        chroma.run(picture.planes.1, row: row, kernels: kernels, scratch: scratch, into: scratch.u)
        chroma.run(picture.planes.2, row: row, kernels: kernels, scratch: scratch, into: scratch.v)
      }
    }
    // In the other order red is made of what blue was made of: the two planes of chroma change places.
    let (u, v) = target.order == .rgb ? (scratch.u, scratch.v) : (scratch.v, scratch.u)
    withUnsafePointer(to: matrix) {
      kernels.table.pointee.yuv_to_rgb.function(scratch.y, u, v, $0, target.contentColumns, scratch.rgb)
    }
  }

  private func store(_ rgb: UnsafePointer<UInt8>, into out: UnsafeMutableRawPointer) {
    if let quantizer {
      kernels.table.pointee.quantize.function(
        rgb, quantizer.pointer.assumingMemoryBound(to: rm_rgb_quantizer.self), target.contentColumns,
        out.assumingMemoryBound(to: UInt8.self))
    } else {
      kernels.table.pointee.normalize.function(
        rgb, target.mean, target.scale, target.contentColumns, out.assumingMemoryBound(to: Float.self))
    }
  }
}

extension rm_yuv_matrix {
  /// Gives B, G, R where U and V change places.
  fileprivate var reversed: rm_yuv_matrix {
    rm_yuv_matrix(
      luma: luma, red_v: blue_u, green_u: green_v, green_v: green_u, blue_u: red_v, red_bias: blue_bias,
      green_bias: green_bias, blue_bias: red_bias)
  }
}
