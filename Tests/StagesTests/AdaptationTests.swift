// SPDX-License-Identifier: Apache-2.0

import Buffers
import Foundation
import Frames
import Pixels
import Testing

@testable import Stages

/// The network does less while it cannot keep up: in the stages, and in whole runs.
@Suite(.serialized) struct AdaptationTests {
  /// Tells `adaptation` about a network that takes `service` milliseconds, until it has found its level.
  private func settle(_ adaptation: Adaptation, service: UInt64, seconds: Int = 3) {
    var now: UInt64 = 0
    for _ in 0..<seconds * 30 {
      now += 33_333_333
      adaptation.frameCame(at: now)
      let choice = adaptation.next()
      adaptation.begin(choice)
      // Each size has 9/16 of the pixels of the one before, or less.
      let cost = service * 1_000_000 * [16, 9, 4][choice.variant] / 16
      adaptation.framePassed(service: cost, age: 50_000_000, at: now + 1)
    }
  }

  private func street(_ count: Int) throws -> (SourceInfo, [Frame]) {
    var config = PipelineConfig()
    config.source.uri = "test:street?size=160x96&rate=25&seconds=\(Double(count) / 25)"
    let source = try SourceFactory(
      config: config, threads: ThreadBudget(total: 1), interrupt: InterruptFlag(), journal: SourceJournal(),
      truthCount: 0
    ).open()
    return (source.info, try (0..<count).compactMap { _ in try source.next() })
  }

  private func bytes(_ map: LabelMap) -> [UInt8] {
    (0..<map.height).flatMap { row in
      Array(UnsafeBufferPointer(start: map.pixels + row * map.rowBytes, count: map.width))
    }
  }

  private func stages(_ networks: [GrayInference], _ info: SourceInfo, _ adaptation: Adaptation?) -> (
    ResizeStage, InferStage, ArgmaxStage
  ) {
    let targets = networks.map {
      $0.input.placing(width: info.width, height: info.height, aspect: 1, fit: .stretch)
    }
    return (
      ResizeStage(
        source: PictureKind(info),
        targets: targets, level: .best, inFlight: 2, adaptation: adaptation),
      InferStage(inferences: networks, inFlight: 2, adaptation: adaptation),
      ArgmaxStage(
        networks: zip(networks, targets).map { ($0.logits, $1) },
        size: PixelSize(width: info.width, height: info.height), filter: .linear, level: .best, inFlight: 3,
        keepsLabels: adaptation?.mode == .skip)
    )
  }

  @Test(arguments: [(20, 0), (45, 1), (90, 2)] as [(UInt64, Int)])
  func labelsAtASizeAreThoseOfARunAtThatSize(service: UInt64, size: Int) throws {
    func networks() -> [GrayInference] {
      [(96, 160), (72, 120), (48, 80)].map { GrayInference(rows: $0.0, columns: $0.1) }
    }
    let (info, frames) = try street(3)
    let all = networks()
    let adaptation = Adaptation(inputs: all.map(\.input), within: nil)
    settle(adaptation, service: service)
    #expect(adaptation.next().variant == size)
    let (resize, infer, argmax) = stages(all, info, adaptation)
    let alone = FrameLabeler(source: info, config: PipelineConfig(), inference: networks()[size])
    for frame in frames {
      let item = try argmax.process(
        infer.process(resize.process(DecodedFrame(frame: frame, truth: nil))))
      #expect(try bytes(item.labels.value) == bytes(alone.labels(of: frame).value))
      #expect(!item.isReused)
    }
  }

  @Test func framesBetweenGetTheLabelsBeforeThem() throws {
    let (info, frames) = try street(8)
    let adaptation = Adaptation(skippingWithin: nil)
    let (resize, infer, argmax) = stages([GrayInference(rows: 96, columns: 160)], info, adaptation)
    func label(_ frame: Frame) throws -> LabelledFrame {
      try argmax.process(infer.process(resize.process(DecodedFrame(frame: frame, truth: nil))))
    }
    #expect(try !label(frames[0]).isReused && !label(frames[1]).isReused)
    // 2.1 times the time between two frames.
    settle(adaptation, service: 70)
    var last: [UInt8] = [], pattern: [Bool] = []
    for frame in frames {
      let item = try label(frame)
      pattern.append(item.isReused)
      if item.isReused { #expect(bytes(item.labels.value) == last) }
      last = bytes(item.labels.value)
    }
    let begin = try #require(pattern.firstIndex(of: false))
    for (index, isReused) in pattern.enumerated() {
      #expect(isReused == ((index - begin + 3) % 3 != 0), "\(pattern)")
    }
  }

  private func config(_ adapt: PipelineConfig.Flow.Adapt, seconds: Int) -> PipelineConfig {
    var config = PipelineConfig()
    config.source.uri = "test:street?size=160x96&rate=25&seconds=\(seconds)"
    config.source.isLive = true
    config.flow.threads = 1
    config.flow.adapt = adapt
    config.outputs = [OutputConfig(uri: "null:", kind: .null)]
    return config
  }

  @Test func aRunThatSkipsAccountsForEveryFrame() throws {
    let path = NSTemporaryDirectory() + "roadmask-\(UUID().uuidString).jsonl"
    defer { try? FileManager.default.removeItem(atPath: path) }
    var config = config(.skip, seconds: 5)
    config.statsFile = path
    let pace = FramePace(frames: 3)
    let result = pace.start(
      try Run(config: config, model: grayModel, inferences: [GrayInference(pace: pace)]))
    #expect(result.error == nil && result.status == .finished)
    let figures = result.report.figures
    #expect(figures.ledger.in == 125 && figures.ledger.isBalanced)
    let adaptation = try #require(figures.adaptation)
    #expect(adaptation.mode == .skip && adaptation.reused > 0 && adaptation.switches > 0)
    #expect(adaptation.steps.reduce(0) { $0 + $1.frames } == figures.ledger.out)

    let text = try String(contentsOfFile: path, encoding: .utf8)
    let lines = try text.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
    #expect(lines.count == figures.ledger.out)
    let from = lines.compactMap { $0["labels_from"] as? Int }, own = lines.compactMap { $0["frame"] as? Int }
    #expect(zip(from, own).count { $0 != $1 } == adaptation.reused)
    #expect(zip(from, own).allSatisfy { $0 <= $1 } && from == from.sorted())
    #expect(Set(from).isSubset(of: own))
    for word in ["adapt    skip  every frame", "labels reused \(adaptation.reused)"] {
      #expect(result.report.text.contains(word), "\(result.report.text)")
    }
    #expect(result.report.json.contains("\"labels_reused\":\(adaptation.reused)"))
  }

  @Test func aRunTakesASmallerPictureAndSaysHowLong() throws {
    let config = config(.resolution, seconds: 4)
    let pace = FramePace(frames: 4)
    let run = try Run(
      config: config, model: grayModel,
      inferences: [
        GrayInference(rows: 96, columns: 160, pace: pace), GrayInference(rows: 48, columns: 80),
      ])
    let result = pace.start(run)
    #expect(result.error == nil && result.report.figures.ledger.isBalanced)
    let adaptation = try #require(result.report.figures.adaptation)
    #expect(adaptation.steps.map { $0.size?.width } == [160, 80])
    #expect(adaptation.steps.allSatisfy { $0.frames > 0 && $0.seconds > 0 } && adaptation.switches > 0)
    #expect(adaptation.steps.reduce(0) { $0 + $1.frames } == result.report.figures.ledger.out)
    let object = try JSONSerialization.jsonObject(with: Data(result.report.json.utf8)) as? [String: Any]
    #expect((object?["sizes"] as? [[String: Any]])?.count == 2 && object?["adapt"] as? String == "resolution")
    #expect(result.report.text.contains("adapt    resolution  160x96 "))
  }

  @Test func filesAreNotAdapted() {
    var config = config(.skip, seconds: 1)
    config.source.isLive = nil
    let error = #expect(throws: RunError.self) {
      try Run(config: config, model: grayModel, inferences: [GrayInference()])
    }
    #expect(error?.hint.contains("--live") == true)
  }
}
