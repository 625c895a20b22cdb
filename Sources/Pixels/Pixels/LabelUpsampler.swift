// SPDX-License-Identifier: Apache-2.0

public import Buffers
internal import CKernels
public import CPU

/// How labels come to a finer grid than the logits'.
public enum LabelFilter: String, Sendable, Hashable, CaseIterable {
  /// Interpolates the scores, then takes the winner.
  case linear
  /// Takes the winner at each logit, then the nearest logit's.
  case nearest
}

/// Takes logits to a label map of any size: interpolates a row of scores and takes the winning class, the lowest
/// of equals, so that full-size scores exist nowhere.
///
/// Integer logits are interpolated exactly where the fractions of both axes need no more than 8 bits together,
/// as for whole factors up to 8; otherwise positions are rounded to 1/128 down and 1/32768 across, and scores to
/// 1/128. Float logits, which are finite, are interpolated in float32. Both give the same at every level and for any
/// split into rows.
public final class LabelUpsampler: Sendable {
  public let logits: LogitsFormat
  public let output: (width: Int, height: Int)
  public let filter: LabelFilter

  private enum Arithmetic {
    case float
    /// Fractions across have this denominator.
    case exact(gain: Int)
    case rounded
  }

  private let kernels: PixelKernels
  private let arithmetic: Arithmetic
  private let down: UpsampleAxis
  /// Of a fraction down, for integer logits.
  private let unit: Int
  private let downFractions: [Int32]
  /// For each column that is scored: output columns, or logits for `.nearest`.
  private let first: [Int32]
  private let fractions: [Int16]
  private let floatFractions: [Float]
  /// For each output column, the logit that it copies; for `.nearest`.
  private let nearest: [Int32]
  private let planeStride: Int

  /// - Parameters:
  ///   - input: the model input that the logits cover, and where in it the picture lies.
  ///   - output: pixels of the label map over the picture.
  public init(
    logits: LogitsFormat, input: ModelInputFormat, output: (width: Int, height: Int),
    filter: LabelFilter = .linear, level: CPULevel = .best
  ) {
    logits.check()
    input.checkContent()
    precondition(output.width > 0 && output.height > 0, "an empty label map")
    self.logits = logits
    self.output = output
    self.filter = filter
    kernels = PixelKernels(level)
    planeStride = PixelKernels.padded(logits.columns + 1)
    let down = UpsampleAxis(
      outputs: output.height, origin: input.contentRow, content: input.contentRows, input: input.rows,
      logits: logits.rows)
    let across = UpsampleAxis(
      outputs: output.width, origin: input.contentColumn, content: input.contentColumns, input: input.columns,
      logits: logits.columns)
    self.down = down
    nearest = across.positions.map { Int32($0.nearest) }
    guard filter == .linear else {
      arithmetic = logits.dtype == .float32 ? .float : .exact(gain: 1)
      unit = 1
      downFractions = []
      first = (0..<Int32(logits.columns)).map { $0 }
      fractions = Array(repeating: 0, count: logits.columns)
      floatFractions = Array(repeating: 0, count: logits.columns)
      return
    }
    first = across.positions.map { Int32($0.first) }
    floatFractions = across.positions.map { Float(Double($0.numerator) / Double(across.denominator)) }
    if logits.dtype == .float32 {
      arithmetic = .float
      unit = 1
      downFractions = []
      fractions = []
    } else if down.denominator <= 128 && across.denominator <= 256 / down.denominator {
      arithmetic = .exact(gain: across.denominator)
      unit = down.denominator
      downFractions = down.positions.map { Int32($0.numerator) }
      fractions = across.positions.map { Int16($0.numerator) }
    } else {
      arithmetic = .rounded
      unit = 128
      downFractions = down.positions.indices.map { Int32(down.fraction($0, unit: 128)) }
      fractions = across.positions.indices.map { Int16(min(32767, across.fraction($0, unit: 32768))) }
    }
  }

  /// Makes what one worker needs beside logits and labels.
  public func makeScratch() -> UpsampleScratch {
    UpsampleScratch(
      planes: logits.classes * planeStride * (logits.dtype == .float32 ? 4 : 2), columns: logits.columns)
  }

  /// Fills `rows` of `labels`. Ranges that do not overlap may run at the same time, each with its own scratch.
  ///
  /// - Parameter source: the logits, with `AlignedBytes.overRead` readable bytes behind them.
  public func run(
    _ source: UnsafeRawPointer, into labels: LabelMap, rows: Range<Int>, scratch: UpsampleScratch
  ) {
    precondition(
      labels.width == output.width && labels.height == output.height, "a label map of another size")
    precondition(rows.lowerBound >= 0 && rows.upperBound <= output.height, "rows \(rows)")
    scratch.forget()
    var winnersOf = -1
    for row in rows {
      let out = labels.pixels + row * labels.rowBytes
      switch filter {
      case .linear:
        score(source, row, scratch, into: out)
      case .nearest:
        let upper = down.positions[row].nearest
        if winnersOf != upper { winners(source, upper, scratch) }
        winnersOf = upper
        for (column, logit) in nearest.enumerated() { out[column] = scratch.winners[Int(logit)] }
      }
    }
  }

  /// Fills the whole label map.
  public func run(_ source: UnsafeRawPointer, into labels: LabelMap, scratch: UpsampleScratch) {
    run(source, into: labels, rows: 0..<output.height, scratch: scratch)
  }

  private func score(
    _ source: UnsafeRawPointer, _ row: Int, _ scratch: UpsampleScratch, into out: UnsafeMutablePointer<UInt8>
  ) {
    let position = down.positions[row]
    let upper = planes(source, position.first, scratch)
    let lower = planes(source, min(position.first + 1, logits.rows - 1), scratch)
    let fraction = Float(Double(position.numerator) / Double(down.denominator))
    let step = downFractions.isEmpty ? 0 : downFractions[row]
    argmax(upper, lower, fraction, step, scratch, into: out)
  }

  private func winners(_ source: UnsafeRawPointer, _ row: Int, _ scratch: UpsampleScratch) {
    let planes = planes(source, row, scratch)
    argmax(planes, planes, 0, 0, scratch, into: scratch.winners)
  }

  /// The planes of one row of logits, taken apart unless the scratch still has them.
  private func planes(_ source: UnsafeRawPointer, _ row: Int, _ scratch: UpsampleScratch)
    -> UnsafeMutableRawPointer
  {
    let (planes, isHeld) = scratch.planes(ofRow: row)
    guard !isHeld else { return planes }
    let at = source + row * logits.columns * logits.pixelStride * logits.dtype.byteCount
    if logits.dtype == .float32 {
      kernels.table.pointee.planes_f32.function(
        at.assumingMemoryBound(to: Float.self), logits.pixelStride, logits.columns, Int32(logits.classes),
        planes.assumingMemoryBound(to: Float.self), planeStride)
    } else {
      kernels.table.pointee.planes_s8.function(
        at.assumingMemoryBound(to: UInt8.self), logits.pixelStride, logits.columns, Int32(logits.classes),
        logits.dtype == .uint8 ? 0x80 : 0, planes.assumingMemoryBound(to: Int16.self), planeStride)
    }
    return planes
  }

  private func argmax(
    _ upper: UnsafeMutableRawPointer, _ lower: UnsafeMutableRawPointer, _ fraction: Float, _ step: Int32,
    _ scratch: UpsampleScratch, into out: UnsafeMutablePointer<UInt8>
  ) {
    let table = kernels.table.pointee
    let classes = Int32(logits.classes)
    if case .float = arithmetic {
      let lerped = scratch.lerped.assumingMemoryBound(to: Float.self)
      table.lerp_f32.function(
        upper.assumingMemoryBound(to: Float.self), lower.assumingMemoryBound(to: Float.self), fraction,
        logits.columns, classes, lerped, planeStride)
      table.argmax_f32.function(lerped, planeStride, classes, first, floatFractions, first.count, out)
      return
    }
    let lerped = scratch.lerped.assumingMemoryBound(to: Int16.self)
    let a = upper.assumingMemoryBound(to: Int16.self)
    let b = lower.assumingMemoryBound(to: Int16.self)
    if case .exact(let gain) = arithmetic {
      table.lerp_s16.function(
        a, b, Int32(unit), step, Int32(gain), logits.columns, classes, lerped, planeStride)
      table.argmax_exact_s16.function(lerped, planeStride, classes, first, fractions, first.count, out)
    } else {
      table.lerp_s16.function(a, b, Int32(unit), step, 1, logits.columns, classes, lerped, planeStride)
      table.argmax_q15_s16.function(lerped, planeStride, classes, first, fractions, first.count, out)
    }
  }
}
