// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension ProgramTests {
  /// A recording survives what ends it.
  @Suite struct Signals {
    let work: Workplace

    init() throws { work = try Workplace() }

    /// Starts a run without end and waits until its first second, some 240 kB, is surely in the file.
    private func start(_ options: [String] = []) throws -> Started {
      let arguments =
        [Street.endless, "out.mp4", "--infer-size", "96x64", "--progress", "none", "--crf", "5"] + options
      let program = try Started(Program.path, arguments, in: work.path)
      let path = work("out.mp4")
      let isUnderWay = program.wait {
        (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0 > 400_000
      }
      #expect(isUnderWay, "\(program.err)")
      return program
    }

    @Test(arguments: [(SIGINT, 130 as Int32), (SIGTERM, 143 as Int32)])
    func firstSignalFinishes(signal: Int32, status: Int32) throws {
      let program = try start(["--report", "json", "--mask", "m.mkv", "--stats", "s.jsonl"])
      program.send(signal)
      let result = program.wait()
      #expect(result.status == status, "\(result.err)")
      let report = try #require(
        try JSONSerialization.jsonObject(with: Data(result.out.utf8)) as? [String: Any])
      #expect(report["exit"] as? Int == Int(status))
      let frames = try #require(report["frames"] as? [String: Int])
      #expect(
        frames["in"]! > 30 && frames["in"] == frames["out"] && frames["dropped"] == 0 && frames["failed"] == 0
      )
      let clip = try Clip(work("out.mp4"))
      #expect(clip.count == frames["out"])
      #expect(try Clip(work("m.mkv")).isTimed(like: clip))
      #expect(try work.text("s.jsonl").split(separator: "\n").count == clip.count)
    }

    @Test func reportIsPrintedAfterInterrupt() throws {
      let program = try start()
      program.send(SIGINT)
      let result = program.wait()
      #expect(result.status == 130)
      #expect(result.err.contains("(balanced)\n") && result.err.contains("\nbottleneck "), "\(result.err)")
      #expect(!result.err.contains("error:"))
    }

    @Test func secondSignalEndsAtOnce() throws {
      let program = try start()
      program.send(SIGINT)
      usleep(5_000)
      program.send(SIGINT)
      let result = program.wait()
      #expect(!result.isTimedOut && result.status == 130, "\(result.err)")
      #expect(try Clip(work("out.mp4")).count >= 30)
    }

    @Test func killedRunLeavesAFileThatPlays() throws {
      let program = try start(["--stats", "s.jsonl"])
      program.send(SIGKILL)
      let result = program.wait()
      #expect(result.status == nil)
      let clip = try Clip(work("out.mp4"))
      #expect(clip.count >= 30, "\(clip.count)")
      #expect(zip(clip.seconds, 0...).allSatisfy { abs($0 - Double($1) / 30) < 1e-3 })
      // A fragment of half a second, and what the encoder and the queues hold.
      let labelled = try work.text("s.jsonl").split(separator: "\n").count
      #expect(clip.count >= labelled - 15 - 60, "\(clip.count) of \(labelled)")
    }

    @Test func sourceThatEndsWithItsReader() throws {
      let words = ["-c", "\"$0\" \"$@\" | head -c 5000 >/dev/null; exit ${PIPESTATUS[0]}", Program.path]
      let result = try #require(
        try Program.tool("bash", words + [Street.endless, "-"] + Street.fast, in: work.path))
      #expect(!result.isTimedOut)
      #expect(result.status == 74 || result.status == 69, "\(result.status ?? -1) \(result.err)")
      #expect(result.err.hasPrefix("error: "))
    }
  }
}
