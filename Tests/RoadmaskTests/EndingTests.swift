// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension ProgramTests {
  /// Runs that end at moments nobody chose. `./scripts/reliability` repeats them 200 times.
  @Suite struct Endings {
    let work: Workplace
    private static let source = "test:street?size=320x180&rate=30&seconds=0"
    private static let small = ["--infer-size", "160x96", "--progress", "none"]

    init() throws { work = try Workplace() }

    private func start(_ output: String, _ options: [String] = []) throws -> Started {
      try Started(
        Program.path, [Self.source, output] + Self.small + options, in: work.path)
    }

    /// Frames in the file; 0 where it is not there, `nil` where it does not play.
    private func frames(_ name: String) -> Int? {
      guard work.exists(name) else { return 0 }
      return try? Clip(work(name)).count
    }

    @Test(arguments: Rounds.all)
    func signalAtAnyMoment(round: Int) throws {
      let name = "out." + ["mp4", "mkv", "ts"][round % 3]
      let (signal, status) = round % 2 == 0 ? (SIGINT, 130 as Int32) : (SIGTERM, 143)
      let program = try start(name, ["--report", "json"])
      usleep(.random(in: 0...4_000_000))
      let sent = Date()
      program.send(signal)
      let result = program.wait()
      Figures.note("first signal to end, ms", Date().timeIntervalSince(sent) * 1000)
      #expect(!result.isTimedOut)
      guard result.status != nil else {
        // Before the run began; nothing is there yet.
        Figures.note("signals before the run began", 1)
        return #expect(!work.exists(name))
      }
      #expect(result.status == status, "\(result.err)")
      guard !result.out.isEmpty else { return #expect(!work.exists(name), "\(result.err)") }
      let report = try #require(
        try JSONSerialization.jsonObject(with: Data(result.out.utf8)) as? [String: Any])
      let ledger = try #require(report["frames"] as? [String: Int])
      #expect(ledger["in"] == ledger["out"]! + ledger["dropped"]! + ledger["failed"]!)
      let count = try #require(frames(name), "\(name) does not play")
      Figures.note("frames that the file lacks", Double(ledger["out"]! - count))
      #expect(abs(count - ledger["out"]!) <= 1, "\(count) of \(ledger)")
    }

    @Test(arguments: 0..<max(2, Rounds.count / 10))
    func secondSignal(round: Int) throws {
      let program = try start("out.mp4", ["--crf", "5"])
      #expect(program.wait { (try? work.bytes("out.mp4").count) ?? 0 > 100_000 }, "\(program.err)")
      usleep(.random(in: 0...500_000))
      program.send(SIGINT)
      usleep(.random(in: 1_000...30_000))
      let sent = Date()
      program.send(SIGINT)
      let result = program.wait()
      Figures.note("second signal to end, ms", Date().timeIntervalSince(sent) * 1000)
      #expect(!result.isTimedOut && result.status == 130, "\(result.err)")
      #expect(frames("out.mp4") ?? 0 > 0)
    }

    /// A live source, so that what is lost is lost of so many seconds.
    @Test(arguments: 0..<max(3, Rounds.count / 2))
    func killAtAnyMoment(round: Int) throws {
      let name = round % 2 == 0 ? "out.mp4" : "out.mkv"
      let program = try start(name, ["--set", "source.live=true", "--stats", "s.jsonl"])
      #expect(program.wait { work.exists("s.jsonl") }, "\(program.err)")
      usleep(.random(in: 0...4_000_000))
      program.send(SIGKILL)
      let result = program.wait()
      #expect(result.status == nil)
      // Written once a second; the last line may be cut.
      let labelled = try work.text("s.jsonl").split(separator: "\n").dropLast().last.flatMap {
        (try? JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])?["pts_s"] as? Double
      }
      guard let labelled else { return }
      let played = (try? Clip(work(name)).seconds.last) ?? 0
      Figures.note("seconds that a kill cost, at least", max(0, labelled - played))
      // A fragment of half a second, and the frames on their way to it, which on a busy machine lie far apart.
      #expect(labelled - played <= 0.5 + 2, "\(played) s of \(labelled) s play")
    }

    /// Memory that the system refuses, in kilobytes of address space: told before a frame, or enough.
    @Test(
      .enabled(if: !Sanitizer.isAny, "a sanitizer takes terabytes of address space"),
      arguments: [500_000, 700_000, 900_000, 1_100_000, 1_400_000, 1_800_000, 2_500_000])
    func memoryIsRefused(kilobytes: Int) throws {
      let words = ["-c", "ulimit -v \(kilobytes); exec \"$0\" \"$@\"", Program.path]
      let source = "test:street?size=1280x720&rate=10&seconds=1"
      let result = try #require(
        try Program.tool("bash", words + [source, "out.mp4", "-q", "--infer-size", "160x96"], in: work.path))
      guard result.status != 0 else {
        #expect(try Clip(work("out.mp4")).count == 10)
        return
      }
      // With less than that even the libraries of the system do not load.
      if result.status == 127 && result.err.contains("shared librar") { return }
      expectRefusal(result, "RM-SYS-001")
      #expect(!work.exists("out.mp4"))
    }
  }
}
