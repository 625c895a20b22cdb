// SPDX-License-Identifier: Apache-2.0

import Foundation
import Frames
import Testing

@testable import Stages

@Suite struct ConfigTests {
  /// Reads `text` as `f.yaml`; `files` can be extended.
  private func read(
    _ text: String, environment: [String: String] = [:], files: [String: String] = [:]
  ) throws -> PipelineConfig {
    var config = PipelineConfig()
    var reader = ConfigReader(environment: { environment[$0] }, load: { files[$0] })
    try reader.read(text: text, path: "f.yaml", into: &config)
    return config
  }

  private func failure(_ text: String, files: [String: String] = [:]) -> ConfigError? {
    do {
      _ = try read(text, files: files)
      return nil
    } catch {
      return error as? ConfigError
    }
  }

  @Test func allKindsOfValuesAreRead() throws {
    let config = try read(
      """
      version: 1
      source: { uri: "rtsp://${USER}:${PASS}@cam/main", start: 00:01:30.5,
        timeout: { stall: 250ms } , options: { a: b }, transport: udp, reconnect: { attempts: forever, backoff: [500ms, 10s], jitter: 0.1 } }
      model: { file: street-s, precision: int8, size: 1024x512 }
      pipeline: { policy: drop-oldest, queue: 2, latency_budget: 120ms, threads: auto, cpu: avx2 }
      stages:
        decode: { discard_corrupt: true, rotate: 90, range: full }
        argmax: { filter: nearest }
        overlay: { view: side, alpha: 0.25, palette: camvid }
        encode: { crf: 30, gop: 2s, audio: none }
      outputs:
        - { uri: a.mp4, fragment: none, on_error: continue }
        - { uri: "null:" }
        - { uri: l.mkv, kind: mask, ids: label }
      stats: { file: s.jsonl }
      report: { format: json }
      restart: { policy: always, backoff: [2s, 1m] }
      """, environment: ["USER": "u", "PASS": "p"])
    #expect(config.name == "f")
    #expect(config.restart.policy == .always && config.restart.backoff.shortest.seconds == 2)
    #expect(config.restart.backoff.longest.seconds == 60)
    #expect(config.source.uri == "rtsp://u:p@cam/main")
    #expect(config.source.start?.seconds == 90.5)
    #expect(config.source.stallTimeout.seconds == 0.25)
    #expect(config.source.connectTimeout.seconds == 10)
    #expect(config.source.options == ["a": "b"])
    #expect(config.source.transport == .udp && config.source.reconnect.attempts == .forever)
    #expect(config.source.reconnect.backoff.shortest.seconds == 0.5 && config.source.reconnect.jitter == 0.1)
    #expect(config.source.reconnect.backoff.longest.seconds == 10)
    #expect(config.model.precision == .int8 && config.model.size == PixelSize(width: 1024, height: 512))
    #expect(config.flow.policy == .dropOldest && config.flow.queue == 2 && config.flow.threads == nil)
    #expect(config.flow.cpu == .avx2)
    #expect(config.decode.rotate == .quarter && config.decode.range == .full && config.decode.discardCorrupt)
    #expect(config.overlay.view == .side && config.overlay.alpha == 0.25)
    #expect(config.encode.crf == 30 && config.encode.audio == SoundMode.none)
    #expect(config.outputs.count == 3)
    #expect(config.outputs[0].fragment == nil && config.outputs[0].onError == .continue)
    #expect(config.outputs[2].kind == .mask && config.outputs[2].ids == .label)
    #expect(config.report.format == .json && config.statsFile == "s.jsonl")
    #expect(config.shown.contains { $0 == ("source.uri", "rtsp://***@cam/main") })
  }

  /// `auto` is the standard, `none` is off; what is shown is read back as the same.
  @Test(
    arguments: [("auto", 0.5, "500ms"), ("none", nil, "none"), ("2s", 2, "2s")] as [(String, Double?, String)]
  )
  func autoIsNotNone(word: String, seconds: Double?, shown: String) throws {
    let config = try read("version: 1\noutputs: [ { uri: a.mp4, fragment: \(word) } ]\n")
    #expect(config.outputs[0].fragment?.seconds == seconds)
    #expect(config.shown.contains { $0 == ("outputs.0.fragment", shown) })
  }

  @Test(arguments: [
    ("version: 1\nstages:\n  postprocess: {}\n", 3, 3, "unknown key 'postprocess' under 'stages'", nil),
    ("version: 1\nstages:\n  argmaks: {}\n", 3, 3, "unknown key 'argmaks' under 'stages'", "argmax"),
    ("version: 1\nsorce: {}\n", 2, 1, "unknown key 'sorce'", "source"),
    ("pipeline: { queu: 4 }\n", 1, 13, "unknown key 'queu' under 'pipeline'", "queue"),
    (
      "outputs:\n  - { uri: a.mp4, fragmnt: 1s }\n", 2, 19, "unknown key 'fragmnt' under 'outputs'",
      "fragment"
    ),
    ("pipeline:\n  queue: many\n", 2, 10, "'pipeline.queue' cannot be 'many'", nil),
    ("pipeline:\n  queue: 0\n", 2, 10, "'pipeline.queue' is 0", nil),
    ("pipeline: { policy: latst }\n", 1, 21, "'pipeline.policy' cannot be 'latst'", "latest"),
    ("stages:\n  overlay: { alpha: 1.5 }\n", 2, 21, "'stages.overlay.alpha' is 1.5", nil),
    ("source: { timeout: { stall: 5 } }\n", 1, 29, "'source.timeout.stall' cannot be '5'", nil),
    ("stages: []\n", 1, 9, "'stages' holds keys, not a value", nil),
    (
      "source: { reconnect: { attempts: ever } }\n", 1, 34, "'source.reconnect.attempts' cannot be 'ever'",
      nil
    ),
    (
      "source: { reconnect: { backoff: [9s, 1s] } }\n", 1, 33,
      "'source.reconnect.backoff' cannot be '9s, 1s'", nil
    ),
    ("source: { uri: [a] }\n", 1, 16, "'source.uri' must be one value", nil),
    ("source:\n  uri:\n", 2, 7, "'source.uri' has no value", nil),
    ("version: 2\n", 1, 10, "'version' is 2", nil),
    ("source: { uri: \"${HOME_OF_NOBODY}\" }\n", 1, 16, "the environment has no 'HOME_OF_NOBODY'", nil),
    ("outputs: a.mp4\n", 1, 10, "'outputs' must be a list", nil),
    ("outputs:\n  - a.mp4\n", 2, 5, "an output must be a mapping", nil),
    (
      "stages:\n  decode: { discard_corrupt: yes }\n", 2, 30,
      "'stages.decode.discard_corrupt' cannot be 'yes'", nil
    ),
  ])
  func mistakesHaveTheirPlace(_ text: String, _ line: Int, _ column: Int, _ problem: String, _ near: String?)
  {
    let error = failure(text)
    #expect(error?.description == "f.yaml:\(line):\(column): \(problem)")
    if let near { #expect(error?.hint.contains("did you mean '\(near)'?") == true, "\(error?.hint ?? "")") }
    if near == nil { #expect(error?.hint.contains("did you mean") == false, "\(error?.hint ?? "")") }
  }

  @Test func stagesAreListed() {
    #expect(failure("stages: { x: 1 }")?.hint == "stages are decode, resize, argmax, overlay, encode")
  }

  @Test func brokenTextHasItsPlace() {
    #expect(failure("source: { uri: \"a }\n")?.line ?? 0 > 0)
    #expect(failure("a: 1\na: 2\n")?.problem == "key 'a' appears twice")
    #expect(failure("")?.problem == "is no mapping of keys")
    #expect(failure("- 1\n")?.problem == "is no mapping of keys")
  }

  @Test func secretsStayOutOfMessages() {
    let error = #expect(throws: ConfigError.self) {
      try read("pipeline: { queue: \"${PASS}\" }", environment: ["PASS": "hunter2"])
    }
    #expect(error.map { "\($0) \($0.hint)" }?.contains("hunter2") == false)
    #expect(error?.problem == "'pipeline.queue' cannot be '${PASS}'")
  }

  @Test func aFileExtendsAnother() throws {
    let files = ["base/b.yaml": "stages: { encode: { crf: 40, gop: 3s } }\noutputs: [{ uri: base.mp4 }]\n"]
    let config = try read(
      "extends: base/b.yaml\nstages: { encode: { crf: 18 } }\noutputs: [{ uri: own.mp4 }]\n", files: files)
    #expect(config.encode.crf == 18 && config.encode.gop.seconds == 3)
    #expect(config.outputs.map(\.uri) == ["own.mp4"])
    #expect(config.name == "f")
    let error = failure("extends: base/c.yaml\n", files: ["base/c.yaml": "x: 1\n"])
    #expect(error?.description.hasPrefix("base/c.yaml:1:1: unknown key 'x'") == true)
    #expect(
      failure("extends: l.yaml\n", files: ["l.yaml": "extends: l.yaml\n"])?.problem.contains("too deep")
        == true)
    #expect(failure("extends: none.yaml\n")?.description == "none.yaml: cannot be read")
  }

  @Test(.timeLimit(.minutes(10))) func hostileFilesAreCheap() {
    var bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
    for level in 1..<12 {
      bomb +=
        "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ",")
        + "]\n"
    }
    #expect(failure(bomb) != nil)
    #expect(failure("? \(String(repeating: "[", count: 5000))") != nil)
    #expect(
      failure("source: { options: {\((0..<20_000).map { "k\($0): 1" }.joined(separator: ","))} }") != nil)
    #expect(failure(String(repeating: "#", count: 2 << 20))?.problem == "is larger than 32 KiB")
  }

  @Test func wordsBehindSet() throws {
    var config = PipelineConfig()
    try config.set("pipeline.queue=7")
    try config.set("outputs.0.uri=a.mkv")
    try config.set("outputs.0.kind=mask")
    try config.set("source.uri=test:street?size=64x64&rate=5")
    try config.set("source.reconnect.backoff=2s,4s")
    try config.set("source.reconnect.attempts=never")
    #expect(config.source.reconnect.attempts == .times(0))
    #expect(config.source.reconnect.backoff.longest.seconds == 4)
    #expect(config.flow.queue == 7 && config.outputs == [OutputConfig(uri: "a.mkv", kind: .mask)])
    #expect(config.source.uri == "test:street?size=64x64&rate=5")
    for (word, text) in [
      ("pipeline.queue", "--set: 'pipeline.queue' has no '='"),
      ("pipeline.que=1", "--set: unknown key 'pipeline.que'"),
      ("stages.overlay.alpha=2", "--set: 'stages.overlay.alpha' is 2"),
    ] {
      let error = #expect(throws: ConfigError.self) { try config.set(word) }
      #expect(error?.description == text)
    }
  }

  @Test(arguments: [
    ("90", 90.0), ("1.5s", 1.5), ("120ms", 0.12), ("10m", 600), ("24h", 86400), ("1:30", 90),
    ("01:00:00.5", 3600.5),
  ])
  func times(_ text: String, _ seconds: Double) { #expect(TimeSpan(text)?.seconds == seconds) }

  @Test(arguments: ["", "s", "-1s", "1:60", "1:2:3:4", "1.5:00", "inf", "nan", "1 s"])
  func noTimes(_ text: String) { #expect(TimeSpan(text) == nil) }

  /// Its user and password come from the environment.
  @Test func theCameraFileLoads() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let text = try String(contentsOf: root.appending(path: "pipelines/front-camera.yaml"), encoding: .utf8)
    let config = try read(text, environment: ["CAM_USER": "watcher", "CAM_PASS": "hunter2"])
    #expect(config.name == "front" && config.source.uri == "rtsp://watcher:hunter2@cam-front.lan/main")
    #expect(config.restart.policy == .onFailure && config.restart.backoff.longest.seconds == 30)
    #expect(!config.shown.contains { $0.value.contains("hunter2") })
    #expect(throws: ConfigError.self) { try read(text, environment: ["CAM_USER": "watcher"]) }
  }

  @Test(arguments: ["file", "labels", "street-demo", "bench", "live"])
  func shippedFilesLoad(_ name: String) throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let config = try PipelineConfig.load(root.appending(path: "pipelines/\(name).yaml").path)
    #expect(config.name == name && config.version == 1)
  }
}
