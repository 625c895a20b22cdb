// SPDX-License-Identifier: Apache-2.0

import Glibc
import Pixels
import Synchronization

@testable import Stages

/// Scores each class by how near its gray value is to the green of the pixel; no network.
final class GrayInference: Inference {
  let input: ModelInputFormat
  let logits: LogitsFormat
  let byteCount = 1000
  private let pause: UInt32
  private let pace: FramePace?
  private let fail: Bool

  /// - Parameter pause: microseconds for a frame, before the work.
  init(
    rows: Int = 32, columns: Int = 64, pause: UInt32 = 0, pace: FramePace? = nil, fail: Bool = false
  ) {
    input = ModelInputFormat(rows: rows, columns: columns)
    logits = LogitsFormat(rows: rows / 8, columns: columns / 8, classes: 11, dtype: .float32)
    self.pause = pause
    self.pace = pace
    self.fail = fail
  }

  func run(_ tensor: UnsafeRawPointer, into output: UnsafeMutableRawPointer) throws {
    if pause > 0 { usleep(pause) }
    pace?.wait()
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

/// Makes a network take as long as its source takes for some frames: too slow by the same factor on every
/// machine, whatever else that does.
final class FramePace: Sendable {
  private let frames: Int
  private let run = Mutex<Run?>(nil)

  init(frames: Int) { self.frames = frames }

  /// Runs to the end.
  func start(_ run: Run) -> RunResult {
    self.run.withLock { $0 = run }
    defer { self.run.withLock { $0 = nil } }
    return run.start()
  }

  /// Returns once the source has given the frames, or none for a second.
  fileprivate func wait() {
    guard let run = run.withLock({ $0 }) else { return }
    var seen = run.figures.ledger.in
    let enough = seen + frames
    var since = ContinuousClock.now
    while seen < enough, ContinuousClock.now - since < .seconds(1) {
      usleep(2000)
      let now = run.figures.ledger.in
      if now > seen { (seen, since) = (now, .now) }
    }
  }
}

extension PipelineFigures {
  /// The median age of a frame, as a multiple of the work on it: the medians of all stages.
  var ageInServices: Double? {
    let services = stages.compactMap { $0.service?.p50 }.reduce(0, +)
    return services > 0 ? age.map { $0.p50 / services } : nil
  }
}

let grayModel = ModelDescription(name: "gray", precision: "fp32", isExact: false, palette: .camvid)
