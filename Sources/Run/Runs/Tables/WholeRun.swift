// SPDX-License-Identifier: Apache-2.0

internal import Buffers
internal import Foundation
internal import Frames
internal import Pixels
public import Planning
internal import Stages
internal import Workers

/// Times of a network together with the argmax stage, from the stored picture to a label for each of its pixels.
public struct WholeRun {
  /// Of each run, seconds.
  public private(set) var seconds: [Double] = []
  public private(set) var argmaxSeconds: [Double] = []
  /// Processor time of all runs together.
  public private(set) var cpuSeconds = 0.0

  public init(_ loaded: LoadedModel, threads: Int, runs: Int) throws {
    let pool = WorkerPool(threads: threads)
    let inference = try loaded.inferences(pool: pool)[0]
    let (input, logits) = (inference.input, inference.logits)
    let size = (width: input.contentColumns, height: input.contentRows)
    let upsampler = LabelUpsampler(
      logits: logits, input: input, output: size, level: loaded.plan.options.level)
    let labels = LabelMap(width: size.width, height: size.height)
    let picture = AlignedBytes(count: input.byteCount)
    let scores = AlignedBytes(
      count: logits.rows * logits.columns * logits.pixelStride * logits.dtype.byteCount)
    let argmax = SharedUpsampling(upsampler, scores.pointer, into: labels, threads: threads)
    // Anything but one colour.
    for index in 0..<input.rows * input.columns * 3 {
      let value = UInt8(truncatingIfNeeded: index &* 2_654_435_761 >> 13)
      if input.dtype == .uint8 {
        picture.pointer.storeBytes(of: value, toByteOffset: index, as: UInt8.self)
      } else {
        picture.pointer.storeBytes(of: Float(value) / 64 - 2, toByteOffset: index * 4, as: Float.self)
      }
    }
    let clock = ContinuousClock()
    for run in -2..<runs {
      if run == 0 { cpuSeconds = -WholeRun.cpuNow }
      let start = clock.now
      inference.run(picture.pointer, into: scores.pointer)
      let middle = clock.now
      pool.run(argmax)
      let end = clock.now
      guard run >= 0 else { continue }
      seconds.append((end - start).inSeconds)
      argmaxSeconds.append((end - middle).inSeconds)
    }
    cpuSeconds += WholeRun.cpuNow
  }

  private static var cpuNow: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  public var line: String {
    String(
      format: "whole run  %.2f ms (%.2f to %.2f), of it argmax %.2f ms; processor %.2f ms a run",
      seconds.quantile(0.5) * 1e3, seconds.quantile(0.1) * 1e3, seconds.quantile(0.9) * 1e3,
      argmaxSeconds.quantile(0.5) * 1e3, cpuSeconds / Double(seconds.count) * 1e3)
  }

  /// `{"v":1,"type":"whole",…}`, times in milliseconds, those of every run among them.
  public func json(_ plan: Plan, threads: Int) -> String {
    var json = JSONText()
    json.object { json in
      json.integer("v", 1)
      json.string("type", "whole")
      json.string("level", plan.options.level.rawValue)
      json.integer("threads", threads)
      json.boolean("exact", plan.isExact)
      json.integer("steps", plan.work.steps)
      json.integer("integer_steps", plan.work.integer)
      json.number("ms", seconds.quantile(0.5) * 1e3, places: 4)
      json.number("argmax_ms", argmaxSeconds.quantile(0.5) * 1e3, places: 4)
      json.number("cpu_ms", cpuSeconds / Double(seconds.count) * 1e3, places: 4)
      json.array("all_ms", seconds) { json, time in json.number(nil, time * 1e3, places: 4) }
    }
    return json.text
  }
}

extension [Double] {
  /// The element at `share` of the sorted array.
  fileprivate func quantile(_ share: Double) -> Double { sorted()[Int(share * Double(count - 1))] }
}

extension Duration {
  var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
