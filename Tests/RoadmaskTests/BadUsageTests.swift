// SPDX-License-Identifier: Apache-2.0

import Testing

extension ProgramTests {
  /// Command lines that cannot be meant so.
  @Suite struct BadUsage {
    @Test(arguments: [
      (["--alpah", "1"], "did you mean '--alpha'?"), (["x", "y", "z"], "'z'"),
      (["run", "--helpp"], "run --help"),
      (["x.mp4", "--alpha"], "--alpha"), (["eval", "--preds", "x"], "eval --help"),
      (["contact-sheet"], "<input>"),
      (["doctor", "--license"], "did you mean '--licenses'?"),
    ])
    func wordsThatAreUnknown(arguments: [String], words: String) throws {
      expectRefusal(try Program.run(arguments), "RM-USE-006", words)
    }

    @Test(arguments: [
      ("--threads", "0", "1 to"), ("--threads", "many", "whole number"), ("--alpha", "2", "0 to 1"),
      ("--alpha", "nan", "number"), ("--queue", "0", "1 to"), ("--frames", "0", "1 to"),
      ("--stride", "0", "1 to"),
      ("--view", "none", "overlay"), ("--view", "sied", "side"), ("--fit", "crop", "stretch"),
      ("--filter", "cubic", "linear"), ("--rotate", "45", "90"), ("--color", "bt2020", "bt709"),
      ("--range", "tv", "limited"), ("--infer-size", "0x0", "1024x512"), ("--infer-size", "big", "1024x512"),
      ("--crf", "99", "0 to 51"), ("--preset", "quick", "veryfast"), ("--bitrate", "1", "1000"),
      ("--audio", "mp3", "copy"), ("--ss", "soon", "HH:MM:SS"), ("-t", "-", "HH:MM:SS"),
      ("--max-errors", "7", "0 to 1"),
      ("--cpu", "mmx", "scalar"), ("--report", "pdf", "json"), ("--progress", "bar", "line"),
      ("--ids", "some", "train"),
      ("--fragment", "long", "HH:MM:SS"), ("--hash", "infer=h.txt", "argmax"),
    ])
    func valuesThatCannotBe(option: String, value: String, words: String) throws {
      let work = try Workplace()
      let outputs = ["out.mp4", "--mask", "m.mkv"]
      let result = try work.run([Street.short] + outputs + [option, value, "-q"])
      expectRefusal(result, "RM-USE-002", "\(option) ", words)
      #expect(work.names.isEmpty)
    }

    @Test func levelsOfOtherMachines() throws {
      // No machine has both.
      let foreign = ["neon", "avx2"].map { ($0, ["--cpu", $0]) }
      let results = try foreign.map { try Program.run([Street.short, "null:"] + $0.1 + Street.fast) }
      let refused = results.filter { $0.status != 0 }
      #expect(!refused.isEmpty)
      for result in refused { expectRefusal(result, "RM-USE-004", "usable here: scalar") }
    }

    @Test func nothingToDo() throws {
      expectRefusal(try Program.run([]), "RM-USE-003", "roadmask IN [OUT]", "--help")
      expectRefusal(try Program.run(["run"]), "RM-USE-003")
      expectRefusal(try Program.run([Street.short, "null:", "-v", "-q"]), "RM-USE-002", "-q")
      expectRefusal(
        try Program.run([Street.short, "null:", "--palette", "nobody"] + Street.fast), "RM-RUN-002", "camvid")
      expectRefusal(
        try Program.run([Street.short, "null:", "--palette", "voc"] + Street.fast), "RM-RUN-002", "classes")
    }

    @Test func everyIdHasItsCode() {
      #expect(MessageIndex.codes.count >= 40)
      #expect(MessageIndex.codes["RM-USE-002"] == 64 && MessageIndex.codes["RM-OUT-004"] == 74)
    }
  }
}
