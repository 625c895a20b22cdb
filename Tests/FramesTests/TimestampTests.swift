// SPDX-License-Identifier: Apache-2.0

import Buffers
import TestSupport
import Testing

@testable import Frames

@Suite struct TimestampTests {
  let scratch: TemporaryFolder

  init() throws { scratch = try TemporaryFolder() }

  static let variable: [Int64] = {
    var time: Int64 = 0
    return (0..<120).map { index in
      defer { time += [3003, 3000, 6006, 12012, 1501][index % 5] }
      return time
    }
  }()

  struct Case: Sendable {
    var timeBase: TimeBase
    var rate: Ratio
    var times: [Int64]

    init(_ timeBase: TimeBase, _ rate: Ratio, _ times: [Int64]) {
      self.timeBase = timeBase
      self.rate = rate
      self.times = times
    }
  }

  static let cases: [Case] = [
    Case(TimeBase(1, 25), Ratio(25, 1), constant(1)),
    Case(TimeBase(1001, 30000), Ratio(30000, 1001), constant(1)),
    Case(TimeBase(1, 12800), Ratio(25, 1), constant(512)),
    Case(TimeBase(1, 90000), Ratio(24, 1), variable),
    Case(TimeBase(1, 90000), Ratio(24, 1), variable.map { $0 + 135_000 }),
    Case(TimeBase(1, 1_000_000), Ratio(240, 1), constant(4167)),
  ]

  static func constant(_ step: Int64) -> [Int64] { (0..<60).map { Int64($0) * step } }

  @Test(arguments: cases)
  func mp4KeepsThemExactly(asked: Case) throws {
    let (timeBase, rate, times) = (asked.timeBase, asked.rate, asked.times)
    for (encoder, fragment) in [
      ("libx264", Fragmentation.every(1)), ("libx264", .every(0.3)), ("libx264", .none),
      ("libx264", .fastStart), ("mpeg4", .every(1)),
    ] {
      let path = scratch.path("a-\(encoder)-\(fragment).mp4")
      let written = try Made.write(
        path, Made.video(timeBase: timeBase, rate: rate), times: times,
        Made.options(encoder) { $0.fragment = fragment })
      let read = try Made.read(path)
      #expect(read.info.timeBase == TimeBase(1, timeBase.denominator) || read.info.timeBase == timeBase)
      let scale = Int64(timeBase.numerator / read.info.timeBase.numerator)
      #expect(read.frames.map(\.pts) == written.map { $0.pts * scale })
      // Containers say a frame's length in decoding order or not at all; the whole must be right.
      let usual = written.map(\.duration).max()! * scale
      let length = timeBase.seconds(times.last! + written.last!.duration)
      let shown = read.info.duration! + (read.info.duration! < length - 1 ? timeBase.seconds(times[0]) : 0)
      #expect(abs(shown - length) <= timeBase.seconds(usual / scale) * 1.001, "\(encoder) \(fragment)")
    }
  }

  @Test func matroskaKeepsMilliseconds() throws {
    let path = scratch.path("a.mkv")
    let times = TimestampTests.variable.map { $0 / 90 + 1500 }
    try Made.write(path, Made.video(timeBase: TimeBase(1, 1000)), times: times, Made.options("libx264"))
    #expect(try Made.read(path).frames.map(\.pts) == times)
  }

  @Test func negativeStart() throws {
    let times = (0..<30).map { Int64($0) * 40 - 80 }
    for ending in ["mp4", "mkv"] {
      let path = scratch.path("a." + ending)
      try Made.write(path, Made.video(timeBase: TimeBase(1, 1000)), times: times, Made.options("libx264"))
      let read = try Made.read(path).frames.map(\.pts)
      // All move by the same, so that none is hidden.
      #expect(read == times.map { $0 + 80 })
    }
  }

  @Test func startEndStrideAndCount() throws {
    let path = scratch.path("a.mp4")
    let written = try Made.write(
      path, Made.video(), times: (0..<100).map { Int64($0) + 50 },
      Made.options("libx264") { $0.encoder.crf = 0 })
    func read(_ change: (inout VideoReader.Options) -> Void) throws -> [Seen] {
      try Made.read(path, change).frames
    }

    let from = try read { $0.start = 1.5 }
    #expect(from.map(\.checksums).first == written[37].checksums || from.count == 62)
    #expect(from.count == 62)
    #expect(from.first?.pts == 1 || from.first?.pts == 0)
    #expect(
      try read {
        $0.start = 1.52; $0.keepsSourceTime = true
      }.map(\.pts) == Array(88..<150))
    #expect(
      try read {
        $0.start = 1.52; $0.keepsSourceTime = true
      }.map(\.checksums) == written[38...].map(\.checksums))
    #expect(try read { $0.end = 1 }.count == 25)
    #expect(
      try read {
        $0.start = 1; $0.duration = 1
      }.map(\.checksums) == written[25..<50].map(\.checksums))
    #expect(try read { $0.maxFrames = 7 }.count == 7)
    let strided = try read { $0.stride = 3 }
    #expect(strided.map(\.pts) == stride(from: 50, to: 150, by: 3).map { Int64($0) })
    #expect(strided.allSatisfy { $0.duration == 3 })
    #expect(kind { _ = try VideoReader(path, options: with { $0.start = 100 }) } == nil)
  }

  private func with(_ change: (inout VideoReader.Options) -> Void) -> VideoReader.Options {
    var options = VideoReader.Options()
    change(&options)
    return options
  }

  @Test func clockStaysMonotonic() {
    var clock = TimestampClock(usualDuration: 10, tolerance: 100)
    let said: [Int64?] = [nil, 10, 20, nil, 35, 35, 34, 500, 0, 10, 20]
    #expect(
      said.map { clock.stamp(pts: $0, duration: 0).pts } == [0, 10, 20, 30, 35, 36, 37, 500, 510, 520, 530])
    #expect(clock.corrected == 5)
    #expect(clock.stamp(pts: 20 + 1 << 32, duration: 0).pts == 540 && clock.corrected == 6)
  }

  /// Times near the end of 64 bits, as damaged files have them.
  @Test func clockKeepsWithinItsNumbers() {
    let odd: [Int64?] = [.max, .min, .max - 1, 0, 1 << 61, -(1 << 61), 1 << 60, 0, nil, .max / 2, 7]
    for first in odd {
      for duration in [0, 1, .max, .min, 1 << 62] as [Int64] {
        var clock = TimestampClock(usualDuration: duration, tolerance: 1)
        var last = Int64.min
        for _ in 0..<20 {
          for time in [first] + odd {
            let stamp = clock.stamp(pts: time, duration: duration)
            #expect(stamp.pts > last && stamp.duration > 0)
            last = stamp.pts
          }
        }
      }
    }
    for base in [TimeBase(1, .max), TimeBase(.max, 1), TimeBase(1, 25)] {
      #expect(base.ticks(.infinity) > 0 && base.ticks(-.infinity) < 0 && base.ticks(.nan) == 0)
      #expect(base.ticks(1e300) == -base.ticks(-1e300))
    }
  }

  @Test func threadsChangeNothing() throws {
    let path = scratch.path("a.mp4")
    try Made.write(path, Made.video(), times: Array(0..<60), Made.options("libx264"))
    let one = try Made.read(path) { $0.threads = 1 }.frames
    #expect(try Made.read(path) { $0.threads = 4 }.frames == one)
  }
}
