// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension ProgramTests {
  /// Network streams, as a user sees them: messages, exit codes, and a file that goes on.
  @Suite struct Streams {
    let work: Workplace

    init() throws { work = try Workplace() }

    /// The bytes of a drawn street of so many seconds, as a transport stream.
    private func media(_ seconds: Int, size: String = "192x128") throws -> Data {
      try work.clip(
        "\(size).ts", "test:street?size=\(size)&rate=10&seconds=\(seconds)&seed=3", ["-y", "--crf", "30"])
      return try work.bytes("\(size).ts")
    }

    @Test func refusals() throws {
      let cases: [(StreamServer.Form, Int, String)] = [
        (.http, 401, "RM-NET-004"), (.rtsp, 401, "RM-NET-004"), (.http, 404, "RM-NET-005"),
        (.rtsp, 404, "RM-NET-005"), (.http, 503, "RM-NET-001"),
      ]
      for (form, status, id) in cases {
        let server = try StreamServer(form, [.refusal(status)])
        let uri = server.uri.replacingOccurrences(of: "//127", with: "//me:hunter2@127") + "?token=hunter2"
        let result = try work.run([uri, "out.mp4"] + Street.fast)
        expectRefusal(result, id, "***@127.0.0.1")
        #expect(!result.err.contains("hunter2") && !work.exists("out.mp4"))
        // The first opening is tried once: a typo is told at once.
        #expect(server.connections <= 2)
      }
      let gone = try StreamServer(.rtsp, [.refusal(404)])
      gone.stop()
      expectRefusal(try work.run([gone.uri, "null:"] + Street.fast), "RM-NET-001", "connection refused")
      expectRefusal(
        try work.run(["rtsp://no.such.host.invalid/a", "null:"] + Street.fast), "RM-NET-006",
        "no.such.host.invalid")
      let mute = try StreamServer(.tcp, [.init(Data(), ending: .silence)])
      expectRefusal(
        try work.run([mute.uri, "null:", "--connect-timeout", "500ms"] + Street.fast), "RM-NET-001",
        "timed out")
    }

    @Test(arguments: [StreamServer.Form.rtsp, .http])
    func aLostStreamComesBackInTheSameFile(form: StreamServer.Form) throws {
      let small = try media(3), large = try media(3, size: "256x160")
      let speed = Double(small.count) / 3
      let server = try StreamServer(
        form,
        [
          .init(small, speed: speed), .init(large, speed: Double(large.count) / 3, ending: .silence),
          .init(small, speed: speed, ending: .silence),
        ])
      let result = try work.run(
        [
          server.uri, "out.mkv", "--frames", "70", "--stall-timeout", "2s", "--report", "json",
          "--on-overload",
          "block", "--reconnect", "20",
        ] + Street.fast)
      #expect(result.status == 0, "\(result.err)")
      let report = try #require(
        try JSONSerialization.jsonObject(with: Data(result.out.utf8)) as? [String: Any])
      let frames = try #require(report["frames"] as? [String: Int])
      #expect(frames["in"] == 70 && frames["out"] == 70, "\(frames)")
      #expect(report["reconnects"] as? Int == 2 && (report["missing_frames"] as? Int ?? 0) > 0)
      let clip = try Clip(work("out.mkv"))
      #expect(clip.count == 70 && clip.width == 192 && clip.height == 128)
      #expect(zip(clip.seconds, clip.seconds.dropFirst()).allSatisfy { $0 < $1 })
      let lines = result.err.split(separator: "\n")
      #expect(
        lines.count { $0.hasPrefix("warning: 127.0.0.1:\(server.port): ") && $0.contains("(try 1, next") }
          == 2,
        "\(lines)")
      #expect(lines.contains { $0.contains(": no packet for 2.0 s, reconnecting (try 1, ") }, "\(lines)")
    }

    @Test func triesAreUsedUp() throws {
      let server = try StreamServer(.tcp, [.init(try media(2))])
      let program = try Started(
        Program.path,
        [
          server.uri, "out.mkv", "--reconnect", "2", "--set", "source.reconnect.backoff=100ms,100ms",
          "--progress",
          "none", "--report", "none", "--infer-size", "96x64",
        ], in: work.path)
      // The second is the first that may fail.
      #expect(program.wait { server.connections > 1 })
      server.stop()
      let result = program.wait()
      #expect(result.status == 69, "\(result.err)")
      #expect(result.err.contains("(after 2 tries)") && result.err.contains("RM-NET-001"), "\(result.err)")
      #expect(try Clip(work("out.mkv")).count > 0)
    }

    @Test func stoppingNeverWaitsForTheSource() throws {
      let server = try StreamServer(.rtsp, [.init(try media(2), ending: .silence)])
      let program = try Started(
        Program.path,
        [server.uri, "out.mkv", "--progress", "json", "--infer-size", "96x64", "--stall-timeout", "1h"],
        in: work.path)
      #expect(program.wait { program.err.contains("\"state\":\"live\"") }, "\(program.err)")
      program.send(SIGINT)
      let result = program.wait()
      #expect(result.status == 130, "\(result.err)")
      #expect(server.hasFarewell)
      #expect(try Clip(work("out.mkv")).count > 0)
    }

    @Test func theStateIsShown() throws {
      let server = try StreamServer(
        .http, [.init(try media(2), ending: .silence), .refusal(404), .refusal(404)])
      let program = try Started(
        Program.path,
        [
          server.uri, "null:", "--progress", "json", "--infer-size", "96x64", "--stall-timeout", "1s",
          "--connect-timeout", "3s",
        ], in: work.path)
      #expect(program.wait { program.err.contains("\"state\":\"offline\"") }, "\(program.err)")
      program.send(SIGINT)
      let result = program.wait()
      #expect(result.status == 130, "\(result.err)")
      #expect(result.err.contains("(balanced)"))
    }
  }
}
