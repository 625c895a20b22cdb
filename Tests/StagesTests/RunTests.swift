// SPDX-License-Identifier: Apache-2.0

import Buffers
import Foundation
import Frames
import Pixels
import TestSupport
import Testing

@testable import Stages

/// Whole runs, from a drawn street to files.
@Suite(.serialized) struct RunTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func path(_ name: String) -> String { folder.path(name) }

  private func config(frames: Int = 40) -> PipelineConfig {
    var config = PipelineConfig()
    config.source.uri = "test:street?size=160x96&rate=25&seconds=\(Double(frames) / 25)"
    config.flow.threads = 1
    return config
  }

  @Test func everyOutputIsWritten() throws {
    var config = config()
    var hash = OutputConfig(uri: path("h.txt"), kind: .hash)
    hash.tap = .decode
    config.outputs = [
      OutputConfig(uri: path("a.mp4")), OutputConfig(uri: path("l.mkv"), kind: .mask),
      OutputConfig(uri: path("t.mkv"), kind: .truth), OutputConfig(uri: path("png"), kind: .png), hash,
      OutputConfig(uri: path("p%03d.png")), OutputConfig(uri: "null:"),
    ]
    config.statsFile = path("s.jsonl")
    let run = try Run(config: config, model: grayModel, inferences: [GrayInference()])
    let result = run.start()
    #expect(result.error == nil && result.status == .finished && result.warnings.isEmpty)
    let ledger = result.report.figures.ledger
    #expect(ledger.in == 40 && ledger.out == 40)
    #expect(result.report.outputs.map(\.written) == Array(repeating: 40, count: 7))
    #expect(result.report.outputs[0].bytes ?? 0 > 1000)
    #expect(abs(result.report.figures.mediaSeconds - 1.6) < 1e-9)
    for name in ["a.mp4", "l.mkv", "t.mkv"] {
      let reader = try VideoReader(path(name))
      var count = 0
      while try reader.next() != nil { count += 1 }
      #expect(count == 40, "\(name)")
    }
    let classes = try #require(
      JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: path("l.classes.json"))))
        as? [String: Any])
    #expect((classes["classes"] as? [[String: Any]])?.count == 11)
    #expect(FileManager.default.fileExists(atPath: path("png/000039.png")))
    #expect(FileManager.default.fileExists(atPath: path("p039.png")))
    let stats = try String(contentsOfFile: path("s.jsonl"), encoding: .utf8).split(separator: "\n")
    #expect(stats.count == 40)
    let last = try #require(JSONSerialization.jsonObject(with: Data(stats[39].utf8)) as? [String: Any])
    #expect(
      last["frame"] as? Int == 39 && last["labels_from"] as? Int == 39 && last["pts_s"] as? Double == 1.56)
    #expect(
      (last["stage_ms"] as? [String: Double]).map { Set($0.keys) } == Set(StageName.allCases.map(\.rawValue)))
    let share = try #require(last["share"] as? [String: Double])
    #expect(abs(share.values.reduce(0, +) - 1) < 0.001)
  }

  @Test(arguments: [1, 4])
  func labelsDoNotDependOnTheQueues(_ queue: Int) throws {
    func labels(_ name: String, _ queue: Int) throws -> String {
      var config = config()
      config.flow.queue = queue
      config.outputs = [OutputConfig(uri: path(name), kind: .hash)]
      let result = try Run(config: config, model: grayModel, inferences: [GrayInference()]).start()
      #expect(result.report.figures.ledger.out == 40)
      return try String(contentsOfFile: path(name), encoding: .utf8)
    }
    #expect(try labels("a.txt", queue) == labels("b.txt", 2))
  }

  @Test func atAlphaZeroThePictureIsTheSource() throws {
    var config = config(frames: 5)
    config.overlay.alpha = 0
    for tap in [OutputConfig.Tap.decode, .overlay] {
      var hash = OutputConfig(uri: path("\(tap).txt"), kind: .hash)
      hash.tap = tap
      config.outputs.append(hash)
    }
    _ = try Run(config: config, model: grayModel, inferences: [GrayInference()]).start()
    let texts = try ["decode", "overlay"].map {
      try String(contentsOfFile: path("\($0).txt"), encoding: .utf8)
    }
    #expect(texts[0] == texts[1] && texts[0].split(separator: "\n").count == 5)
  }

  @Test func aVideoBecomesAVideoOfTheSameFrames() throws {
    var first = config(frames: 50)
    first.outputs = [OutputConfig(uri: path("in.mp4"))]
    _ = try Run(config: first, model: grayModel, inferences: [GrayInference()]).start()
    var second = PipelineConfig()
    second.source.uri = path("in.mp4")
    second.outputs = [OutputConfig(uri: path("out.mkv"))]
    second.overlay.view = .side
    second.resize.fit = .letterbox
    let run = try Run(config: second, model: grayModel, inferences: [GrayInference(rows: 64, columns: 64)])
    #expect(
      run.plan.startLines(memoryCeiling: run.memoryCeiling).first?.hasPrefix(
        "in   in.mp4  h264 160x96  25 fps") == true)
    let result = run.start()
    #expect(result.report.figures.ledger.out == 50)
    let reader = try VideoReader(path("out.mkv"))
    #expect(reader.info.width == 320 && reader.info.height == 96)
    var times: [Double] = []
    while let frame = try reader.next() { times.append(frame.time) }
    #expect(times.count == 50)
    #expect(zip(times, times.dropFirst()).allSatisfy { abs($1 - $0 - 0.04) < 0.0011 })
  }

  @Test func stopFinishesTheOutputs() throws {
    var config = config()
    config.source.uri = "test:street?size=160x96&rate=25&seconds=0"
    config.outputs = [OutputConfig(uri: path("a.mp4"))]
    let run = try Run(config: config, model: grayModel, inferences: [GrayInference(pause: 1000)])
    Thread.detachNewThread {
      while run.figures.ledger.out == 0 { usleep(1000) }
      run.stop()
    }
    let result = run.start()
    let ledger = result.report.figures.ledger
    #expect(result.status == .stopped && result.error == nil)
    #expect(ledger.in == ledger.out && ledger.out > 0)
    let reader = try VideoReader(path("a.mp4"))
    var count = 0
    while try reader.next() != nil { count += 1 }
    #expect(count == ledger.out)
  }

  @Test func cancelBalances() throws {
    var config = config()
    config.source.uri = "test:street?size=160x96&rate=25&seconds=0"
    let run = try Run(config: config, model: grayModel, inferences: [GrayInference(pause: 5000)])
    DispatchQueue.global().asyncAfter(deadline: .now() + 0.2) { run.cancel() }
    let result = run.start()
    #expect(result.status == .cancelled && result.report.figures.ledger.isBalanced)
  }

  @Test func aLiveRunDropsAndStaysYoung() throws {
    var config = config()
    config.source.uri = "test:street?size=96x64&rate=100&seconds=1.5"
    config.source.isLive = true
    let pace = FramePace(frames: 4)
    let run = try Run(config: config, model: grayModel, inferences: [GrayInference(pace: pace)])
    #expect(run.plan.policy == .latest && run.plan.isLive)
    let result = pace.start(run)
    let ledger = result.report.figures.ledger
    #expect(ledger.isBalanced && ledger.dropped > 0)
    // The newest frame waits for the one that the network works on, and for a turn of each stage.
    #expect(try #require(result.report.figures.ageInServices) < 4, "\(result.report.figures)")
  }

  @Test func errorsEndTheRun() throws {
    let run = try Run(config: config(), model: grayModel, inferences: [GrayInference(fail: true)])
    let result = run.start()
    #expect(result.status == .failed && result.error as? Broken == Broken(what: "inference"))
    #expect(result.report.figures.ledger.isBalanced)
  }

  @Test func aFullDiskEndsTheRunOrTheOutput() throws {
    var config = config(frames: 200)
    var output = OutputConfig(uri: "/dev/full", kind: .hash)
    config.outputs = [output, OutputConfig(uri: "null:")]
    config.outputs[0].overwrite = true
    let failed = try Run(config: config, model: grayModel, inferences: [GrayInference()]).start()
    #expect((failed.error as? FramesError)?.kind == .diskFull)
    output.onError = .continue
    output.overwrite = true
    config.outputs[0] = output
    let result = try Run(config: config, model: grayModel, inferences: [GrayInference()]).start()
    #expect(result.error == nil && result.report.outputs[1].written == 200)
    #expect(result.warnings.count == 1)
  }

  @Test func whatCannotBeIsToldAtOnce() throws {
    func failure(_ change: (inout PipelineConfig) -> Void) -> String {
      var config = config()
      change(&config)
      do {
        _ = try Run(config: config, model: grayModel, inferences: [GrayInference()])
        return ""
      } catch {
        return "\(error)"
      }
    }
    #expect(failure { $0.source.uri = "" }.contains("it has no source"))
    #expect(failure { $0.source.uri = "none.mp4" }.hasPrefix("cannot open none.mp4"))
    #expect(
      failure { $0.outputs = [OutputConfig(uri: "a.xyz")] }.contains("its name does not say what it is"))
    #expect(failure { $0.overlay.palette = "nice" }.contains("there is none of that name"))
    #expect(failure { $0.overlay.palette = "voc" }.contains("it has 21 classes, gray has 11"))
    try Data().write(to: folder.url.appending(path: "a.mp4"))
    #expect(failure { $0.outputs = [OutputConfig(uri: path("a.mp4"))] }.contains("it exists"))
  }

  @Test func labelIdsAreTheDataSetsOwn() throws {
    let numbering = try #require(Numbering(.label, names: Palette.cityscapes.names, width: 3, height: 1))
    let labels = LabelMap(width: 3, height: 1)
    for (column, id) in [0, 18, 255].enumerated() { labels.pixels[column] = UInt8(id) }
    let mapped = numbering.apply(to: labels)
    #expect((0..<3).map { mapped[0, $0] } == [7, 33, 255])
    #expect(Numbering(.train, names: Palette.cityscapes.names, width: 3, height: 1) == nil)
    #expect(Numbering(.label, names: Palette.camvid.names, width: 3, height: 1) == nil)
  }

  @Test func theSourceDecidesThePolicy() {
    func options(_ uri: String, _ change: (inout PipelineConfig) -> Void = { _ in }) -> PipelineOptions {
      var config = PipelineConfig()
      config.source.uri = uri
      change(&config)
      return config.pipelineOptions(comesLive: SourceFactory.isLive(config.source))
    }
    let file = options("a.mp4")
    #expect(file.policy == .block && file.places == 4 && file.inFlight == nil && !file.isPaced)
    let camera = options("rtsp://cam/main")
    #expect(camera.policy == .latest && camera.places == 1 && camera.inFlight == 2 && !camera.isPaced)
    let paced = options("a.mp4") { $0.source.isLive = true }
    #expect(paced.policy == .latest && paced.isPaced)
    let pipe = options("-") { $0.source.isLive = true }
    #expect(pipe.policy == .latest && !pipe.isPaced && options("-").policy == .block)
    #expect(options("rtsp://cam/main") { $0.source.isLive = false }.policy == .block)
    let waiting = options("rtsp://cam/main") { $0.flow.policy = .block }
    #expect(waiting.policy == .block && waiting.places == 4)
  }

  @Test func theCeilingIsPrintedAndHolds() throws {
    var config = config(frames: 100)
    config.outputs = [OutputConfig(uri: path("a.mp4"))]
    let run = try Run(config: config, model: grayModel, inferences: [GrayInference()])
    #expect(
      run.plan.startLines(memoryCeiling: run.memoryCeiling).last?.contains(
        "memory at most \(Format.bytes(run.memoryCeiling))") == true)
    _ = run.start()
    #expect(ProcessFigures.current.residentBytes < run.memoryCeiling)
  }
}
