// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension ProgramTests {
  /// Sources of all kinds become videos that last as long as they do.
  @Suite struct Runs {
    let work: Workplace

    init() throws { work = try Workplace() }

    @Test func streetBecomesVideo() throws {
      try work.label([Street.short, "out.mp4"])
      let clip = try Clip(work("out.mp4"))
      #expect(clip.count == 10)
      #expect(clip.width == 192 && clip.height == 128)
      #expect(zip(clip.seconds, 0...).allSatisfy { abs($0 - Double($1) / 10) < 1e-6 })
      #expect(abs(clip.duration - 1) < 1e-6)
    }

    @Test(arguments: ["mp4", "mkv", "ts"])
    func outputHasTheTimesOfItsSource(ending: String) throws {
      try work.clip("in.mp4", "test:street?size=192x128&rate=30000/1001&seconds=0.5")
      try work.label(["in.mp4", "out.\(ending)"])
      let (source, output) = (try Clip(work("in.mp4")), try Clip(work("out.\(ending)")))
      #expect(source.count > 10)
      #expect(output.isTimed(like: source), "\(source) \(output)")
    }

    @Test func outputStandsBesideItsFile() throws {
      try work.folder("clips")
      try work.clip("clips/a.b.mp4")
      try work.label(["clips/a.b.mp4"])
      #expect(try Clip(work("clips/a.b.seg.mp4")).count == 10)
    }

    @Test func folderOfPictures() throws {
      try work.folder("pictures")
      try work.label([Street.short, "pictures/%04d.png", "--frames", "3"])
      #expect(work.exists("pictures/0000.png") && work.exists("pictures/0002.png"))
      try work.label(["pictures"])
      #expect(try Clip(work("pictures.seg.mp4")).count == 3)
      try work.label(["pictures/*1.png", "one.mp4"])
      #expect(try Clip(work("one.mp4")).count == 1)
    }

    @Test func standardInputAndOutput() throws {
      try work.clip("in.mkv")
      let result = try work.run(["-", "-", "-q", "--infer-size", "96x64"], input: work("in.mkv"))
      #expect(result.status == 0, "\(result.err)")
      #expect(result.err == "")
      #expect(result.out.utf8.count > 1000)
      let stats = try work.label(["in.mkv", "null:", "--stats", "-"])
      #expect(stats.lines.count == 10 && stats.lines.allSatisfy { $0.hasPrefix("{\"v\":1,\"frame\":") })
      #expect(try work.label(["in.mkv", "null:", "--hash", "-"]).lines.count == 10)
      #expect(try work.label(["in.mkv", "null:", "--mask", "-"]).out.utf8.count > 1000)
      #expect(work.names == ["in.mkv"])
    }

    @Test(arguments: [
      (["--ss", "0.5"], [0.5, 0.6, 0.7, 0.8, 0.9]), (["-t", "0.3"], [0, 0.1, 0.2]),
      (["--ss", "0.2", "--to", "0.4"], [0.2, 0.3]), (["--ss", "00:00:00.8", "-t", "100ms"], [0.8]),
      (["--frames", "2"], [0, 0.1]), (["--stride", "4"], [0, 0.4, 0.8]),
      (["--ss", "0.1", "--stride", "3", "--frames", "2"], [0.1, 0.4]),
    ])
    func partOfTheSource(options: [String], times: [Double]) throws {
      try work.clip("in.mp4")
      // The labels of a frame are the same whether it is alone or in the row.
      try work.label(["in.mp4", "null:", "--hash", "all.txt"])
      try work.label(["in.mp4", "part.mp4", "--hash", "part.txt"] + options)
      func sums(_ name: String) throws -> [Substring] {
        try work.text(name).split(separator: "\n").map { $0.split(separator: " ")[2] }
      }
      let all = try sums("all.txt")
      #expect(try sums("part.txt") == times.map { all[Int(($0 * 10).rounded())] })
      let part = try Clip(work("part.mp4"))
      let wanted = times.map { $0 - times[0] }
      #expect(
        part.count == times.count && zip(part.seconds, wanted).allSatisfy { abs($0 - $1) < 1e-3 }, "\(part)")
    }

    @Test func sideBySideIsTwiceAsWide() throws {
      try work.label([Street.short, "side.mp4", "--view", "side", "--frames", "2"])
      let clip = try Clip(work("side.mp4"))
      #expect(clip.width == 384 && clip.height == 128)
    }

    @Test func severalOutputsAtOnce() throws {
      try work.label([Street.short, "a.mp4", "-o", "b.mkv", "-o", "c.ts"])
      let a = try Clip(work("a.mp4"))
      for name in ["b.mkv", "c.ts"] { #expect(try Clip(work(name)).isTimed(like: a), "\(name)") }
    }

    @Test func pipelineFilesAndSettings() throws {
      let config = Program.package + "/pipelines/street-demo.yaml"
      let small = ["--set", "source.uri=\(Street.short)", "--set", "model.size=96x64", "--frames", "4", "-q"]
      let result = try work.run(["--config", config] + small)
      #expect(result.status == 0, "\(result.err)")
      let names = ["labels.classes.json", "labels.mkv", "mp4", "truth.mkv"]
      #expect(work.names == names.map { "street-demo.\($0)" })
      #expect(try Clip(work("street-demo.mp4")).count == 4)
      try work.clip("in.mp4")
      for name in ["file", "labels"] {
        try work.label(["--config", Program.package + "/pipelines/\(name).yaml", "in.mp4", "-y"])
      }
      #expect(try Clip(work("in.seg.mp4")).count == 10)
      #expect(try Clip(work("labels.mkv")).count == 10)
      #expect(try work.text("labels.stats.jsonl").split(separator: "\n").count == 10)
    }

    static let highway: String? = {
      let named = ProcessInfo.processInfo.environment["ROADMASK_DATA"].map { [$0] } ?? []
      let folders = named + ["/../shared/data", "/../../shared/data"].map { Program.package + $0 }
      return folders.map { $0 + "/clips/highway-1280x720-h264-editlist.mp4" }
        .first(where: FileManager.default.fileExists)
    }()

    @Test(.enabled(if: highway != nil, "needs the clips of ROADMASK_DATA"))
    func clipWithAnEditList() throws {
      let path = try #require(Self.highway)
      try work.label([path, "out.mp4", "--alpha", "0", "--preset", "ultrafast"])
      let (source, output) = (try Clip(path), try Clip(work("out.mp4")))
      #expect(output.count == 88)
      #expect(output.isTimed(like: source))
    }
  }
}
