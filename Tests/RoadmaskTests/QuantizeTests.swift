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
      #expect(missed.err.contains("allowed"))
      #expect(try work.run(["quantize", "f.onnx", "--max-drop", "100"] + options).status == 0)
    }

    @Test func nothingIsWrittenWithoutPictures() throws {
      func quantize(_ options: String...) throws -> Program.Result {
        try work.run(["quantize"] + options + ["-o", "q.onnx"])
      }
      try work.write("no video", to: "bad.mp4")
      try work.folder("empty")
      expectRefusal(try quantize("f.onnx", "--calib", "none.mp4"), "RM-IN-001", "none.mp4")
      expectRefusal(try quantize("f.onnx", "--calib", "bad.mp4"), "RM-IN-002", "bad.mp4")
      #expect(try quantize("f.onnx", "--calib", "empty").status != 0)
      expectRefusal(try quantize("none.onnx", "--calib", Street.short), "RM-MODEL-001")
      #expect(work.names == ["bad.mp4", "empty", "f.onnx"])
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
  }
}
