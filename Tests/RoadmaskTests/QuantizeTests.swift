// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension ProgramTests {
  /// `quantize`: what it writes, what it says, what it refuses.
  @Suite struct Quantizing {
    let work: Workplace

    init() throws {
      work = try Workplace()
      try work.run(["model", "build", "srm-crm", "--size", "96x64", "-o", "f.onnx", "--meta", "license=MIT"])
    }

    @Test func theFileRunsAndGivesTheSameLabelsEverywhere() throws {
      let result = try work.run([
        "quantize", "f.onnx", "--calib", Street.short, "--frames", "4", "-o", "q.onnx",
      ])
      #expect(result.status == 0, "\(result.err)")
      #expect(result.out.contains("calibrate  4 pictures") && result.out.contains("operators int8, exact"))
      #expect(try work.bytes("q.onnx").count * 2 < work.bytes("f.onnx").count)
      #expect(try work.run(["model", "info", "q.onnx"]).out.contains("license     MIT"))
      #expect(!work.names.contains { $0.contains(".part") })
      for (name, options) in [("a", ["--threads", "1"]), ("b", ["--cpu", "scalar"])] {
        try work.run(["run", Street.short, "null:", "-m", "q.onnx", "--hash", name, "-q"] + options)
      }
      #expect(try work.text("a") == work.text("b") && work.text("a") != "")
    }

    @Test func anotherSizeIsTakenAsWithFloats() throws {
      try work.run(["quantize", "f.onnx", "--calib", Street.short, "--frames", "2", "-o", "q.onnx"])
      for options in [[], ["--infer-size", "128x96"]] {
        let result = try work.run(["run", Street.short, "null:", "-m", "q.onnx", "-q"] + options)
        #expect(result.status == 0, "\(result.err)")
      }
    }

    @Test func aDropBeyondTheLimitIsSaid() throws {
      let options = [
        "--calib", Street.short, "--frames", "2", "--source", Street.short, "-o", "q.onnx", "-y",
      ]
      let missed = try work.run(["quantize", "f.onnx", "--max-drop=-101"] + options)
      #expect(missed.status == 1 && missed.out.contains("accuracy   mIoU") && work.exists("q.onnx"))
      #expect(missed.err.contains("allowed; q.onnx is written"))
      let hint = missed.err.split(separator: "\n").last ?? ""
      #expect(hint.hasPrefix(" hint: --mixed 3 ") && hint.split(separator: ",").count == 3, "\(missed.err)")
      #expect(try work.run(["quantize", "f.onnx", "--max-drop", "100"] + options).status == 0)
    }

    @Test func nothingIsWrittenWithoutPictures() throws {
      func quantize(_ options: String...) throws -> Program.Result {
        try work.run(["quantize"] + options + ["-o", "q.onnx"])
      }
      try work.write("no video", to: "bad.mp4")
      try work.write("", to: "zero.mp4")
      try work.folder("empty")
      try work.folder("odd")
      try work.write("no picture", to: "odd/a.png")
      expectRefusal(try quantize("f.onnx", "--calib", "none.mp4"), "RM-IN-001", "none.mp4")
      expectRefusal(try quantize("f.onnx", "--calib", "bad.mp4"), "RM-IN-002", "bad.mp4")
      expectRefusal(try quantize("f.onnx", "--calib", "zero.mp4"), "RM-IN-004", "zero.mp4")
      expectRefusal(try quantize("f.onnx", "--calib", "empty"), "RM-IN-004", "empty", "no pictures")
      expectRefusal(try quantize("f.onnx", "--calib", "odd"), "RM-IN-002", "odd/a.png")
      expectRefusal(try quantize("f.onnx", "--calib", "test:stret"), "RM-IN-006", "stret")
      expectRefusal(try quantize("none.onnx", "--calib", Street.short), "RM-MODEL-001")
      #expect(work.names == ["bad.mp4", "empty", "f.onnx", "odd", "zero.mp4"])
    }

    @Test func theMostSensitiveOperatorsStayInFloatsWhereAskedFor() throws {
      let result = try work.run([
        "quantize", "f.onnx", "--calib", Street.short, "--frames", "2", "--sensitivity", "--mixed", "2", "-o",
        "q.onnx",
      ])
      #expect(result.status == 0, "\(result.err)")
      let rows = result.lines.drop { !$0.hasPrefix("labels as in fp32 when") }.dropFirst()
        .prefix { $0.hasPrefix(" ") }.map { $0.split(separator: " ").map(String.init) }
      let shares = rows.compactMap { Double($0[0]) }
      #expect(rows.count > 70 && shares.count == rows.count && shares == shares.sorted())
      let kept = rows.prefix(2).map { $0[2] }
      #expect(
        result.lines.contains("mixed      in fp32, with what reads them: \(kept.joined(separator: ", "))"),
        "\(result.out)")
      #expect(result.out.contains("operators int8, mixed"), "\(result.out)")
      let profile = try work.run(["profile", "q.onnx", "--runs", "1", "--top", "0"])
      let floats = profile.lines.filter { $0.contains("runs in fp32 with exact conversion") }
      let written = try #require(result.lines.first { $0.hasPrefix("write ") })
      let counts = written.split(separator: " ").compactMap { Int($0) }
      #expect(!floats.isEmpty && floats.count == counts[1] - counts[0], "\(written)\n\(profile.out)")
      let tooMany = try work.run([
        "quantize", "f.onnx", "--calib", Street.short, "--frames", "1", "--mixed", "500", "-o", "r.onnx",
      ])
      #expect(tooMany.status == 64 && tooMany.err.contains("--mixed 500: the network has"), "\(tooMany.err)")
      #expect(!work.exists("r.onnx"))
    }

    @Test func rangesAreChosenByLabelsOrByWord() throws {
      func line(_ options: String...) throws -> String {
        let result = try work.run(
          ["quantize", "f.onnx", "--calib", Street.short, "--frames", "2", "-o", "q.onnx", "-y"] + options)
        #expect(result.status == 0, "\(result.err)")
        return result.lines.first { $0.hasPrefix("range      ") } ?? result.out
      }
      let all = try line()
      let shares = all.split(separator: " ").compactMap { Double($0) }
      #expect(shares.count == 4 && shares == shares.sorted(by: >), "\(all)")
      for word in ["minmax", "percentile:0.01", "least-error", "entropy"] {
        #expect(all.contains(" \(word) "), "\(all)")
        #expect(try line("--range", word) == "range      \(word)")
      }
      #expect(
        try work.run(["quantize", "f.onnx", "--calib", "x", "-o", "r", "--range", "best"]).status == 64)
    }

    @Test func filesThatAreThereStay() throws {
      let options = ["--calib", Street.short, "--frames", "1"]
      expectRefusal(
        try work.run(["quantize", "f.onnx", "-o", "f.onnx", "-y"] + options), "RM-OUT-006", "the model")
      #expect(try work.run(["quantize", "f.onnx", "-o", "q.onnx"] + options).status == 0)
      let bytes = try work.bytes("q.onnx")
      expectRefusal(try work.run(["quantize", "f.onnx", "-o", "q.onnx"] + options), "RM-OUT-001")
      expectRefusal(try work.run(["quantize", "q.onnx", "-o", "r.onnx"] + options), "RM-MODEL-009")
      #expect(try work.bytes("q.onnx") == bytes && !work.exists("r.onnx"))
    }

    /// Halves need no pictures; the file runs as such, and the file of floats gives the same labels when asked to.
    @Test func halvesRunAsAFileAndOnDemand() throws {
      let made = try work.run(["quantize", "f.onnx", "--to", "fp16", "-o", "h.onnx", "--calib", Street.short])
      #expect(made.status == 0, "\(made.err)")
      #expect(made.out.contains("operators fp16") && made.out.contains("agreement"), "\(made.out)")
      #expect(try work.bytes("h.onnx").count * 10 < work.bytes("f.onnx").count * 6)
      #expect(try work.run(["model", "info", "h.onnx"]).out.contains("precision   fp16"))
      let runs = [
        ("a", ["-m", "h.onnx", "--threads", "1"]), ("b", ["-m", "h.onnx", "--threads", "2"]),
        ("c", ["-m", "f.onnx", "--precision", "fp16"]),
      ]
      for (name, options) in runs {
        let result = try work.run(["run", Street.short, "null:", "--hash", name] + options)
        #expect(result.status == 0 && result.err.contains(" fp16  kernels"), "\(result.err)")
      }
      #expect(
        try work.text("a") == work.text("b") && work.text("a") == work.text("c") && work.text("a") != "")
      let profile = try work.run(["profile", "h.onnx", "--runs", "1", "--top", "0"]).out
      #expect(profile.contains("f16_conv__") && profile.contains("operators fp16"), "\(profile)")
      #expect(
        try work.run(["profile", "h.onnx", "--runs", "1", "--precision", "fp32"]).out.contains("f32_conv__"))
    }

    @Test func whatCannotBeHalvesIsRefused() throws {
      try work.run(["quantize", "f.onnx", "--calib", Street.short, "--frames", "1", "-o", "q.onnx"])
      try work.run(["quantize", "f.onnx", "--to", "fp16", "-o", "h.onnx"])
      for file in ["q.onnx", "h.onnx"] {
        expectRefusal(try work.run(["quantize", file, "--to", "fp16", "-o", "x.onnx"]), "RM-MODEL-009", file)
      }
      expectRefusal(
        try work.run(["run", Street.short, "null:", "-m", "q.onnx", "--precision", "fp16"]), "RM-MODEL-010")
      #expect(try work.run(["quantize", "f.onnx", "-o", "x.onnx"]).status == 64)
      #expect(!work.exists("x.onnx"))
    }

    @Test func agreementIsThatOfLabels() throws {
      try work.run(["quantize", "f.onnx", "--to", "fp16", "-o", "h.onnx"])
      func eval(_ options: [String]) throws -> String {
        try work.run(["eval", "--source", Street.short, "--against", "f.onnx"] + options).out
      }
      #expect(try eval(["-m", "f.onnx"]).contains("agreement 100.000%"))
      let halves = try eval(["-m", "h.onnx"])
      #expect(halves.contains("agreement 99."), "\(halves)")
    }
  }
}
