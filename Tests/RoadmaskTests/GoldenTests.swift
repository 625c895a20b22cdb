// SPDX-License-Identifier: Apache-2.0

import CPU
import Foundation
import Testing

extension ProgramTests {
  /// What the shipped int8 models give and how they are planned, against the texts in `samples/golden`.
  ///
  /// With `ROADMASK_GOLDENS=renew` the texts are written instead, labels by the scalar level, and the other
  /// levels are compared with them at once (`scripts/goldens --renew`).
  @Suite struct Goldens {
    let work: Workplace

    init() throws { work = try Workplace() }

    static let folder = Program.package + "/samples/golden"
    static let isRenewing = ProcessInfo.processInfo.environment["ROADMASK_GOLDENS"] == "renew"

    /// Shipped models in int8, by their names.
    static let models: [String] = {
      let files = (try? FileManager.default.contentsOfDirectory(atPath: Program.package + "/models")) ?? []
      return files.filter { $0.hasSuffix(".int8.onnx") }.map { String($0.dropLast(".int8.onnx".count)) }
        .sorted()
    }()

    /// Three pictures, seconds apart, large enough for stripes.
    static let source = "test:street?size=480x320&rate=1&seconds=3&seed=17"
    static let taps = ["decode", "argmax", "overlay"]

    /// The level whose plan in int8 a level has: those that add arithmetic on halves change nothing else.
    static func integerLevel(_ level: CPULevel) -> CPULevel {
      switch level {
      case .avx512bf16, .avx512fp16: .avx512vnni
      case .neonfp16: .neon
      default: level
      }
    }

    static func file(_ model: String) -> String { "\(Program.package)/models/\(model).int8.onnx" }

    /// Checksums of the planes at each tap, a line for each picture: `TAP FRAME PTS SUM…`.
    private func checksums(_ model: String, _ level: CPULevel, threads: Int) throws -> [String] {
      let hashes = Self.taps.flatMap { ["--hash", "\($0)=\($0).txt"] }
      let result = try work.run(
        [
          "run", Self.source, "null:", "-m", Self.file(model), "--infer-size", "480x320", "--cpu",
          level.rawValue, "--threads", "\(threads)", "-q", "-y",
        ] + hashes)
      #expect(result.status == 0, "\(model) \(level): \(result.err)")
      return try Self.taps.flatMap { tap in
        try work.text("\(tap).txt").split(separator: "\n").map { "\(tap) \($0)" }
      }
    }

    /// The golden text `name`, which is written first where goldens are renewed from `lines`.
    private func golden(_ name: String, _ lines: [String], isSource: Bool) throws -> [String] {
      let path = "\(Self.folder)/\(name)"
      if Self.isRenewing, isSource {
        try FileManager.default.createDirectory(atPath: Self.folder, withIntermediateDirectories: true)
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(fileURLWithPath: path))
      }
      let bytes = try #require(
        FileManager.default.contents(atPath: path), "\(path) is missing: ./scripts/goldens --renew")
      return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    @Test(arguments: models) func labelsAreTheSame(model: String) throws {
      for level in CPULevel.usable where Self.integerLevel(level) == level {
        for threads in [1, 2] {
          let lines = try checksums(model, level, threads: threads)
          #expect(lines.count == 9, "\(model) \(level.rawValue)")
          let golden = try golden("\(model).int8.txt", lines, isSource: level == .scalar && threads == 1)
          #expect(golden.count == lines.count, "\(model): ./scripts/goldens --renew")
          for (line, expected) in zip(lines, golden) where line != expected {
            let words = line.split(separator: " ")
            Issue.record(
              """
              \(model) at \(level.rawValue) on \(threads) threads, \(words[0]) of frame \(words[1]): \
              \(line), not \(expected)
              """
            )
          }
        }
      }
    }

    @Test(arguments: models) func plansAreTheSame(model: String) throws {
      for level in CPULevel.usable {
        let result = try work.run(["profile", Self.file(model), "--cpu", level.rawValue, "--plan"])
        #expect(result.status == 0, "\(model) \(level): \(result.err)")
        let own = Self.integerLevel(level)
        var lines = result.lines
        if level != own, let first = lines.first, first.hasSuffix(" level \(level.rawValue)") {
          lines[0] = first.dropLast(level.rawValue.count) + own.rawValue
        }
        let golden = try golden("\(model).\(own.rawValue).plan.txt", lines, isSource: level == own)
        #expect(golden.count == lines.count, "\(model) at \(level.rawValue): lines of the plan")
        if let (line, expected) = zip(lines, golden).first(where: { $0 != $1 }) {
          Issue.record("\(model) at \(level.rawValue) plans\n\(line)\nnot\n\(expected)")
        }
      }
    }

    @Test func everyGoldenHasItsModel() throws {
      let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder).sorted()
      let levels = CPULevel.allCases.map(\.rawValue)
      let known = Self.models.flatMap { model in
        ["\(model).int8.txt"] + levels.map { "\(model).\($0).plan.txt" }
      }
      #expect(Set(names).subtracting(known).isEmpty)
      #expect(!Self.models.isEmpty)
    }
  }
}
