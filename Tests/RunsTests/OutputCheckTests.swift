// SPDX-License-Identifier: Apache-2.0

import Foundation
import Stages
import TestSupport
import Testing

@testable import Runs

/// What is refused before a run opens anything.
@Suite struct OutputCheckTests {
  private let temporary: TemporaryFolder
  private var folder: String { temporary.path }

  init() throws {
    temporary = try TemporaryFolder()
  }

  private func refusal(_ outputs: [OutputConfig], overwrite: Bool = false) -> String? {
    var config = PipelineConfig()
    config.source.uri = folder + "/in.mp4"
    config.outputs = outputs
    do {
      try OutputCheck(config, model: folder + "/m.onnx", overwrite: overwrite).run()
      return nil
    } catch {
      return (error as? Problem)?.id ?? "\(error)"
    }
  }

  @Test func outputsThatCanBeWrittenPass() throws {
    try Data().write(to: URL(fileURLWithPath: folder + "/in.mp4"))
    let png = OutputConfig(uri: folder + "/labels", kind: .png)
    #expect(
      refusal([
        OutputConfig(uri: folder + "/a.mp4"), png, OutputConfig(uri: "-"), OutputConfig(uri: "null:"),
      ]) == nil)
  }

  @Test func nothingIsWrittenOverWhatIsRead() throws {
    try Data().write(to: URL(fileURLWithPath: folder + "/in.mp4"))
    try FileManager.default.createSymbolicLink(
      atPath: folder + "/link.mp4", withDestinationPath: folder + "/in.mp4")
    for name in ["in.mp4", "link.mp4", "../\((folder as NSString).lastPathComponent)/in.mp4"] {
      #expect(refusal([OutputConfig(uri: folder + "/" + name)], overwrite: true) == "RM-OUT-006", "\(name)")
    }
  }

  @Test func aPlaceIsWrittenOnce() throws {
    let file = OutputConfig(uri: folder + "/a.mp4")
    #expect(refusal([file, file]) == "RM-OUT-007")
    #expect(refusal([OutputConfig(uri: "-"), OutputConfig(uri: "-", kind: .mask)]) == "RM-OUT-007")
  }

  @Test func whatExistsStaysUnlessItMayGo() throws {
    try Data().write(to: URL(fileURLWithPath: folder + "/a.mp4"))
    var file = OutputConfig(uri: folder + "/a.mp4")
    #expect(refusal([file]) == "RM-OUT-001")
    file.overwrite = true
    #expect(refusal([file]) == nil)
    #expect(refusal([OutputConfig(uri: folder + "/none/a.mp4")]) == "RM-OUT-002")
  }
}
