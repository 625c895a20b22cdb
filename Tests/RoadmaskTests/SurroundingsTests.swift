// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension ProgramTests {
  /// What the machine does while the program runs.
  @Suite struct Surroundings {
    let work: Workplace

    init() throws { work = try Workplace() }

    private static let cpus = sysconf(Int32(_SC_NPROCESSORS_ONLN))

    private static func has(_ tool: String) -> Bool {
      (try? Program.tool(tool, ["--version"], in: "/tmp"))??.status == 0
    }

    private func report(_ result: Program.Result) throws -> [String: Any] {
      try #require(try JSONSerialization.jsonObject(with: Data(result.out.utf8)) as? [String: Any])
    }

    @Test(.enabled(if: has("taskset"), "needs taskset"))
    func threadsFollowTheMask() throws {
      let words = ["-c", "0", Program.path, "run", Street.short, "null:", "--report", "json"] + Street.fast
      let result = try #require(try Program.tool("taskset", words, in: work.path))
      #expect(result.status == 0, "\(result.err)")
      #expect((try report(result)["machine"] as? [String: Any])?["threads"] as? Int == 1)
    }

    /// Lets `program` have the CPUs of `list`.
    private func allow(_ program: Started, _ list: String) throws {
      let words = ["-a", "-p", "-c", list, "\(program.identifier)"]
      let result = try Program.tool("taskset", words, in: work.path)
      #expect(result?.status == 0, "\(result?.err ?? "")")
    }

    /// CPUs that are taken away while it runs, and given back: said, and followed.
    @Test(.enabled(if: has("taskset") && cpus > 1, "needs taskset and two CPUs"))
    func aMaskThatChanges() throws {
      let program = try Started(
        Program.path,
        ["run", Street.endless, "null:", "--live", "--progress", "none", "--infer-size", "96x64"],
        in: work.path)
      #expect(program.wait { program.err.contains("run  policy") }, "\(program.err)")
      sleep(1)
      try allow(program, "0")
      #expect(program.wait { program.err.contains("warning: 1 of the \(Self.cpus) CPUs") }, "\(program.err)")
      try allow(program, "0-\(Self.cpus - 1)")
      let back = "info: \(Self.cpus) of the \(Self.cpus) CPUs"
      #expect(program.wait { program.err.contains(back) }, "\(program.err)")
      program.send(SIGINT)
      #expect(program.wait().status == 130)
    }

    /// The same of `serve`: said, and the runs that begin after it have as many threads.
    @Test(.enabled(if: has("taskset") && cpus > 1, "needs taskset and two CPUs"))
    func aMaskThatChangesUnderAService() throws {
      try work.write(
        """
        version: 1
        source: { uri: "\(Street.short)" }
        model: { size: 96x64 }
        outputs: [ { uri: "null:" } ]
        restart: { policy: always, backoff: [100ms, 100ms] }
        """, to: "a.yaml")
      let program = try Started(Program.path, ["serve", "a.yaml"], in: work.path)
      // What was said since the last line with `words` contains `next`.
      func says(_ next: String, after words: String) -> Bool {
        program.wait { program.err.components(separatedBy: words).dropFirst().last?.contains(next) == true }
      }
      let all = "\(Self.cpus) threads"
      #expect(says("  \(all)  memory", after: "serve: 1 pipeline, \(all) (a \(Self.cpus))"), "\(program.err)")
      try allow(program, "0")
      #expect(says("  1 thread  memory", after: "the machine allows 1 thread (a 1) now"), "\(program.err)")
      try allow(program, "0-\(Self.cpus - 1)")
      let back = "the machine allows \(all) (a \(Self.cpus)) now"
      #expect(says("  \(all)  memory", after: back), "\(program.err)")
      program.send(SIGINT)
      #expect(program.wait().status == 0)
    }

    /// The wall clock jumps by an hour, and by years back, at every other look at it.
    @Test(.enabled(if: has("cc") && !Sanitizer.isAny, "needs a C compiler, and no sanitizer"))
    func clockThatJumps() throws {
      let library = try Preload.library("clock", in: work)
      let live = "test:street?size=192x128&rate=10&seconds=3&seed=3"
      let words =
        ["LD_PRELOAD=\(library)", Program.path, "run", live, "out.mp4", "--set", "source.live=true"]
        + ["--set", "pipeline.policy=block", "--report", "json"] + Street.fast
      let result = try #require(try Program.tool("env", words, in: work.path))
      #expect(result.status == 0, "\(result.err)")
      let report = try report(result)
      #expect(report["reconnects"] as? Int == 0)
      let frames = try #require(report["frames"] as? [String: Int])
      #expect(frames == ["in": 30, "out": 30, "dropped": 0, "failed": 0])
      let wall = try #require(report["wall_s"] as? Double)
      #expect(wall > 2.5 && wall < 1800, "\(wall)")
      #expect(try Clip(work("out.mp4")).count == 30)
    }

    /// The disk gives an error in the middle of a film: said, and what was read before it is written.
    @Test(.enabled(if: has("cc") && !Sanitizer.isAny, "needs a C compiler, and no sanitizer"))
    func aDiskThatFails() throws {
      let library = try Preload.library("disk", in: work)
      try film("sick.mkv")
      let words =
        ["LD_PRELOAD=\(library)", Program.path, "run", "sick.mkv", "out.mp4", "--report", "json"]
        + Street.fast
      let result = try #require(try Program.tool("env", words, in: work.path))
      #expect(result.status == 74 && result.err.contains("[RM-IN-007]"), "\(result.err)")
      let frames = try #require(try report(result)["frames"] as? [String: Int])
      #expect(frames["in"]! > 10 && frames["in"]! < 50 && frames["out"] == frames["in"], "\(frames)")
      #expect(try Clip(work("out.mp4")).count == frames["in"])
    }

    @Test func aFilmCutShort() throws {
      try film("whole.mkv")
      let bytes = try Data(contentsOf: URL(fileURLWithPath: work("whole.mkv")))
      try bytes.prefix(bytes.count * 2 / 3).write(to: URL(fileURLWithPath: work("half.mkv")))
      let words = ["out.mp4", "--report", "json", "--max-errors", "0.5"] + Street.fast
      let result = try work.run(["half.mkv"] + words)
      #expect(result.status == 0 && result.err.contains("warning: half.mkv ends "), "\(result.err)")
      let damage = try #require(try report(result)["damage"] as? [String: Double])
      #expect(damage["missing_s"]! > 1 && damage["missing_s"]! < 5, "\(damage)")
      let sound = try work.run(["whole.mkv", "-y"] + words)
      #expect(sound.status == 0 && !sound.err.contains("warning"), "\(sound.err)")
    }

    /// More damaged pictures than allowed: the code says so.
    @Test func damageBeyondTheLimit() throws {
      try film("film.ts")
      var bytes = try Data(contentsOf: URL(fileURLWithPath: work("film.ts")))
      for place in stride(from: 20_000, to: bytes.count, by: 5_000) { bytes[place] ^= 0xFF }
      try bytes.write(to: URL(fileURLWithPath: work("film.ts")))
      let strict = try work.run(["film.ts", "null:"] + Street.fast)
      #expect(strict.status == 1, "\(strict.err)")
      #expect(strict.err.contains("pictures of film.ts are damaged"), "\(strict.err)")
      #expect(strict.err.contains("more than --max-errors 0.01 allows"), "\(strict.err)")
      let lax = try work.run(["film.ts", "null:", "--max-errors", "1"] + Street.fast)
      #expect(lax.status == 0 && !lax.err.contains("--max-errors"), "\(lax.err)")
    }

    /// Fifty frames in a few hundred kilobytes.
    private func film(_ name: String) throws {
      let source = "test:street?size=640x360&rate=10&seconds=5&seed=3"
      let result = try work.run([source, name, "--alpha", "0", "--crf", "12"] + Street.fast)
      #expect(result.status == 0, "\(result.err)")
    }

    // Files that are hardly films.

    @Test(.enabled(if: Labels.hasFFmpeg, "needs the ffmpeg program"))
    func oneFrame() throws {
      let words = ["-v", "error", "-f", "lavfi", "-i", "testsrc=s=64x48:r=10:d=0.1", "one.mp4"]
      #expect(try Program.tool("ffmpeg", words, in: work.path)?.status == 0)
      try work.label(["one.mp4", "out.mp4"])
      #expect(try Clip(work("out.mp4")).count == 1)
    }

    @Test(.enabled(if: Labels.hasFFmpeg, "needs the ffmpeg program"))
    func soundWithACover() throws {
      let words =
        ["-v", "error", "-f", "lavfi", "-i", "sine=d=0.3", "-f", "lavfi", "-i", "testsrc=s=64x48:d=1"]
        + [
          "-map", "0", "-map", "1", "-frames:v", "1", "-c:v", "mjpeg", "-disposition:v", "attached_pic",
          "a.m4a",
        ]
      #expect(try Program.tool("ffmpeg", words, in: work.path)?.status == 0)
      expectRefusal(try work.run(["a.m4a", "out.mp4"] + Street.fast), "RM-IN-003", "a.m4a")
      #expect(!work.exists("out.mp4"))
    }
  }
}
