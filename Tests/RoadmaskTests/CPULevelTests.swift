// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension ProgramTests {
  /// The level of instructions can be lowered by an option and by the environment, and is lowered whole.
  @Suite struct CPULevels {
    let work: Workplace

    init() throws { work = try Workplace() }

    private func run(_ words: [String], limit: String) throws -> Program.Result {
      try #require(try Program.tool("env", ["ROADMASK_CPU=\(limit)", Program.path] + words, in: work.path))
    }

    private func usable(limit: String) throws -> [String] {
      let doctor = try run(["doctor"], limit: limit)
      let line = try #require(
        doctor.out.split(separator: "\n").first { $0.hasPrefix("kernels ") }, "\(doctor.err)")
      let parts = line.dropFirst("kernels".count).components(separatedBy: "; usable: ")
      return [parts[0].trimmingCharacters(in: .whitespaces)] + parts[1].components(separatedBy: ", ")
    }

    @Test func theEnvironmentLowersAndNeverRaises() throws {
      let all = try usable(limit: "")
      for level in all.dropFirst() {
        let lowered = try usable(limit: level)
        #expect(lowered[0] == level && lowered.last == level, "\(lowered)")
        #expect(lowered.dropFirst() == all.dropFirst().prefix { $0 != level } + [level])
      }
      let profile = try run(["profile", "--runs", "1", "--top", "0"], limit: "scalar")
      #expect(profile.status == 0 && profile.out.contains("int8_conv__scalar"), "\(profile.err)")
      #expect(!profile.out.contains("__avx") && !profile.out.contains("__neon"))
      if all[0] != "scalar" {
        expectRefusal(try run(["profile", "--cpu", all[0]], limit: "scalar"), "RM-USE-004", all[0])
      }
      let native = all.contains("avx2") ? "amx" : "i8mm"
      #expect(try usable(limit: native) == all, "a limit above what the machine has changes nothing")
    }

    @Test func aLimitThatIsNoLevelIsRefused() throws {
      let result = try run(["run", "test:street?seconds=1", "null:"], limit: "avx9")
      expectRefusal(result, "RM-USE-004")
      #expect(result.err.contains("ROADMASK_CPU") && result.err.contains("avx9"))
    }
  }
}
