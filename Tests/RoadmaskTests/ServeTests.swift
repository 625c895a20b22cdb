// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension ProgramTests {
  /// Several pipelines in one process.
  @Suite struct Serving {
    let work: Workplace

    init() throws { work = try Workplace() }

    /// Writes `NAME.yaml`, a pipeline with a small model picture and the output `NAME.mp4`.
    @discardableResult
    private func pipeline(_ name: String, source: String = Street.short, _ more: String = "") throws -> String
    {
      try work.write(
        """
        version: 1
        source: { uri: "\(source)" }
        model: { size: 96x64 }
        outputs: [ { uri: \(name).mp4 } ]
        \(more)
        """, to: name + ".yaml")
      return name + ".yaml"
    }

    private func start(_ files: [String], environment: [String] = []) throws -> Started {
      try Started("/usr/bin/env", environment + [Program.path, "serve"] + files, in: work.path)
    }

    @Test func allAreDone() throws {
      let files = try ["a", "b"].map { try pipeline($0, "restart: { policy: never }") }
      let result = try work.run(["serve"] + files + ["--threads", "2"])
      #expect(result.status == 0, "\(result.err)")
      for name in ["a", "b"] {
        #expect(try Clip(work("\(name).mp4")).count == 10)
        #expect(result.err.contains("\(name): frames   in 10  out 10  dropped 0  failed 0   (balanced)"))
      }
      #expect(result.err.contains("2 threads (a 1, b 1)") && result.out == "")
    }

    @Test func oneThatCannotStartStopsAlone() throws {
      let files = [
        try pipeline("good"), try pipeline("bad", source: "none.mp4", "restart: { policy: never }"),
      ]
      let result = try work.run(["serve"] + files)
      #expect(result.status == 66, "\(result.err)")
      #expect(result.err.contains("error: bad: cannot open none.mp4: no such file or directory  [RM-IN-001]"))
      #expect(try Clip(work("good.mp4")).count == 10)
      #expect(!work.exists("bad.mp4"))
    }

    @Test func whatFailedIsTriedAgain() throws {
      let file = try pipeline("late", source: "in.mp4", "restart: { backoff: [100ms, 200ms] }")
      let program = try start([file])
      #expect(program.wait { program.err.components(separatedBy: "late: starts again in 0.").count > 2 })
      try work.clip("other.mp4")
      try FileManager.default.moveItem(atPath: work("other.mp4"), toPath: work("in.mp4"))
      let result = program.wait()
      #expect(result.status == 0, "\(result.err)")
      #expect(try Clip(work("late.mp4")).count == 10)
    }

    @Test func whatAnEarlierRunWroteStays() throws {
      let more = "stats: { file: a.jsonl }\nreport: { file: a.txt }\nrestart: { policy: never }"
      let file = try pipeline("a", more)
      for _ in 0..<3 {
        let result = try work.run(["serve", file])
        #expect(result.status == 0, "\(result.err)")
      }
      for name in ["a.mp4", "a-001.mp4", "a-002.mp4"] { #expect(try Clip(work(name)).count == 10) }
      #expect(
        work.names == [
          "a-001.jsonl", "a-001.mp4", "a-002.jsonl", "a-002.mp4", "a.jsonl", "a.mp4", "a.txt", "a.yaml",
        ])
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func aSignalDrainsAll(signal: Int32) throws {
      let socketName = signal == SIGTERM ? work("n") : "@roadmask-\(UUID().uuidString)"
      let socket = try #require(NotifySocket(socketName))
      let files = try ["a", "b"].map {
        try pipeline($0, source: Street.endless, "pipeline: { policy: latest }")
      }
      let program = try start(files, environment: ["NOTIFY_SOCKET=\(socketName)", "WATCHDOG_USEC=1000000"])
      #expect(
        program.wait { socket.count("READY=1") == 1 && socket.count("WATCHDOG=1") >= 2 }, "\(socket.told)")
      let isUnderWay = program.wait {
        ["a.mp4", "b.mp4"].allSatisfy { name in
          ((try? FileManager.default.attributesOfItem(atPath: work(name))[.size]) as? Int) ?? 0 > 20_000
        }
      }
      #expect(isUnderWay, "\(program.err)")
      #expect(socket.told.contains { $0.hasPrefix("STATUS=2 of 2 run; a: ") }, "\(socket.told)")
      program.send(SIGHUP)
      program.send(signal)
      let result = program.wait()
      #expect(result.status == 0, "\(result.err)")
      #expect(socket.count("STOPPING=1") == 1 && socket.count("READY=1") == 1)
      for name in ["a", "b"] {
        #expect(result.err.contains("\(name): frames   in "))
        #expect(result.err.components(separatedBy: "(balanced)").count == 3)
        #expect(try Clip(work("\(name).mp4")).count > 10)
      }
    }

    @Test func aStageThatHangsStopsThePings() throws {
      // A pipe that nobody reads: the encoder's writing stands still.
      let made = mkfifo(work("pipe.mkv"), 0o600)
      #expect(made == 0)
      let reader = open(work("pipe.mkv"), O_RDONLY | O_NONBLOCK)
      defer { close(reader) }
      // F_SETPIPE_SZ: one page, which two frames fill.
      _ = fcntl(reader, 1031, 4096)
      let socket = try #require(NotifySocket(work("n")))
      try work.write(
        """
        version: 1
        source: { uri: "\(Street.endless)" }
        model: { size: 96x64 }
        stages: { encode: { codec: ffv1 } }
        outputs: [ { uri: pipe.mkv } ]
        """, to: "p.yaml")
      let program = try start(
        ["p.yaml"], environment: ["NOTIFY_SOCKET=" + work("n"), "WATCHDOG_USEC=2000000"])
      #expect(program.wait { socket.count("WATCHDOG=1") >= 2 }, "\(program.err)")
      #expect(program.wait { program.err.contains("serve: no progress: p") }, "\(program.err)")
      let count = socket.count("WATCHDOG=1")
      usleep(2_500_000)
      #expect(socket.count("WATCHDOG=1") == count)
      program.send(SIGKILL)
      _ = program.wait()
    }

    @Test func linesOfJSON() throws {
      let files = [try pipeline("a"), try pipeline("bad", source: "none.mp4", "restart: { policy: never }")]
      let result = try work.run(["serve"] + files + ["--log-format", "json"])
      #expect(result.status == 66)
      let lines = try result.err.split(separator: "\n").map {
        try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
      }
      for line in lines {
        #expect((line["time"] as? String)?.hasSuffix("Z") == true && line["message"] != nil)
        #expect(["info", "warning", "error", "debug"].contains(line["level"] as? String))
      }
      let error = try #require(lines.first { $0["level"] as? String == "error" })
      #expect(error["id"] as? String == "RM-IN-001" && error["pipeline"] as? String == "bad")
      let report = try #require(lines.compactMap { $0["report"] as? [String: Any] }.first)
      #expect((report["frames"] as? [String: Int])?["out"] == 10)
    }

    @Test func filesThatCannotBeTogether() throws {
      try pipeline("a")
      #if arch(x86_64)
        let foreign = "neon"
      #else
        let foreign = "avx2"
      #endif
      let cases: [(name: String, text: String, id: String, words: String)] = [
        ("b", "version: 1\nname: a\nsource: { uri: test:street }\n", "RM-SERVE-002", "called 'a' too"),
        (
          "b", "version: 1\nsource: { uri: test:street }\noutputs: [ { uri: ./a.mp4 } ]\n", "RM-SERVE-002",
          "'a' writes"
        ),
        ("b", "version: 1\nsource: { uri: a.mp4 }\n", "RM-SERVE-002", "written by 'a'"),
        (
          "b", "version: 1\nsource: { uri: test:street }\nsorce: {}\n", "RM-CONF-001",
          "did you mean 'source'?"
        ),
        ("b", "version: 1\n", "RM-SERVE-001", "no source"),
        ("b", "version: 1\nsource: { uri: test:stret }\n", "RM-SERVE-001", "street"),
        ("b", "version: 1\nsource: { uri: in.mp4 }\noutputs: [ { uri: what } ]\n", "RM-SERVE-001", "what"),
        ("b", "version: 1\nsource: { uri: in.mp4 }\npipeline: { adapt: skip }\n", "RM-SERVE-001", "--live"),
        ("b", "version: 1\nsource: { uri: \"rtsp://${NO_SUCH_WORD}@h/x\" }\n", "RM-CONF-001", "NO_SUCH_WORD"),
        (
          "b", "version: 1\nsource: { uri: test:street }\noutputs: [ { uri: b-%d.png } ]\n", "RM-SERVE-001",
          "stop the next from starting"
        ),
        ("b", "version: 1\nrestart: { backoff: [30s, 1s] }\n", "RM-CONF-001", "longer last"),
        (
          "b", "version: 1\nsource: { uri: test:street }\npipeline: { cpu: \(foreign) }\n", "RM-USE-004",
          "usable here: scalar"
        ),
        (
          "b", "version: 1\nsource: { uri: in.mp4 }\noutputs: [ { uri: t.mkv, kind: truth } ]\n",
          "RM-SERVE-001", "only test:street does"
        ),
        (
          "b", "version: 1\nsource: { uri: in.mp4 }\nstages: { encode: { preset: swift } }\n", "RM-CONF-001",
          "veryfast"
        ),
      ]
      for (name, text, id, words) in cases {
        try work.write(text, to: name + ".yaml")
        let refusal = try work.run(["serve", "a.yaml", name + ".yaml"])
        expectRefusal(refusal, id, words)
        // What is wrong with a file alone is wrong for `config check`, in the same words.
        let check = try work.run(["config", "check", name + ".yaml"])
        #expect(id == "RM-SERVE-002" ? check.status == 0 : check.err == refusal.err, "\(text)")
        #expect(work.names == ["a.yaml", "b.yaml"], "\(text)")
      }
      for name in ["c", "d"] {
        try work.write("version: 1\nsource: { uri: /dev/video7 }\n", to: name + ".yaml")
      }
      expectRefusal(try work.run(["serve", "c.yaml", "d.yaml"]), "RM-SERVE-002", "the same camera")
      expectRefusal(try work.run(["serve", "none.yaml"]), "RM-CONF-001", "none.yaml")
    }

    @Test func dryRunTellsAndStops() throws {
      let files = try ["a", "b"].map { try pipeline($0) }
      let result = try work.run(["serve", "--dry-run", "--threads", "5"] + files)
      #expect(result.status == 0 && result.err == "")
      #expect(result.out.contains("pipeline   a  (a.yaml)") && result.out.contains("run        3 threads"))
      #expect(work.names == ["a.yaml", "b.yaml"])
    }

    @Test func theUnitFileIsSound() throws {
      let unit = Program.package + "/pipelines/roadmask.service"
      let text = try String(contentsOfFile: unit, encoding: .utf8)
      for line in [
        "Type=notify", "WatchdogSec=10", "NoNewPrivileges=yes", "ProtectSystem=strict",
        "SupplementaryGroups=video", "DeviceAllow=char-video4linux rw", "Restart=on-failure",
      ] {
        #expect(text.contains("\n\(line)\n"), "\(line)")
      }
      // The program is not installed where the unit looks for it.
      try work.write(
        text.replacingOccurrences(of: "/usr/bin/roadmask", with: "/bin/true"), to: "roadmask.service")
      guard let checked = try Program.tool("systemd-analyze", ["verify", "roadmask.service"], in: work.path)
      else { return }
      #expect(checked.status == 0 && !checked.err.contains("roadmask.service:"), "\(checked.err)")
    }
  }
}
