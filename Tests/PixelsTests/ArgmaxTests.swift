// SPDX-License-Identifier: Apache-2.0

import Buffers
import CPU
import Pixels
import TestSupport
import Testing
import Workers

private struct Case: Sendable, CustomStringConvertible {
  var logits: (rows: Int, columns: Int, classes: Int)
  var input: ModelInputFormat
  var output: (width: Int, height: Int)
  var description: String { "\(logits) \(input.rows)x\(input.columns) \(output)" }
}

private let cases = [
  Case(logits: (12, 15, 11), input: ModelInputFormat(rows: 48, columns: 60), output: (60, 48)),
  Case(
    logits: (12, 15, 11), input: ModelInputFormat(rows: 48, columns: 60, contentRows: 45), output: (160, 90)),
  Case(logits: (6, 8, 19), input: ModelInputFormat(rows: 48, columns: 64), output: (64, 48)),
  Case(logits: (9, 7, 40), input: ModelInputFormat(rows: 36, columns: 28), output: (33, 55)),
  Case(
    logits: (10, 10, 3),
    input: ModelInputFormat(
      rows: 40, columns: 40, contentRow: 8, contentColumn: 4, contentRows: 24, contentColumns: 32),
    output: (71, 53)),
  Case(logits: (1, 1, 2), input: ModelInputFormat(rows: 4, columns: 4), output: (13, 17)),
  Case(logits: (20, 30, 5), input: ModelInputFormat(rows: 20, columns: 30), output: (9, 7)),
  Case(logits: (5, 40, 1), input: ModelInputFormat(rows: 20, columns: 160), output: (160, 20)),
]

/// Interpolates every score in floating point; gives the scores of a pixel and lets the caller judge.
private func scores(_ c: Case, _ logits: (Int, Int, Int) -> Double, x: Int, y: Int) -> [Double] {
  func place(_ i: Int, _ n: Int, _ origin: Int, _ content: Int, _ input: Int, _ count: Int) -> (
    Int, Int, Double
  ) {
    let at =
      (Double(origin) + (Double(i) + 0.5) * Double(content) / Double(n)) * Double(count) / Double(input) - 0.5
    let inside = min(Double(count - 1), max(0, at))
    let low = Int(inside)
    return (low, min(low + 1, count - 1), inside - Double(low))
  }
  let (x0, x1, fx) = place(
    x, c.output.width, c.input.contentColumn, c.input.contentColumns, c.input.columns, c.logits.columns)
  let (y0, y1, fy) = place(
    y, c.output.height, c.input.contentRow, c.input.contentRows, c.input.rows, c.logits.rows)
  return (0..<c.logits.classes).map { k in
    let upper = logits(y0, x0, k) * (1 - fx) + logits(y0, x1, k) * fx
    let lower = logits(y1, x0, k) * (1 - fx) + logits(y1, x1, k) * fx
    return upper * (1 - fy) + lower * fy
  }
}

private func upsampled(
  _ c: Case, _ dtype: DType, _ bytes: AlignedBytes, filter: LabelFilter = .linear, level: CPULevel = .best,
  split: Int? = nil, pixelStride: Int? = nil
) -> [UInt8] {
  let upsampler = LabelUpsampler(
    logits: LogitsFormat(
      rows: c.logits.rows, columns: c.logits.columns, classes: c.logits.classes, dtype: dtype,
      pixelStride: pixelStride),
    input: c.input, output: c.output, filter: filter, level: level)
  let labels = LabelMap(width: c.output.width, height: c.output.height)
  let scratch = upsampler.makeScratch()
  let step = split ?? c.output.height
  for begin in stride(from: 0, to: c.output.height, by: step) {
    upsampler.run(
      bytes.pointer, into: labels, rows: begin..<min(c.output.height, begin + step), scratch: scratch)
  }
  return labels.bytes
}

private func check(
  _ c: Case, _ labels: [UInt8], tolerance: Double, _ logits: (Int, Int, Int) -> Double
) -> (wrong: Int, different: Int) {
  var (wrong, different) = (0, 0)
  for y in 0..<c.output.height {
    for x in 0..<c.output.width {
      let all = scores(c, logits, x: x, y: y)
      let best = all.max()!
      let label = Int(labels[y * c.output.width + x])
      if all[label] < best - tolerance { wrong += 1 }
      if label != all.firstIndex(of: best)! { different += 1 }
    }
  }
  return (wrong, different)
}

@Suite struct ArgmaxTests {
  @Test(arguments: cases)
  fileprivate func floatEqualsMaterialised(_ c: Case) {
    let count = c.logits.rows * c.logits.columns * c.logits.classes
    let bytes = AlignedBytes(count: count * 4)
    let values = bytes.pointer.assumingMemoryBound(to: Float.self)
    var random = SplitMix(state: 4)
    for i in 0..<count { values[i] = Float.random(in: -8...8, using: &random) }
    let labels = upsampled(c, .float32, bytes)
    let result = check(c, labels, tolerance: 1e-5) { y, x, k in
      Double(values[(y * c.logits.columns + x) * c.logits.classes + k])
    }
    #expect(result.wrong == 0)
    for level in CPULevel.usable {
      #expect(upsampled(c, .float32, bytes, level: level) == labels)
      #expect(upsampled(c, .float32, bytes, level: level, split: 5) == labels)
    }
  }

  @Test(arguments: cases, [DType.int8, .uint8])
  fileprivate func integersEqualMaterialised(_ c: Case, _ dtype: DType) {
    let pixelStride = c.logits.classes + 3
    let count = c.logits.rows * c.logits.columns * pixelStride
    let bytes = AlignedBytes(count: count)
    let values = bytes.pointer.assumingMemoryBound(to: UInt8.self)
    var random = SplitMix(state: 8)
    for i in 0..<count { values[i] = random.byte() }
    let labels = upsampled(c, dtype, bytes, pixelStride: pixelStride)
    // Positions to half of 1/128 of at most 255, both ways of comparing, and the rounding of the score.
    let result = check(c, labels, tolerance: 2.1) { y, x, k in
      let byte = values[(y * c.logits.columns + x) * pixelStride + k]
      return dtype == .int8 ? Double(Int8(bitPattern: byte)) : Double(byte)
    }
    #expect(result.wrong == 0)
    #expect(result.different <= c.output.width * c.output.height / 50)
    for level in CPULevel.usable {
      #expect(upsampled(c, dtype, bytes, level: level, pixelStride: pixelStride) == labels)
      #expect(upsampled(c, dtype, bytes, level: level, split: 3, pixelStride: pixelStride) == labels)
    }
  }

  @Test(arguments: [1, 2, 5])
  func threadsTogetherGiveTheSameLabels(threads: Int) {
    let c = Case(
      logits: (12, 15, 11), input: ModelInputFormat(rows: 96, columns: 120), output: (120, 96))
    let bytes = AlignedBytes(count: 12 * 15 * 11)
    let values = bytes.pointer.assumingMemoryBound(to: UInt8.self)
    var random = SplitMix(state: 5)
    for i in 0..<12 * 15 * 11 { values[i] = random.byte() }
    let upsampler = LabelUpsampler(
      logits: LogitsFormat(rows: 12, columns: 15, classes: 11, dtype: .uint8), input: c.input,
      output: c.output)
    let labels = LabelMap(width: 120, height: 96)
    let work = SharedUpsampling(upsampler, bytes.pointer, into: labels, threads: threads)
    let pool = WorkerPool(threads: threads)
    let expected = upsampled(c, .uint8, bytes)
    for _ in 0..<20 {
      labels.pixels.update(repeating: 255, count: labels.rowBytes * 96)
      pool.run(work)
      #expect(labels.bytes == expected)
    }
  }

  @Test(arguments: [2, 3, 4, 8])
  func wholeFactorsAreExactAndTiesGoToTheLowest(_ factor: Int) {
    let c = Case(
      logits: (9, 14, 6), input: ModelInputFormat(rows: 9 * factor, columns: 14 * factor),
      output: (14 * factor, 9 * factor))
    let bytes = AlignedBytes(count: 9 * 14 * 6)
    let values = bytes.pointer.assumingMemoryBound(to: Int8.self)
    var random = SplitMix(state: 6)
    // Few values, among them the extremes, so that ties are common.
    for i in 0..<bytes.count { values[i] = [-128, -1, 0, 1, 127].randomElement(using: &random)! }
    let labels = upsampled(c, .int8, bytes)
    // Thirds are not exact in floating point.
    let result = check(c, labels, tolerance: factor == 3 ? 1e-9 : 0) { y, x, k in
      Double(values[(y * 14 + x) * 6 + k])
    }
    #expect(result.wrong == 0)
    #expect(factor == 3 || result.different == 0)
  }

  @Test(arguments: cases, [DType.float32, .int8])
  fileprivate func nearestCopiesTheWinnerOfTheLogit(_ c: Case, _ dtype: DType) {
    let bytes = AlignedBytes(count: c.logits.rows * c.logits.columns * c.logits.classes * dtype.byteCount)
    func value(_ index: Int) -> Int { (index * 7919 % 251) - 125 }
    for i in 0..<c.logits.rows * c.logits.columns * c.logits.classes {
      if dtype == .float32 {
        bytes.pointer.storeBytes(of: Float(value(i)), toByteOffset: 4 * i, as: Float.self)
      } else {
        bytes.pointer.storeBytes(of: Int8(value(i)), toByteOffset: i, as: Int8.self)
      }
    }
    let labels = upsampled(c, dtype, bytes, filter: .nearest)
    for y in 0..<c.output.height {
      for x in 0..<c.output.width {
        let inputX = (2 * x + 1) * c.input.contentColumns + 2 * c.input.contentColumn * c.output.width
        let inputY = (2 * y + 1) * c.input.contentRows + 2 * c.input.contentRow * c.output.height
        let column = inputX * c.logits.columns / (2 * c.output.width * c.input.columns)
        let row = inputY * c.logits.rows / (2 * c.output.height * c.input.rows)
        let all = (0..<c.logits.classes).map {
          value((row * c.logits.columns + column) * c.logits.classes + $0)
        }
        #expect(Int(labels[y * c.output.width + x]) == all.firstIndex(of: all.max()!)!)
      }
    }
    for level in CPULevel.usable {
      #expect(upsampled(c, dtype, bytes, filter: .nearest, level: level) == labels)
    }
  }
}
