// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension ProgramTests {
  /// Outputs that cannot be, or must not be.
  @Suite struct BadOutputs {
    let work: Workplace

    init() throws {
      work = try Workplace()
      try work.clip("in.mp4")
    }

    /// Expects a refusal that changes no file and leaves none behind.
    private func expectUntouched(
      _ arguments: [String], _ id: String, _ words: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
      let (names, bytes) = (work.names, try work.bytes("in.mp4"))
      expectRefusal(try work.run(arguments + Street.fast), id, words, sourceLocation: sourceLocation)
      #expect(work.names == names, sourceLocation: sourceLocation)
      #expect(try work.bytes("in.mp4") == bytes, sourceLocation: sourceLocation)
    }

    /// The one fault that nobody forgives.
    @Test func sourceIsNeverWrittenOver() throws {
      try work.folder("sub")
      try work.link("link.mp4", to: "in.mp4")
      try FileManager.default.linkItem(atPath: work("in.mp4"), toPath: work("hard.mp4"))
      try work.link("sub/up.mp4", to: "../link.mp4")
      for name in [
        "in.mp4", "./in.mp4", "sub/../in.mp4", work("in.mp4"), "link.mp4", "hard.mp4", "sub/up.mp4",
      ] {
        try expectUntouched(["in.mp4", name, "-y"], "RM-OUT-006", "it is the source")
        try expectUntouched(["in.mp4", name], "RM-OUT-006", "it is the source")
      }
      try expectUntouched(["link.mp4", "in.mp4", "-y"], "RM-OUT-006", "it is the source")
      for option in ["--mask", "--hash", "--stats", "--report-file", "-o"] {
        try expectUntouched(["in.mp4", "null:", option, "in.mp4", "-y"], "RM-OUT-006", "it is the source")
      }
    }

    @Test func picturesOfTheSourceAreNotWrittenOver() throws {
      try work.label(["in.mp4", "%06d.png", "--frames", "2"])
      try expectUntouched([".", "%06d.png", "-y"], "RM-OUT-006", "it is a picture of the source")
      try expectUntouched(["*.png", "p%d.png", "-y"], "RM-OUT-006", "those of the source")
      try expectUntouched(
        [".", "null:", "--mask-png", ".", "-y"], "RM-OUT-006", "it is a picture of the source")
    }

    @Test func modelIsNotWrittenOver() throws {
      let built = try work.run(["model", "build", "--size", "96x64", "-o", "m.onnx"])
      #expect(built.status == 0)
      let model = try work.bytes("m.onnx")
      try expectUntouched(
        ["in.mp4", "null:", "-m", "m.onnx", "--hash", "m.onnx", "-y"], "RM-OUT-006", "the model")
      #expect(try work.bytes("m.onnx") == model)
    }

    @Test func existingFilesNeedConsent() throws {
      for name in ["out.mp4", "m.mkv", "m2.classes.json", "h.txt", "s.jsonl"] {
        try work.write("mine", to: name)
      }
      try expectUntouched(["in.mp4", "out.mp4"], "RM-OUT-001", "-y")
      try expectUntouched(["in.mp4", "new.mp4", "--mask", "m.mkv"], "RM-OUT-001", "m.mkv")
      try expectUntouched(["in.mp4", "new.mp4", "--mask", "m2.mkv"], "RM-OUT-001", "m2.classes.json")
      try expectUntouched(["in.mp4", "new.mp4", "--hash", "h.txt"], "RM-OUT-001", "h.txt")
      try expectUntouched(["in.mp4", "new.mp4", "--stats", "s.jsonl"], "RM-OUT-001", "s.jsonl")
      #expect(try work.text("out.mp4") == "mine")
      try work.label(["in.mp4", "out.mp4", "-y", "--hash", "h.txt"])
      #expect(try Clip(work("out.mp4")).count == 10)
    }

    @Test func twoOutputsInOneFile() throws {
      try expectUntouched(["in.mp4", "x.mkv", "--mask", "x.mkv", "-y"], "RM-OUT-007", "x.mkv")
      try expectUntouched(["in.mp4", "x.mp4", "-o", "./x.mp4"], "RM-OUT-007", "x.mp4")
      try expectUntouched(["in.mp4", "null:", "--hash", "h", "--stats", "h", "-y"], "RM-OUT-007", "h")
    }

    @Test func standardOutputIsForOne() throws {
      try expectUntouched(["in.mp4", "-", "--report-file", "-"], "RM-OUT-007", "standard output")
      try expectUntouched(["in.mp4", "-", "--report", "json"], "RM-OUT-007", "--report-file")
      try expectUntouched(
        ["in.mp4", "null:", "--hash", "-", "--stats", "-"], "RM-OUT-007", "standard output")
      try expectUntouched(["in.mp4", "null:", "--mask-png", "-"], "RM-RUN-002", "--mask -")
      expectRefusal(try work.run(["model", "build", "-o", "-"]), "RM-USE-002", "./-")
      expectRefusal(try work.run(["contact-sheet", "in.mp4", "-"]), "RM-USE-002", "./-")
      #expect(work.names == ["in.mp4"])
    }

    @Test func placesThatAreNot() throws {
      try work.folder("folder.mp4")
      try work.write("file", to: "file")
      try expectUntouched(["in.mp4", "none/x.mp4"], "RM-OUT-002", "mkdir -p none")
      try expectUntouched(["in.mp4", "none/%d.png"], "RM-OUT-002", "mkdir -p none")
      try expectUntouched(["in.mp4", "file/x.mp4"], "RM-OUT-002", "not a folder")
      try expectUntouched(["in.mp4", "folder.mp4", "-y"], "RM-OUT-002", "it is a folder")
      try expectUntouched(["in.mp4", "null:", "--mask-png", "file"], "RM-OUT-002", "not a folder")
      try expectUntouched(["in.mp4", "x.mp4", "--mask", "none/m.mkv"], "RM-OUT-002", "none/m.mkv")
      try expectUntouched(["in.mp4", "x.mp4", "--stats", "none/s"], "RM-OUT-002", "none/s")
      try expectUntouched(["in.mp4", "x.mp4", "--report-file", "none/r"], "RM-OUT-002", "none/r")
      try expectUntouched(["in.mp4", "x.txt"], "RM-RUN-002", "x.txt")
      try expectUntouched(["in.mp4", "x.mp4", "-o", "x.txt"], "RM-RUN-002", "x.txt")
      try expectUntouched(["in.mp4", "x.mp4", "--encoder", "nobody"], "RM-OUT-003", "libx264")
      try expectUntouched(["in.mp4", "x.mp4", "--truth", "t.mkv"], "RM-RUN-002", "test:street")
    }

    @Test(.enabled(if: getuid() != 0, "root may write everywhere"))
    func foldersWithoutPermission() throws {
      try work.folder("closed")
      try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: work("closed"))
      try expectUntouched(["in.mp4", "closed/x.mp4"], "RM-FILE-001", "closed/x.mp4")
    }

    @Test func deviceWithoutSpace() throws {
      for name in ["full.mp4", "full.mkv"] { try work.link(name, to: "/dev/full") }
      for arguments in [
        ["full.mp4"], ["null:", "--hash", "/dev/full"], ["null:", "--stats", "/dev/full"],
        ["null:", "--mask", "full.mkv"],
      ] {
        let result = try work.run(["in.mp4"] + arguments + Street.fast)
        expectRefusal(result, "RM-OUT-004", "no space left on device")
      }
      #expect(work.names == ["full.classes.json", "full.mkv", "full.mp4", "in.mp4"])
    }

    /// A limit on the size of files stands for a disk that fills up.
    @Test func diskThatFillsUp() throws {
      let program = "ulimit -f 1000; exec \"$0\" \"$@\""
      let words = ["-c", program, Program.path, Street.endless, "out.mp4", "--crf", "5"] + Street.fast
      let result = try #require(try Program.tool("bash", words, in: work.path))
      #expect(!result.isTimedOut)
      expectRefusal(result, "RM-OUT-004", "out.mp4")
      #expect(try Clip(work("out.mp4")).count >= 30, "what was written plays")
    }

    private static func mount(_ folder: String) -> Bool {
      let words = ["-t", "tmpfs", "-o", "size=1000k", "none", folder]
      return (try? Program.tool("mount", words, in: "/"))??.status == 0
    }

    private static func unmount(_ folder: String) {
      _ = try? Program.tool("umount", ["-l", folder], in: "/")
    }

    /// Where it cannot be had, `diskThatFillsUp` has to do.
    static let canMount: Bool = {
      guard let work = try? Workplace(), mount(work.path) else { return false }
      unmount(work.path)
      return true
    }()

    @Test(.enabled(if: canMount, "needs the right to mount"))
    func smallDisk() throws {
      try work.folder("disk")
      #expect(Self.mount(work("disk")))
      defer { Self.unmount(work("disk")) }
      let result = try work.run([Street.endless, "disk/out.mp4", "--crf", "5"] + Street.fast)
      expectRefusal(result, "RM-OUT-004", "no space left on device")
      #expect(try Clip(work("disk/out.mp4")).count >= 30, "what was written plays")
    }
  }
}
