// SPDX-License-Identifier: Apache-2.0

import Foundation
import Frames
import Testing

extension ProgramTests {
  /// The commands around `run`.
  @Suite struct Commands {
    let work: Workplace

    init() throws { work = try Workplace() }

    private static let commands = [
      [], ["run"], ["bench"], ["eval"], ["quantize"], ["profile"], ["model"], ["model", "build"],
      ["model", "info"], ["model", "check"], ["probe"],
      ["serve"], ["devices"], ["completions"], ["config"], ["config", "check"], ["config", "show"],
      ["contact-sheet"], ["doctor"],
    ]

    @Test(arguments: commands)
    func helpIsPrinted(command: [String]) throws {
      let result = try work.run(command + ["--help"])
      #expect(result.status == 0 && result.err == "")
      #expect(result.out.contains("OVERVIEW: ") && result.out.contains("USAGE: roadmask"))
      // Without a terminal the help is made for 80 columns.
      let wide = result.lines.filter { $0.count > 80 }
      #expect(wide.isEmpty, "\(wide)")
    }

    /// Every option of every command: help has its words from the 27th column on, beside it or below it.
    @Test(arguments: commands)
    func everyOptionSaysWhatItIsFor(command: [String]) throws {
      let help = try work.run(command + ["--help"]).lines
      let lines = help.drop { !$0.hasSuffix("OPTIONS:") }.map(Array.init)
      var options = 0
      for (index, line) in lines.enumerated() where line.starts(with: Array("  -")) {
        options += 1
        let beside = line.count > 26 && line[25] == " " ? line[26...].count : 0
        let next = index + 1 < lines.count ? lines[index + 1] : []
        let below = next.count > 26 && next.prefix(26).allSatisfy { $0 == " " } ? next.count - 26 : 0
        #expect(beside + below > 5, "\(command) \(String(line))")
      }
      #expect(options > 0, "--help itself is one")
    }

    @Test func theFirstHelpNamesTheNext() throws {
      let first = try work.run(["--help"]).out
      #expect(first.contains("roadmask IN [OUT]") && first.contains("roadmask run --help"))
    }

    @Test(arguments: [("bash", "complete "), ("zsh", "#compdef roadmask"), ("fish", "complete -c")])
    func completionsAreScripts(shell: String, words: String) throws {
      let result = try work.run(["completions", shell])
      #expect(result.status == 0 && result.out.contains(words) && result.out.contains("serve"))
      guard shell == "bash" else { return }
      try work.write(result.out, to: "script")
      #expect(try Program.tool("bash", ["-n", "script"], in: work.path)?.status ?? 0 == 0)
    }

    @Test func doctorKnowsTheMachine() throws {
      let result = try work.run(["doctor"])
      #expect(result.status == 0)
      for word in ["cpu ", "kernels ", "threads ", "ffmpeg ", "libx264", "srm-crm"] {
        #expect(result.out.contains(word), "\(word)")
      }
    }

    @Test func licensesNameTheTermsOfTheWeights() throws {
      let out = try work.run(["doctor", "--licenses"]).out
      for word in ["Apache-2.0", "Yams: MIT", "CamVid", "research and non-commercial"] {
        #expect(out.contains(word), "\(word) in \(out)")
      }
    }

    @Test func probeTellsWhatAVideoIs() throws {
      try work.clip("in.mp4")
      let result = try work.run(["probe", "in.mp4"])
      #expect(result.status == 0)
      for word in ["h264 192x128", "10 fps", "bt601 limited", "policy     block"] {
        #expect(result.out.contains(word), "\(word) in \(result.out)")
      }
      expectRefusal(try work.run(["probe", "none.mp4"]), "RM-IN-001", "none.mp4")
    }

    @Test func profileTimesEveryOperator() throws {
      let result = try work.run(["profile", "--runs", "1", "--infer-size", "64x64", "--top", "0"])
      #expect(result.status == 0, "\(result.err)")
      #expect(result.out.contains("merge.s4.fuse") && result.out.contains("backbone.b17.dw"))
      // A header, a line for each step, the sum, the peak, whole runs.
      let lines = result.lines.filter { !$0.isEmpty }
      let sum = try #require(lines.firstIndex { $0.contains(" steps  ") })
      #expect(Int(lines[sum].prefix { $0.isNumber }) == sum - 1, "\(lines[sum])")
      expectRefusal(try work.run(["profile", "nosuch"]), "RM-MODEL-001", "nosuch")
    }

    @Test func shippedPipelinesAreGood() throws {
      let folder = Program.package + "/pipelines"
      let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
      let files = names.filter { $0.hasSuffix(".yaml") }.map { folder + "/" + $0 }
      #expect(files.count >= 6)
      let words = ["CAM_USER=u", "CAM_PASS=p", Program.path, "config", "check"]
      let result = try Started("/usr/bin/env", words + files, in: work.path).wait()
      #expect(result.status == 0, "\(result.err)")
      #expect(result.lines == files.map { "\($0): good" })
    }

    @Test func configShowTellsEveryKey() throws {
      try work.write(
        "version: 1\nstages:\n  encode: { crf: 31 }\noutputs:\n  - { uri: x.mp4 }\n", to: "p.yaml")
      let lines = try work.run(["config", "show", "p.yaml"]).lines.map {
        $0.split(separator: " ").map(String.init)
      }
      #expect(lines.contains(["stages.encode.crf", "31.0"]))
      #expect(lines.contains(["outputs.0.uri", "x.mp4"]))
      #expect(lines.contains(["stages.overlay.alpha", "0.5"]))
      #expect(try work.run(["config", "show"]).lines.contains { $0.hasPrefix("pipeline.policy ") })
    }

    @Test func modelsAreBuiltListedAndChecked() throws {
      let built = try work.run([
        "model", "build", "srm-crm", "--size", "96x64", "-o", "m.onnx", "--meta", "license=MIT",
      ])
      #expect(built.status == 0, "\(built.err)")
      expectRefusal(try work.run(["model", "build", "-o", "m.onnx"]), "RM-OUT-001", "m.onnx")
      let info = try work.run(["model", "info", "m.onnx"])
      #expect(info.status == 0)
      for word in ["license     MIT", "float32[1,3,64,96]", "bicyclist", "parameters"] {
        #expect(info.out.contains(word), "\(word) in \(info.out)")
      }
      #expect(info.out.components(separatedBy: "\ninput ").count == 2, "told once")
      let check = try work.run(["model", "check", "m.onnx"])
      #expect(check.status == 0 && check.out.contains("\nruns "))
      #expect(try work.run(["model", "info"]).out.contains("srm-crm  "))
      try work.label([Street.short, "null:", "-m", "m.onnx"])
    }

    @Test func contactSheetHasItsPlaces() throws {
      try work.clip("in.mp4")
      let result = try work.run(["contact-sheet", "in.mp4", "sheet.png", "--count", "4", "--columns", "2"])
      #expect(result.status == 0, "\(result.err)")
      let info = try ImageSequenceReader(work("sheet.png")).info
      #expect(info.width == 384 && info.height == 256)
      expectRefusal(try work.run(["contact-sheet", "in.mp4", "sheet.png"]), "RM-OUT-001")
      expectRefusal(
        try work.run(["contact-sheet", "sheet.png", "sheet.png", "-y"]), "RM-OUT-006", "sheet.png")
      expectRefusal(try work.run(["contact-sheet", "in.mp4", "x.gif"]), "RM-OUT-003")
      expectRefusal(
        try work.run(["contact-sheet", "in.mp4", "x.png", "--count", "0"]), "RM-USE-006", "--count")
    }
  }
}
