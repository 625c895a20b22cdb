// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import Stages
import Testing

@testable import Runs

/// One beginning and one end, whoever asks for the run.
@Suite(.serialized) struct PreparationTests {
  private let folder: String

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "roadmask-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  private func clean() { try? FileManager.default.removeItem(atPath: folder) }

  private func config(_ change: (inout PipelineConfig) -> Void = { _ in }) -> PipelineConfig {
    var config = PipelineConfig()
    config.source.uri = "test:street?size=160x96&rate=25&seconds=0.12"
    config.model.size = PixelSize(width: 96, height: 64)
    config.flow.threads = 1
    config.outputs = [OutputConfig(uri: folder + "/h.txt", kind: .hash)]
    change(&config)
    return config
  }

  private let setting = RunSetting(log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })

  private func refusal(_ config: PipelineConfig) -> String? {
    do {
      _ = try setting.prepare(config)
      return nil
    } catch { return Problem(error).id }
  }

  @Test func aRunIsPreparedStartedAndConcluded() throws {
    defer { clean() }
    let prepared = try setting.prepare(config())
    let end = prepared.conclude(prepared.run.start(), ordered: nil)
    #expect(end.status == .success && end.problem == nil && end.report.exit == 0)
    #expect(end.report.figures.ledger.out == 3 && end.report.machine.ffmpeg != nil)
    #expect(end.report.version == Release.version)
    #expect(FileManager.default.fileExists(atPath: folder + "/h.txt"))
  }

  @Test func aRunWithoutFramesLeavesNothingBehind() throws {
    defer { clean() }
    let prepared = try setting.prepare(config { $0.source.start = TimeSpan(seconds: 5) })
    let end = prepared.conclude(prepared.run.start(), ordered: nil)
    #expect(end.problem?.id == "RM-IN-004" && end.report.exit == Int(Runs.ExitStatus.badData.rawValue))
    #expect(!FileManager.default.fileExists(atPath: folder + "/h.txt"))
  }

  @Test func whatWouldBeDoneIsSaidAndNothingIsWritten() throws {
    defer { clean() }
    let lines = try setting.describe(config())
    #expect(lines[0].hasPrefix("in         test:street") && lines[1].hasPrefix("net        "))
    #expect(lines[2] == "out        \(folder)/h.txt")
    #expect(
      lines[3].hasPrefix("run        policy block (file: nothing is dropped)  1 thread  memory at most"))
    #expect(lines.contains("model.size                      96x64"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
  }

  @Test func eachFaultHasItsId() {
    defer { clean() }
    #expect(refusal(config { $0.source.uri = "" }) == "RM-RUN-002")
    #expect(refusal(config { $0.source.uri = "test:stret" }) == "RM-IN-006")
    #expect(refusal(config { $0.overlay.palette = "nobody" }) == "RM-RUN-002")
    #expect(refusal(config { $0.model.file = "nosuch" }) == "RM-MODEL-001")
    #expect(refusal(config { $0.outputs[0].uri = folder + "/none/h.txt" }) == "RM-OUT-002")
    #expect(refusal(config { $0.flow.adapt = .skip }) == "RM-RUN-002")
    #if arch(x86_64)
      #expect(refusal(config { $0.flow.cpu = .neon }) == "RM-USE-004")
    #endif
    #expect((try? FileManager.default.contentsOfDirectory(atPath: folder))?.isEmpty == true)
  }
}
