// SPDX-License-Identifier: Apache-2.0

import Buffers
import Foundation
import Frames
import Testing

@testable import Stages

/// What a run writes about itself: its timeline, and what its stages give.
@Suite(.serialized) struct InspectionTests {
  private let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "roadmask-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  private func path(_ name: String) -> String { folder.appending(path: name).path }
  private func clean() { try? FileManager.default.removeItem(at: folder) }

  private func run(frames: Int, _ change: (inout PipelineConfig) -> Void) throws -> RunResult {
    var config = PipelineConfig()
    config.source.uri = "test:street?size=160x96&rate=25&seconds=\(Double(frames) / 25)"
    config.flow.threads = 1
    change(&config)
    return try Run(config: config, model: grayModel, inferences: [GrayInference()]).start()
  }

  @Test func theTimelineHasEveryFrameOfEveryStage() throws {
    defer { clean() }
    let result = try run(frames: 300) { $0.inspection.trace = path("t.json") }
    #expect(result.error == nil && result.report.figures.ledger.out == 300)
    let root = try #require(
      JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: path("t.json")))) as? [String: Any])
    let events = try #require(root["traceEvents"] as? [[String: Any]])
    func frames(_ phase: String, _ name: String) -> [Int] {
      events.filter { $0["ph"] as? String == phase && $0["name"] as? String == name }
        .compactMap { ($0["args"] as? [String: Any])?["frame"] as? Int }
    }
    for stage in StageName.allCases {
      #expect(frames("X", stage.rawValue) == Array(0..<300), "\(stage)")
      let waits = stage == .decode ? [] : Array(0..<300)
      #expect(frames("b", "wait for \(stage)") == waits && frames("e", "wait for \(stage)") == waits)
      #expect(
        events.contains {
          $0["ph"] as? String == "M" && $0["tid"] as? Int == stage.position + 1
            && ($0["args"] as? [String: Any])?["name"] as? String == stage.rawValue
        })
    }
    // A stage works on one frame at a time, and frames pass the stages in order.
    let spans = events.filter { $0["ph"] as? String == "X" }
    for tid in 1...6 {
      let row = spans.filter { $0["tid"] as? Int == tid }
      let begins = row.compactMap { $0["ts"] as? Double }, durations = row.compactMap { $0["dur"] as? Double }
      #expect(zip(zip(begins, durations), begins.dropFirst()).allSatisfy { $0.0 + $0.1 <= $1 + 0.002 })
    }
  }

  @Test func tapsWriteWhatEachStageGives() throws {
    defer { clean() }
    let result = try run(frames: 3) {
      $0.outputs = [OutputConfig(uri: path("a.mp4"))]
      $0.inspection.taps = PipelineConfig.Taps(
        decode: path("decode"), resize: path("resize/"), infer: path("infer"), argmax: path("argmax"),
        overlay: path("overlay"))
    }
    #expect(result.error == nil && result.report.figures.ledger.out == 3)
    for (stage, ending) in [
      ("decode", "png"), ("resize", "npy"), ("infer", "npy"), ("argmax", "png"), ("overlay", "png"),
    ] {
      let names = try FileManager.default.contentsOfDirectory(atPath: path(stage)).sorted()
      #expect(names == (0..<3).map { "00000\($0).\(ending)" }, "\(stage)")
    }
    for name in ["decode", "overlay"] {
      let frame = try #require(try ImageSequenceReader(path("\(name)/000001.png")).next())
      #expect(frame.width == 160 && frame.height == 96)
    }
    let source = try Data(contentsOf: URL(filePath: path("decode/000001.png")))
    let drawn = try Data(contentsOf: URL(filePath: path("overlay/000001.png")))
    #expect(source != drawn)
    let labels = try LabelImageReader.read(path("argmax/000001.png"))
    #expect(labels.width == 160 && labels.height == 96 && Set(labels.labels).count > 1)
    for (name, shape, count) in [("resize", "(32, 64, 3)", 32 * 64 * 3), ("infer", "(4, 8, 11)", 4 * 8 * 11)]
    {
      let bytes = try Data(contentsOf: URL(filePath: path("\(name)/000002.npy")))
      let length = Int(bytes[8]) + Int(bytes[9]) << 8
      let head = String(decoding: bytes[10..<10 + length], as: UTF8.self)
      #expect(Array(bytes[0..<8]) == [0x93] + Array("NUMPY".utf8) + [1, 0])
      #expect((10 + length) % 64 == 0 && head.hasSuffix("\n"), "\(head)")
      #expect(head.hasPrefix("{'descr': '<f4', 'fortran_order': False, 'shape': \(shape), }"), "\(head)")
      #expect(bytes.count == 10 + length + 4 * count)
    }
  }

  @Test func gapsBetweenPixelsAreLeftOut() {
    let values: [UInt8] = [1, 2, 0, 0, 3, 4, 0, 0]
    let npy = values.withUnsafeBytes {
      NumericArray($0.baseAddress!, dtype: .uint8, rows: 1, columns: 2, channels: 2, pixelStride: 4).npy
    }
    #expect(npy.suffix(4) == [1, 2, 3, 4] && npy.count % 64 == 4)
  }

  @Test func whatCannotBeWrittenEndsTheRun() throws {
    defer { clean() }
    try Data().write(to: URL(filePath: path("t.json")))
    #expect(throws: FramesError.self) { _ = try run(frames: 3) { $0.inspection.trace = path("t.json") } }
    try FileManager.default.createDirectory(atPath: path("d"), withIntermediateDirectories: true)
    try Data().write(to: URL(filePath: path("d/000001.npy")))
    let result = try run(frames: 3) { $0.inspection.taps.infer = path("d") }
    #expect(result.status == .failed && (result.error as? FramesError)?.kind == .exists)
    #expect(result.report.figures.ledger.isBalanced)
  }
}
