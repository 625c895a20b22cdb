// SPDX-License-Identifier: Apache-2.0

import Foundation
import Frames
import Glibc
import TestSupport
import Testing

@testable import Stages

/// Whole runs whose outputs are cut, stuck or full.
@Suite(.serialized) struct OutputRunTests {
  private let folder: TemporaryFolder

  init() throws {
    // A pipe whose reader is gone is an error to be told, as in the program.
    signal(SIGPIPE, SIG_IGN)
    folder = try TemporaryFolder()
  }

  private func path(_ name: String) -> String { folder.path(name) }

  private func config(seconds: Double) -> PipelineConfig {
    var config = PipelineConfig()
    config.source.uri = "test:street?size=96x64&rate=25&seconds=\(seconds)"
    config.flow.threads = 1
    return config
  }

  private func run(_ config: PipelineConfig) throws -> RunResult {
    let result = try Run(config: config, model: grayModel, inferences: [GrayInference()]).start()
    #expect(result.report.figures.ledger.isBalanced)
    for output in result.report.outputs {
      #expect(
        output.written + output.dropped + output.failed == result.report.figures.ledger.out, "\(output)")
    }
    return result
  }

  private func frames(_ name: String) throws -> [Double] {
    let reader = try VideoReader(path(name))
    var times: [Double] = []
    while let frame = try reader.next() { times.append(frame.time) }
    return times
  }

  @Test func segmentsStartAtZeroAndLoseNothing() throws {
    var config = config(seconds: 3.4)
    config.outputs = [OutputConfig(uri: path("v.mp4")), OutputConfig(uri: path("m.mkv"), kind: .mask)]
    for index in config.outputs.indices { config.outputs[index].segment = TimeSpan(seconds: 1) }
    config.outputs[0].keep.size = ByteCount(bytes: 1_000_000_000)
    let result = try run(config)
    #expect(result.error == nil && result.report.outputs.allSatisfy { $0.written == 85 })
    for (name, ending) in [("v", "mp4"), ("m", "mkv")] {
      let parts = try (0..<4).map { try frames("\(name)-00\($0).\(ending)") }
      #expect(parts.map(\.count) == [25, 25, 25, 10])
      #expect(parts.allSatisfy { part in zip(part, 0...).allSatisfy { abs($0 - Double($1) / 25) < 0.0011 } })
      #expect(!FileManager.default.fileExists(atPath: path("\(name)-004.\(ending)")))
    }
    #expect(FileManager.default.fileExists(atPath: path("m.classes.json")))
    // The next run goes on counting, and the limit removes the first.
    config.outputs.removeLast()
    config.outputs[0].keep.size = ByteCount(bytes: 1)
    _ = try run(config)
    #expect(try frames("v-007.mp4").count == 10)
    #expect(!FileManager.default.fileExists(atPath: path("v-000.mp4")))
    #expect(FileManager.default.fileExists(atPath: path("m-000.mkv")))
  }

  /// A pipe that nobody reads stands for a disk that hangs.
  @Test func aStuckOutputHarmsNobodyElse() throws {
    #expect(mkfifo(path("stuck.mkv"), 0o600) == 0)
    let reader = open(path("stuck.mkv"), O_RDWR)
    defer { close(reader) }
    var config = config(seconds: 4)
    config.source.isLive = true
    config.flow.policy = .dropOldest
    config.flow.queue = 4
    config.encode.crf = 0
    config.outputs = [OutputConfig(uri: path("stuck.mkv")), OutputConfig(uri: path("h.txt"), kind: .hash)]
    config.outputs[1].onSlow = .block
    let result = try run(config)
    let outputs = result.report.outputs
    let out = result.report.figures.ledger.out
    #expect(result.error == nil && out > 20)
    #expect(outputs[1].written == out)
    #expect(outputs[0].dropped > 0 && outputs[0].written < out, "\(outputs[0])")
    #expect(result.warnings.contains { $0.contains("took nothing") }, "\(result.warnings)")
  }

  @Test(.timeLimit(.minutes(10))) func stopDoesNotWaitForABlockedFile() throws {
    #expect(mkfifo(path("stuck.mkv"), 0o600) == 0)
    let reader = open(path("stuck.mkv"), O_RDWR)
    defer { close(reader) }
    var config = config(seconds: 0)
    config.encode.crf = 0
    config.outputs = [OutputConfig(uri: path("stuck.mkv"))]
    let run = try Run(config: config, model: grayModel, inferences: [GrayInference()])
    DispatchQueue.global().asyncAfter(deadline: .now() + 2) { run.stop() }
    let result = run.start()
    #expect(result.status == .stopped && result.report.figures.ledger.isBalanced)
  }

  @Test func aFullDiskUnderContinueHarmsNobodyElse() throws {
    try FileManager.default.createSymbolicLink(atPath: path("full.mp4"), withDestinationPath: "/dev/full")
    var config = config(seconds: 2)
    config.outputs = [OutputConfig(uri: path("full.mp4")), OutputConfig(uri: path("fine.mp4"))]
    config.outputs[0].onError = .continue
    let result = try run(config)
    #expect(result.error == nil && result.report.outputs[1].written == 50)
    #expect(result.report.outputs[0].failed > 0 && result.report.outputs[0].errors == 1)
    #expect(result.warnings.count == 1 && result.warnings[0].contains("no space left"))
    #expect(try frames("fine.mp4").count == 50)
  }

  @Test func rawVideoIsThePictures() throws {
    var config = config(seconds: 0.4)
    config.outputs = [OutputConfig(uri: path("a.y4m")), OutputConfig(uri: path("a.yuv"))]
    config.outputs[0].format = "yuv4mpegpipe"
    config.outputs[1].format = "rawvideo"
    let result = try run(config)
    let picture = 96 * 64 * 3 / 2
    #expect(result.report.outputs[1].bytes == Int64(10 * picture))
    #expect(try Data(contentsOf: URL(filePath: path("a.yuv"))).count == 10 * picture)
    let text = try Data(contentsOf: URL(filePath: path("a.y4m")))
    #expect(
      text.starts(with: Data("YUV4MPEG2 W96 H64 F25:1 Ip A1:1 C420mpeg2 XCOLORRANGE=LIMITED\nFRAME\n".utf8)))
    #expect(try frames("a.y4m").count == 10)
  }

  @Test func aPlaylistPlays() throws {
    var config = config(seconds: 5)
    config.outputs = [OutputConfig(uri: "hls:" + path("list"))]
    let result = try run(config)
    #expect(result.error == nil && result.report.outputs[0].written == 125)
    #expect(try frames("list/index.m3u8").count == 125)
    #expect(FileManager.default.fileExists(atPath: path("list/000001.ts")))
  }

  @Test func whatCannotBeIsTold() throws {
    func failure(_ change: (inout OutputConfig) -> Void) -> String {
      var config = config(seconds: 1)
      config.outputs = [OutputConfig(uri: path("a.mp4"))]
      change(&config.outputs[0])
      do {
        _ = try Run(config: config, model: grayModel, inferences: [GrayInference()])
        return ""
      } catch { return "\(error)" }
    }
    #expect(failure { $0.keep.age = TimeSpan(seconds: 1) }.contains("only segments are removed"))
    #expect(
      failure {
        $0 = OutputConfig(uri: "null:"); $0.segment = TimeSpan(seconds: 1)
      }.contains("are cut"))
    #expect(failure { $0 = OutputConfig(uri: "a-%q.mp4") }.contains("directive"))
    #expect(failure { $0 = OutputConfig(uri: "http:x") }.contains("names no port"))
  }
}
