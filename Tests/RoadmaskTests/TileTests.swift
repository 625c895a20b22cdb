// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension Program {
  /// It runs on AMX here, and can be hindered: there is a C compiler, and no sanitizer.
  fileprivate static let fillsTiles =
    (try? run(["doctor"]).out.contains("kernels    amx")) == true && !Sanitizer.isAny
    && (try? tool("cc", ["--version"], in: "/tmp"))??.status == 0
}

extension ProgramTests {
  /// AMX: a kernel that refuses its state, and signals while tiles hold sums.
  @Suite(.enabled(if: Program.fillsTiles, "skipped: needs a CPU with AMX, a C compiler and no sanitizer"))
  struct Tiles {
    let work: Workplace

    init() throws { work = try Workplace() }

    private static let labelling = [
      "run", "test:street?size=640x360&rate=10&seconds=5&seed=3", "null:", "--progress", "none", "--hash",
    ]

    private func plainLabels() throws -> Data {
      let result = try work.run(Self.labelling + ["argmax=plain.txt"])
      #expect(result.status == 0 && result.err.contains("kernels amx"), "\(result.err)")
      return try work.bytes("plain.txt")
    }

    /// A filter of system calls refuses the permission, as an old or a cautious kernel does.
    @Test func withoutPermission() throws {
      let refuse = try Preload.program("refuse", in: work)
      func refused(_ words: [String]) throws -> Program.Result {
        try #require(try Program.tool(refuse, [Program.path] + words, in: work.path))
      }
      let doctor = try refused(["doctor"])
      #expect(doctor.status == 0 && doctor.out.contains("kernels    avx512fp16"), "\(doctor.out)")
      #expect(!doctor.out.contains("amx"))
      let profile = try refused(["profile", "--runs", "1"])
      #expect(profile.status == 0 && profile.out.contains("int8_conv__avx512vnni"), "\(profile.err)")
      #expect(!profile.out.contains("__amx"))
      let named = try refused(["profile", "--cpu", "amx"])
      #expect(named.status != 0 && named.err.contains("amx"), "\(named.err)")
      let labels = try refused(Self.labelling + ["argmax=refused.txt"])
      #expect(labels.status == 0 && labels.err.contains("kernels avx512fp16"), "\(labels.err)")
      let plain = try plainLabels()
      #expect(try work.bytes("refused.txt") == plain)
    }

    /// A handler begins with empty tiles, and what they held is there again behind it.
    @Test func signalsThatComeWhileTilesAreFull() throws {
      let ticks = try Preload.library("ticks", in: work)
      let preload = "LD_PRELOAD=\(ticks)"
      let result = try #require(
        try Program.tool("env", [preload, Program.path] + Self.labelling + ["argmax=hit.txt"], in: work.path))
      #expect(result.status == 0, "\(result.err)")
      let counts = try work.text("ticks.txt").split(separator: " ").map { Int($0)! }
      #expect(counts[0] > 50 && counts[1] > 0, "\(counts): ticks, with full tiles, on narrow stacks")
      #expect(counts[2] == 0, "an alternate stack is too small for the state of tiles")
      let plain = try plainLabels()
      #expect(try work.bytes("hit.txt") == plain)
    }
  }
}
