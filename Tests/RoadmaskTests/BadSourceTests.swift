// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension ProgramTests {
  /// Sources, models and pipeline files that are missing or damaged.
  @Suite struct BadSources {
    let work: Workplace

    init() throws { work = try Workplace() }

    /// Expects a refusal that leaves nothing behind.
    private func expectNothing(
      _ source: String, _ id: String, _ words: String, options: [String] = [],
      sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
      let before = work.names
      let result = try work.run([source, "out.mp4", "--mask", "m.mkv"] + Street.fast + options)
      expectRefusal(result, id, words, sourceLocation: sourceLocation)
      #expect(work.names == before, sourceLocation: sourceLocation)
    }

    @Test func whatIsNoVideo() throws {
      try work.folder("empty")
      try work.write("not a video", to: "text.mp4")
      try work.write("", to: "zero.mp4")
      try work.write("P6 nonsense", to: "odd.png")
      try expectNothing("none.mp4", "RM-IN-001", "none.mp4")
      try expectNothing("empty", "RM-IN-004", "no pictures")
      try expectNothing("*.jpg", "RM-IN-004", "no file matches")
      try expectNothing("text.mp4", "RM-IN-002", "text.mp4")
      try expectNothing("zero.mp4", "RM-IN-004", "empty")
      try expectNothing("odd.png", "RM-IN-002", "odd.png")
      try expectNothing("test:stret", "RM-IN-006", "did you mean 'street'?")
      try expectNothing("test:street?sise=1x1", "RM-IN-006", "did you mean 'size'?")
    }

    @Test(.enabled(if: Labels.hasFFmpeg, "needs the ffmpeg program"))
    func soundAlone() throws {
      let made = try Program.tool(
        "ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "sine=d=0.2", "s.m4a"], in: work.path)
      #expect(made?.status == 0)
      try expectNothing("s.m4a", "RM-IN-003", "s.m4a")
    }

    @Test func picturesOfTwoSizes() throws {
      try work.folder("p")
      try work.label([Street.short, "p/a%02d.png", "--frames", "1"])
      try work.label(["test:street?size=64x64&seconds=1", "p/b%02d.png", "--frames", "1"])
      let result = try work.run(["p", "null:"] + Street.fast)
      // The picture counts as failed, and one of two is more than may fail.
      #expect(result.status == 1)
      #expect(
        result.err.contains("1 frame failed") && result.err.contains("p/b00.png: 64x64"), "\(result.err)")
    }

    @Test(arguments: [0.02, 0.3, 0.6, 0.9, 0.99])
    func cutShort(share: Double) throws {
      try work.clip("whole.mp4", "test:street?size=192x128&rate=10&seconds=4")
      let bytes = try work.bytes("whole.mp4")
      try bytes.prefix(Int(Double(bytes.count) * share)).write(to: URL(fileURLWithPath: work("in.mp4")))
      let result = try work.run(["in.mp4", "out.mp4"] + Street.fast)
      if result.status == 65 {
        expectRefusal(
          result, share < 0.1 ? (result.err.contains("RM-IN-002") ? "RM-IN-002" : "RM-IN-004") : "none")
        #expect(!work.exists("out.mp4"))
      } else {
        #expect(result.status == 0 || result.status == 1, "\(result.err)")
        let count = try Clip(work("out.mp4")).count
        #expect(count > 0 && count <= Int(40 * share) + 10, "\(count)")
      }
    }

    @Test func partsWithoutFrames() throws {
      try work.clip("in.mp4")
      let result = try work.run(["in.mp4", "out.mp4", "--ss", "99"] + Street.fast)
      expectRefusal(result, "RM-IN-004", "--ss")
      expectRefusal(try work.run([Street.short, "null:", "-t", "0"] + Street.fast), "RM-IN-004", "-t")
    }

    @Test func models() throws {
      let model = try #require(try work.run(["model", "info"]).lines.first { $0.hasPrefix("srm-crm  ") })
      let bytes = try Data(contentsOf: URL(fileURLWithPath: String(model.drop { $0 != "/" })))
      try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: work("cut.onnx")))
      try expectNothing(Street.short, "RM-MODEL-002", "cut.onnx", options: ["-m", "cut.onnx"])
      try expectNothing(Street.short, "RM-MODEL-001", "none.onnx", options: ["-m", "none.onnx"])
      try expectNothing(Street.short, "RM-MODEL-001", ", srm-crm; or", options: ["-m", "nobody"])
      try expectNothing(Street.short, "RM-MODEL-001", "did you mean 'rsp-", options: ["-m", "rsp"])
      // The type of a node is a text of four letters; another of four letters takes its place.
      var odd = bytes
      let relu = try #require(odd.range(of: Data([0x22, 4] + "Relu".utf8), options: .backwards))
      odd.replaceSubrange(relu, with: Data([0x22, 4] + "Rely".utf8))
      try odd.write(to: URL(fileURLWithPath: work("odd.onnx")))
      try expectNothing(Street.short, "RM-MODEL-003", "Rely", options: ["-m", "odd.onnx"])
      let check = try work.run(["model", "check", "odd.onnx"])
      #expect(
        check.status == 65 && check.out.contains("cannot run 1 x Rely: "),
        "\(check.out)")
    }

    @Test func networkOfTooManyClasses() throws {
      let names = (0..<256).map { "c\($0)" }.joined(separator: ",")
      let words = ["model", "build", "--width", "8", "--size", "64x64", "--classes", names, "-o", "m.onnx"]
      let made = try work.run(words)
      #expect(made.status == 0, "\(made.err)")
      try expectNothing(Street.short, "RM-MODEL-008", "256 classes", options: ["-m", "m.onnx"])
    }

    @Test(arguments: [
      ("version: 1\nstages:\n  overlai: { alpha: 1 }\n", "p.yaml:3:3: ", "did you mean 'overlay'?"),
      ("version: 1\nstages:\n  overlay: { alpha: 7 }\n", "p.yaml:3:21: ", "0 to 1"),
      ("version: 1\nsource: { uri: [1, 2] }\n", "p.yaml:2:16: ", "one value"),
      ("version: 1\n  bad: [\n", "p.yaml:", "no YAML"),
      ("version: 1\nsource: { uri: '${ROADMASK_NO_SUCH}' }\n", "p.yaml:2:16: ", "ROADMASK_NO_SUCH"),
    ])
    func pipelineFiles(text: String, place: String, words: String) throws {
      try work.write(text, to: "p.yaml")
      expectRefusal(try work.run(["--config", "p.yaml"]), "RM-CONF-001", "error: " + place, words)
      expectRefusal(try work.run(["config", "check", "p.yaml"]), "RM-CONF-001", "error: " + place, words)
    }

    @Test func settings() throws {
      expectRefusal(try work.run(["--config", "none.yaml"]), "RM-CONF-001", "none.yaml")
      expectRefusal(
        try work.run([Street.short, "--set", "pipeline.queu=3"]), "RM-CONF-001",
        "did you mean 'pipeline.queue'?")
    }
  }
}
