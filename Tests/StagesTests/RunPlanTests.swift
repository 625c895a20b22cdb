// SPDX-License-Identifier: Apache-2.0

import Addresses
import Buffers
import CPU
import Frames
import Pixels
import Testing

@testable import Stages

/// What follows from a configuration, a source and a network: a test for each rule.
@Suite struct RunPlanTests {
  private let source = SourceInfo(
    uri: "in.mp4", codec: "h264", storedFormat: "yuv420p",
    video: VideoFormat(
      format: .yuv420p, width: 1280, height: 720, timeBase: TimeBase(1, 25), rate: Ratio(25, 1),
      color: ColorTags(matrix: .bt709, range: .limited)),
    isVariableRate: false, duration: 10, frameCountEstimate: 250)

  private func form(rows: Int = 96, columns: Int = 160, classes: Int = 11) -> NetworkForm {
    NetworkForm(
      input: ModelInputFormat(rows: rows, columns: columns),
      logits: LogitsFormat(rows: rows / 4, columns: columns / 4, classes: classes, dtype: .float32),
      byteCount: 1_000_000)
  }

  private func plan(
    comesLive: Bool = false, networks: [NetworkForm]? = nil,
    _ change: (inout PipelineConfig) -> Void = { _ in }
  ) throws -> RunPlan {
    var config = PipelineConfig()
    config.source.uri = "in.mp4"
    config.flow.threads = 4
    config.flow.cpu = .scalar
    change(&config)
    return try RunPlan(
      config, source: source, comesLive: comesLive, model: grayModel, networks: networks ?? [form()])
  }

  private func refusal(_ make: () throws -> RunPlan) -> String? {
    do {
      _ = try make()
      return nil
    } catch { return "\(error)" }
  }

  @Test func filesBlockAndKeepTheirSound() throws {
    let plan = try plan()
    #expect(plan.policy == .block && !plan.isLive && plan.keepsAudio && plan.options.places == 4)
  }

  @Test func liveSourcesDropAndLoseTheirSound() throws {
    let plan = try plan(comesLive: true)
    #expect(plan.policy == .latest && plan.isLive && !plan.keepsAudio && plan.options.inFlight == 2)
    #expect(try self.plan(comesLive: true) { $0.encode.audio = .copy }.keepsAudio)
  }

  @Test func aPacedFileCountsAsLive() throws {
    let plan = try plan { $0.source.isLive = true }
    #expect(plan.isLive && plan.options.isPaced && plan.policy == .latest)
  }

  @Test func withoutAnOutputThereIsOneThatKeepsNothing() throws {
    #expect(try plan().outputs.map(\.kind) == [.null])
  }

  @Test func outputsWaitUnderBlockAndDropUnderLatest() throws {
    let outputs = [OutputConfig(uri: "a.mp4"), OutputConfig(uri: "http:8080")]
    let file = try plan { $0.outputs = outputs }
    #expect(file.outputs.map(\.waits) == [true, false] && file.outputs.map(\.places) == [3, 1])
    #expect(try plan(comesLive: true) { $0.outputs = outputs }.outputs.map(\.waits) == [false, false])
    let slow = try plan(comesLive: true) {
      $0.outputs = outputs
      $0.outputs[0].onSlow = .block
    }
    #expect(slow.outputs[0].waits)
  }

  @Test func whatAnErrorOfAnOutputDoes() throws {
    func rules(comesLive: Bool, _ onError: OutputConfig.OnError? = nil) throws -> [OutputSlot.Rule] {
      try plan(comesLive: comesLive) {
        $0.outputs = [OutputConfig(uri: "a.mp4"), OutputConfig(uri: "rtsp://peer/x", kind: .video)]
        for index in 0..<2 { $0.outputs[index].onError = onError }
      }.outputs.map(\.rule)
    }
    #expect(try rules(comesLive: false).map(\.waits) == [nil, nil])
    #expect(try rules(comesLive: true).map(\.opensLate) == [false, true])
    #expect(try rules(comesLive: true).map { $0.waits == nil } == [true, false])
    #expect(try rules(comesLive: false, .continue).allSatisfy { $0.waits != nil })
    #expect(try rules(comesLive: true, .stop).allSatisfy { $0.waits == nil })
  }

  @Test func nothingIsDrawnForLabelsAlone() throws {
    let labels = [OutputConfig(uri: "m.mkv", kind: .mask), OutputConfig(uri: "h.txt", kind: .hash)]
    #expect(try plan { $0.outputs = labels }.style.isIdle)
    #expect(try plan { $0.outputs = labels + [OutputConfig(uri: "a.mp4")] }.style.isIdle == false)
    #expect(
      try plan {
        $0.outputs = labels
        $0.outputs[1].tap = .overlay
      }.style.isIdle == false)
  }

  @Test func checksumsOfTheSourceKeepItsPixels() throws {
    var hash = OutputConfig(uri: "h.txt", kind: .hash)
    hash.tap = .decode
    #expect(try plan { $0.outputs = [hash, OutputConfig(uri: "a.mp4")] }.style.keepsSource)
    #expect(try plan { $0.outputs = [OutputConfig(uri: "a.mp4")] }.style.keepsSource == false)
  }

  @Test func letterboxKeepsTheShape() throws {
    let square = [form(rows: 160, columns: 160)]
    let stretched = try plan(networks: square)
    #expect(stretched.targets[0].contentRows == 160)
    let kept = try plan(networks: square) { $0.resize.fit = .letterbox }
    #expect(kept.targets[0].contentRows == 90 && kept.targets[0].contentRow == 35)
  }

  @Test func palettesMustFitTheModel() throws {
    #expect(try plan { $0.overlay.palette = "camvid" }.palette.colors.count == 11)
    #expect(refusal { try plan { $0.overlay.palette = "cityscapes" } }?.contains("19 classes") == true)
    #expect(refusal { try plan { $0.overlay.palette = "nobody" } }?.contains("none of that name") == true)
  }

  @Test func everyClassHasAName() {
    #expect(refusal { try plan(networks: [form(classes: 12)]) }?.contains("12 classes but names 11") == true)
  }

  @Test func onlyWhatIsLateCanAdapt() throws {
    #expect(refusal { try plan { $0.flow.adapt = .skip } }?.contains("policy block") == true)
    #expect(try plan(comesLive: true) { $0.flow.adapt = .skip }.makeAdaptation()?.mode == .skip)
    #expect(try plan(comesLive: true).makeAdaptation() == nil)
  }

  @Test func framesThatSkipTheNetworkWaitForIt() throws {
    let plan = try plan(comesLive: true) { $0.flow.adapt = .skip }
    let gate = plan.options.networkGate(plan.makeAdaptation())
    #expect(gate.places == Adaptation.longestStride && gate.policy == .dropOldest && gate.credits == 4)
    #expect(plan.options.entrance.policy == .latest && plan.options.passage.policy == .block)
    #expect(plan.flight.inferGate == Adaptation.longestStride && plan.flight.keptLabels == 1)
  }

  @Test func aCPULevelOfAnotherMachineIsRefused() {
    let foreign = CPULevel.allCases.first { !CPULevel.usable.contains($0) }
    guard let foreign else { return }
    #expect(
      refusal { try plan { $0.flow.cpu = foreign } } == "cannot use \(foreign): this machine does not have it"
    )
  }

  @Test func theCeilingGrowsWithWhatIsAskedFor() throws {
    let base = try plan().memoryCeiling(above: 0)
    #expect(try plan().memoryCeiling(above: 5) == base + 5)
    #expect(base > 1_000_000)
    let changes: [(String, (inout PipelineConfig) -> Void)] = [
      ("a video", { $0.outputs = [OutputConfig(uri: "a.mp4")] }),
      ("labels", { $0.outputs = [OutputConfig(uri: "m.mkv", kind: .mask)] }),
      ("metrics", { $0.web.listen = ListenAddress("8080") }), ("places", { $0.flow.queue = 9 }),
    ]
    for (name, change) in changes { #expect(try plan(change).memoryCeiling(above: 0) > base, "\(name)") }
  }

  @Test func itSaysWhatItIs() throws {
    let plan = try plan {
      $0.outputs = [OutputConfig(uri: "a.mp4"), OutputConfig(uri: "m.mkv", kind: .mask)]
    }
    let lines = plan.startLines(memoryCeiling: 2_000_000)
    #expect(lines.count == 5)
    #expect(lines[1] == "net  gray  11 classes  160x96  fp32  kernels scalar")
    #expect(lines[2].hasPrefix("out  a.mp4  libx264 ") && lines[3] == "out  m.mkv  labels, ffv1")
    #expect(lines[4] == "run  policy block (file: nothing is dropped)  4 threads  memory at most 2 MB")
    let dry = plan.lines(modelPath: "models/gray.onnx", memoryCeiling: 2_000_000)
    #expect(dry[1] == "net        models/gray.onnx  160x96  kernels scalar")
    #expect(dry.last?.hasSuffix(lines[4].dropFirst(5)) == true)
    let report = plan.emptyReport()
    #expect(report.policy == .block && report.input.width == 1280 && report.model?.width == 160)
    #expect(report.machine.threads == 4 && report.machine.level == "scalar" && report.pipeline == "main")
  }
}
