// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The `ffmpeg` program, where there is one.
private let ffmpegPath = ["/usr/bin/ffmpeg", "/usr/local/bin/ffmpeg"]
  .first(where: FileManager.default.isExecutableFile)

extension ProgramTests {
  /// Outputs to peers, which `ffmpeg` plays.
  @Suite(.enabled(if: ffmpegPath != nil, "needs ffmpeg")) struct Pushes {
    let work: Workplace
    let port = WebClient.freePort()

    init() throws { work = try Workplace() }

    private func peer(_ options: [String], _ address: String, _ name: String, seconds: Double? = nil) throws
      -> Started
    {
      let limit = seconds.map { ["-t", "\($0)"] } ?? []
      return try Started(
        ffmpegPath!,
        ["-v", "error", "-nostdin", "-y"] + options + ["-i", address] + limit
          + ["-c", "copy", "-flush_packets", "1", name], in: work.path)
    }

    /// Sends pictures until `name`, which a peer writes, has grown to some seconds.
    private func run(_ address: String, until name: String) throws -> [String: Any] {
      let program = try Started(
        Program.path,
        [
          "test:street?size=192x128&rate=10&seconds=0&seed=3", address, "--set", "source.live=true",
          "--infer-size", "96x64", "--progress", "none", "--report", "json",
        ], in: work.path)
      let isPlayed = program.wait { ((try? work.bytes(name).count) ?? 0) > 60_000 }
      #expect(isPlayed, "\(program.err)")
      program.send(SIGINT)
      let result = program.wait()
      #expect(result.status == 130, "\(result.err)")
      #expect(!result.err.contains("secret"))
      let report = try #require(
        try JSONSerialization.jsonObject(with: Data(result.out.utf8)) as? [String: Any])
      let output = try #require((report["outputs"] as? [[String: Any]])?.first)
      let out = try #require((report["frames"] as? [String: Int])?["out"])
      #expect(output["written"] as! Int + (output["dropped"] as! Int) + (output["failed"] as! Int) == out)
      return output
    }

    @Test func aPeerThatComesAndGoesIsFoundAgain() throws {
      let address = "rtmp://127.0.0.1:\(port)/live/x"
      let first = try peer(["-listen", "1"], address, "one.mkv", seconds: 2)
      // The second peer waits for the port that the first one leaves.
      let script = "while kill -0 $0 2>/dev/null; do sleep 0.1; done; exec \"$@\""
      let second = try Started(
        "/bin/sh",
        [
          "-c", script, "\(first.identifier)", ffmpegPath!, "-v", "error", "-nostdin", "-listen", "1", "-i",
          address, "-c", "copy", "-flush_packets", "1", "two.mkv",
        ], in: work.path)
      let output = try run("rtmp://me:secret@127.0.0.1:\(port)/live/x", until: "two.mkv")
      #expect(output["uri"] as? String == "rtmp://***@127.0.0.1:\(port)/live/***")
      #expect(output["errors"] as! Int >= 1)
      _ = first.wait()
      _ = second.wait()
      #expect(try Clip(work("one.mkv")).count > 0)
      #expect(try Clip(work("two.mkv")).count >= 10)
    }

    @Test func datagramsArePlayed() throws {
      let listener = try peer([], "udp://127.0.0.1:\(port)?timeout=20000000", "got.ts")
      usleep(1_500_000)
      let output = try run("udp://127.0.0.1:\(port)", until: "got.ts")
      #expect(output["written"] as! Int >= 10)
      listener.send(SIGINT)
      _ = listener.wait()
      #expect(try Clip(work("got.ts")).count >= 10)
    }

    @Test func aPeerThatIsNotThereEndsAFileRun() throws {
      let result = try work.run([Street.short, "rtmp://me:secret@127.0.0.1:\(port)/live/x"] + Street.fast)
      expectRefusal(result, "RM-NET-001", "connection refused", "***")
      #expect(!result.err.contains("secret"))
    }
  }
}
