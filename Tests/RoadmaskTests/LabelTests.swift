// SPDX-License-Identifier: Apache-2.0

import Foundation
import Frames
import Testing

extension ProgramTests {
  /// Labels, truth, checksums and figures: what a run writes beside the picture.
  @Suite struct Labels {
    let work: Workplace

    init() throws { work = try Workplace() }

    /// The planes of a gray video.
    private func maps(_ name: String) throws -> [[UInt8]] {
      let reader = try VideoReader(work(name))
      var maps: [[UInt8]] = []
      while let frame = try reader.next() {
        maps.append(
          frame.withView { view in
            (0..<view.height).flatMap { row in
              UnsafeBufferPointer(start: view.planes.0.base + row * view.planes.0.rowBytes, count: view.width)
            }
          })
      }
      return maps
    }

    private func checksum(_ bytes: [UInt8]) -> String {
      var sum = Checksum()
      bytes.withUnsafeBufferPointer { sum.add($0) }
      return "\(sum)"
    }

    @Test func allKindsSayTheSame() throws {
      let options = ["--mask", "m.mkv", "--mask-png", "png", "--hash", "h.txt", "--truth", "t.mkv"]
      try work.label([Street.short, "out.mp4"] + options)
      let video = try maps("m.mkv")
      #expect(video.count == 10)
      #expect(Set(video.joined()).isSubset(of: Set(0..<11)))
      #expect(Set(video.joined()).count > 2)
      for (index, map) in video.enumerated() {
        #expect(try LabelImageReader.read(work(String(format: "png/%06d.png", index))).labels == map)
      }
      let lines = try work.text("h.txt").split(separator: "\n").map { $0.split(separator: " ") }
      #expect(lines.map { String($0[2]) } == video.map(checksum))
      #expect(lines.map { String($0[0]) } == (0..<10).map(String.init))
      let (picture, mask, truth) = (
        try Clip(work("out.mp4")), try Clip(work("m.mkv")), try Clip(work("t.mkv"))
      )
      #expect(mask.isTimed(like: picture) && truth.isTimed(like: picture))
      #expect(try maps("t.mkv") != video)
    }

    @Test func truthIsThatOfTheScene() throws {
      try work.label([Street.short, "null:", "--truth", "a.mkv"])
      try work.label([Street.short, "null:", "--truth", "b.mkv", "--threads", "1"])
      #expect(try maps("a.mkv") == maps("b.mkv"))
      #expect(try Set(maps("a.mkv").joined()).isSuperset(of: [0, 1, 3]), "sky, building, road")
    }

    @Test func classMapsStandBeside() throws {
      try work.label([Street.short, "null:", "--mask", "m.mkv", "--mask-png", "png", "--frames", "1"])
      for name in ["m.classes.json", "png.classes.json"] {
        let map = try JSONSerialization.jsonObject(with: work.bytes(name))
        let words = "\(map)"
        for word in ["sky", "bicyclist", "train"] { #expect(words.contains(word), "\(name): \(words)") }
      }
    }

    @Test func atAlphaZeroThePictureStays() throws {
      let taps = ["--hash", "decode=d.txt", "--hash", "overlay=o.txt"]
      try work.label([Street.short, "null:", "--alpha", "0"] + taps)
      #expect(try work.bytes("d.txt") == work.bytes("o.txt"))
      #expect(try work.text("d.txt").split(separator: "\n").count == 10)
      try work.label([Street.short, "null:", "--alpha", "0.5", "-y"] + taps)
      #expect(try work.bytes("d.txt") != work.bytes("o.txt"))
    }

    @Test func statsHaveALineForEachFrame() throws {
      try work.label([Street.short, "null:", "--stats", "s.jsonl"])
      let lines = try work.text("s.jsonl").split(separator: "\n")
      #expect(lines.count == 10)
      for (index, line) in lines.enumerated() {
        let entry = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(entry["v"] as? Int == 1)
        #expect(entry["frame"] as? Int == index)
        #expect(entry["pts_s"] as? Double == Double(index) / 10)
        let share = try #require(entry["share"] as? [String: Double])
        #expect(abs(share.values.reduce(0, +) - 1) < 0.01)
        let stages = try #require(entry["stage_ms"] as? [String: Double])
        #expect(Set(stages.keys) == ["decode", "resize", "infer", "argmax", "overlay", "encode"])
        #expect(entry["age_ms"] is Double && entry["labels_from"] is Int && entry["dropped_before"] is Int)
      }
    }

    /// Threads and places in queues change when things happen, not what comes out.
    @Test func labelsDoNotDependOnThreadsQueuesOrRepeats() throws {
      var results: [Data] = []
      for (threads, queue) in [("1", "1"), ("1", "8"), ("2", "1"), ("2", "8"), ("2", "8")] {
        let name = "h\(results.count).txt"
        try work.label([Street.short, "null:", "--hash", name, "--threads", threads, "--queue", queue])
        results.append(try work.bytes(name))
      }
      #expect(results[0].count > 200)
      #expect(results.allSatisfy { $0 == results[0] })
    }

    @Test func videosAreTheSameBytesAgain() throws {
      for name in ["a.mp4", "b.mp4"] { try work.label([Street.short, name, "--mask", name + ".mkv"]) }
      #expect(try work.bytes("a.mp4") == work.bytes("b.mp4"))
      #expect(try maps("a.mp4.mkv") == maps("b.mp4.mkv"))
    }

    static let hasFFmpeg = (try? Program.tool("ffmpeg", ["-version"], in: "/tmp"))??.status == 0

    @Test(.enabled(if: hasFFmpeg, "needs the ffmpeg program"))
    func soundIsCopied() throws {
      try work.clip("silent.mp4", "test:street?size=192x128&rate=10&seconds=2")
      let words = [
        "-v", "error", "-i", "silent.mp4", "-f", "lavfi", "-i", "sine=d=2", "-c:v", "copy", "-c:a", "aac",
      ]
      let made = try #require(try Program.tool("ffmpeg", words + ["in.mp4"], in: work.path))
      #expect(made.status == 0, "\(made.err)")
      let source = try Clip(work("in.mp4"))
      #expect(source.soundPackets.count > 50)
      for name in ["out.mp4", "out.mkv"] {
        try work.label(["in.mp4", name])
        let output = try Clip(work(name))
        #expect(output.soundPackets == source.soundPackets, "\(name)")
        #expect(output.isTimed(like: source), "\(name)")
      }
      try work.label(["in.mp4", "mute.mp4", "-c:a", "none"])
      #expect(try Clip(work("mute.mp4")).soundPackets.isEmpty)
    }
  }
}
