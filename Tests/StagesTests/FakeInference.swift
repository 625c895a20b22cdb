// SPDX-License-Identifier: Apache-2.0

import Glibc
import Kernels

@testable import Stages

/// Scores each class by how near its gray value is to the green of the pixel; no network.
final class GrayInference: Inference {
  let input: ModelInputFormat
  let logits: LogitsFormat
  let byteCount = 1000
  private let pause: UInt32
  private let fail: Bool

  init(rows: Int = 32, columns: Int = 64, pause: UInt32 = 0, fail: Bool = false) {
    input = ModelInputFormat(rows: rows, columns: columns)
    logits = LogitsFormat(rows: rows / 8, columns: columns / 8, classes: 11, dtype: .float32)
    self.pause = pause
    self.fail = fail
  }

  func run(_ tensor: UnsafeRawPointer, into output: UnsafeMutableRawPointer) throws {
    if pause > 0 { usleep(pause) }
    if fail { throw Broken(what: "inference") }
    let values = tensor.assumingMemoryBound(to: Float.self)
    let scores = output.assumingMemoryBound(to: Float.self)
    for row in 0..<logits.rows {
      for column in 0..<logits.columns {
        let green = values[((row * 8 + 4) * input.columns + column * 8 + 4) * 3 + 1]
        for id in 0..<11 {
          scores[(row * logits.columns + column) * 11 + id] = -abs(green - Float(id * 25))
        }
      }
    }
  }
}

let grayModel = ModelDescription(name: "gray", precision: "fp32", isExact: false, palette: .camvid)
