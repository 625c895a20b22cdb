// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension ProgramTests {
  /// What a run says about itself.
  @Suite struct Reports {
    let work: Workplace
    static let stages: Set<String> = ["decode", "resize", "infer", "argmax", "overlay", "encode"]

    init() throws { work = try Workplace() }

    private func object(_ text: String) throws -> [String: Any] {
      try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    @Test func jsonHasAllFigures() throws {
      let result = try work.label([Street.short, "out.mp4", "--report", "json"])
      let report = try object(result.out)
      let keys = [
        "v", "type", "version", "exit", "pipeline", "policy", "input", "model", "machine", "frames",
        "dropped",
        "warmup_frames", "wall_s", "media_s", "speed", "out_fps", "age_ms", "stages", "outputs", "bottleneck",
        "rss_peak_bytes",
      ]
      for key in keys { #expect(report[key] != nil, "\(key)") }
      #expect(report["type"] as? String == "report" && report["exit"] as? Int == 0)
      #expect(report["version"] as? String == (try work.run(["--version"])).lines.first)
      #expect(report["media_s"] as? Double == 1)
      let frames = try #require(report["frames"] as? [String: Int])
      #expect(frames == ["in": 10, "out": 10, "dropped": 0, "failed": 0])
      let stages = try #require(report["stages"] as? [String: [String: Any]])
      #expect(Set(stages.keys) == Self.stages)
      for (name, stage) in stages {
        for key in ["frames", "capacity_fps", "service_ms", "wait_ms", "queue", "busy", "blocked", "lanes"] {
          #expect(stage[key] != nil, "\(name).\(key)")
        }
        #expect(stage["frames"] as? Int == 10)
      }
      let outputs = try #require(report["outputs"] as? [[String: Any]])
      #expect(outputs.count == 1 && outputs[0]["written"] as? Int == 10)
      #expect(outputs[0]["bytes"] as? Int == (try work.bytes("out.mp4")).count)
      let model = try #require(report["model"] as? [String: Any])
      #expect(model["width"] as? Int == 96 && model["height"] as? Int == 64 && model["classes"] as? Int == 11)
      #expect((model["license"] as? String)?.contains("non-commercial") == true)
      #expect((model["sha256"] as? String)?.count == 64)
      let machine = try #require(report["machine"] as? [String: Any])
      #expect(machine["ffmpeg"] is String && machine["level"] is String && machine["threads"] is Int)
    }

    @Test func reportGoesWhereItIsAsked() throws {
      try work.label([Street.short, "null:", "--report", "json", "--report-file", "r.json"])
      #expect(try object(work.text("r.json"))["type"] as? String == "report")
      let refused = try work.run([Street.short, "null:", "--report-file", "r.json"] + Street.fast)
      expectRefusal(refused, "RM-OUT-001", "r.json", "-y")
      try work.label([Street.short, "null:", "--report-file", "r.json", "-y"])
      #expect(try work.text("r.json").hasPrefix("frames   in 10  out 10  dropped 0  failed 0   (balanced)\n"))
      let told = try work.label([Street.short, "null:", "--report-file", "-", "--stats", "s.jsonl"])
      #expect(told.out.hasPrefix("frames   in 10  out 10  dropped 0  failed 0   (balanced)\n"))
      #expect(!work.exists("-"))
      try work.label([Street.short, "null:", "--report", "markdown", "--report-file", "r.md"])
      #expect(try work.text("r.md").contains("|---|"))
    }

    /// A report must never take the place of a device; a link to one stands for it here.
    @Test func reportIsWrittenToWhatIsNoFile() throws {
      try work.link("sink", to: "/dev/null")
      try work.label([Street.short, "null:", "--report-file", "sink"])
      #expect(try FileManager.default.destinationOfSymbolicLink(atPath: work("sink")) == "/dev/null")
    }

    @Test func textGoesToStandardError() throws {
      let result = try work.run([Street.short, "null:", "--infer-size", "96x64"])
      #expect(result.status == 0 && result.out == "")
      for word in ["in   test:street", "net  srm-crm", "non-commercial", "(balanced)", "bottleneck"] {
        #expect(result.err.contains(word), "\(word)")
      }
      #expect(result.err.hasSuffix("\n"))
      // Columns of the stage table end at the same place.
      let rows = result.err.split(separator: "\n").filter { line in
        Self.stages.contains { line.hasPrefix($0) }
      }
      #expect(rows.count == 6)
      #expect(Set(rows.map { $0.replacingOccurrences(of: "  <--", with: "").count }).count == 1, "\(rows)")
    }

    @Test func quietSaysNothing() throws {
      let result = try work.label([Street.short, "out.mp4"])
      #expect(result.out == "" && result.err == "")
    }

    @Test func progressAsJSON() throws {
      let result = try work.run([
        Street.short, "null:", "--infer-size", "96x64", "--progress", "json", "--report", "none",
      ])
      let lines = result.err.split(separator: "\n").filter { $0.hasPrefix("{") }
      let last = try object(String(try #require(lines.last)))
      #expect(last["type"] as? String == "progress")
      let frames = try #require(last["frames"] as? [String: Int])
      #expect(frames == ["in": 10, "out": 10, "dropped": 0, "failed": 0, "in_flight": 0])
    }

    @Test func dryRunWritesNothing() throws {
      let result = try work.run([Street.short, "out.mp4", "--dry-run", "--crf", "30"])
      #expect(result.status == 0)
      for word in ["192x128", "srm-crm", "out        out.mp4"] {
        #expect(result.out.contains(word), "\(word)")
      }
      #expect(result.lines.contains { $0.hasPrefix("stages.encode.crf ") && $0.contains(" 30") })
      #expect(work.names.isEmpty)
    }

    @Test func benchReportsWithoutOutput() throws {
      let result = try work.run([
        "bench", Street.short, "--infer-size", "96x64", "--report", "json", "--progress", "none",
      ])
      #expect(result.status == 0, "\(result.err)")
      let report = try object(result.out)
      #expect((report["frames"] as? [String: Int])?["out"] == 10)
      #expect(work.names.isEmpty)
    }
  }
}
