// SPDX-License-Identifier: Apache-2.0

import Foundation
import Stages
import Testing

@testable import Runs

/// What the words of a command line become.
@Suite struct RunRequestTests {
  private func request(_ input: String = "in.mp4", _ change: (inout RunRequest) -> Void) throws
    -> PipelineConfig
  {
    var request = RunRequest()
    request.settings = [("IN", "source.uri", input)]
    change(&request)
    return try request.config()
  }

  private func refusal(_ change: (inout RunRequest) -> Void) -> Problem? {
    do {
      _ = try request("in.mp4", change)
      return nil
    } catch { return error as? Problem }
  }

  @Test func anOptionBeatsSetWhichBeatsTheFile() throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "roadmask-\(UUID().uuidString).yaml")
      .path
    defer { try? FileManager.default.removeItem(atPath: file) }
    try "version: 1\npipeline: { queue: 2, threads: 3, in_flight: 4 }\n"
      .write(toFile: file, atomically: true, encoding: .utf8)
    let config = try request {
      $0.file = file
      $0.sets = ["pipeline.threads=5", "pipeline.in_flight=6"]
      $0.settings.append(("--in-flight", "pipeline.in_flight", "7"))
    }
    #expect(config.flow.queue == 2 && config.flow.threads == 5 && config.flow.inFlight == 7)
  }

  @Test(arguments: [
    ("in.mp4", "in.seg.mp4"), ("a.b/in", "a.b/in.seg.mp4"), ("-", "null:"), ("test:street", "null:"),
    ("cam:", "null:"), ("/dev/video0", "null:"), ("rtsp://h/x", "null:"), ("'*.png'", "null:"),
  ])
  func aFileGetsAnOutputBesideIt(input: String, output: String) throws {
    #expect(try request(input) { _ in }.outputs.map(\.uri) == [output])
  }

  @Test func theOutputOfTheCommandLineStandsForThePicture() throws {
    let config = try request {
      $0.sets = ["outputs.0.uri=a.mp4", "outputs.1.uri=m.mkv", "outputs.1.kind=mask"]
      $0.output = "b.mkv"
      $0.more = ["null:"]
    }
    #expect(config.outputs.map(\.uri) == ["b.mkv", "m.mkv", "null:"])
    #expect(config.outputs.map(\.kind) == [nil, .mask, nil])
  }

  @Test func checksumsAreTakenBehindAStage() throws {
    let config = try request { $0.sums = ["a.txt", "decode=d.txt"] }
    #expect(config.outputs.dropFirst().map(\.tap) == [.argmax, .decode])
    #expect(refusal { $0.sums = ["infer=h.txt"] }?.id == "RM-USE-002")
  }

  @Test func settingsOfFilesReachFilesAlone() throws {
    let config = try request {
      $0.output = "rtsp://peer/x"
      $0.mask = "m.mkv"
      $0.fileSettings = [("--segment", "segment", "10s")]
      $0.overwrites = true
    }
    #expect(config.outputs.map { $0.segment?.seconds } == [nil, 10])
    #expect(config.outputs.map(\.overwrite) == [true, true])
  }

  @Test func whatCannotBeIsToldWithTheOption() {
    let problem = refusal { $0.settings.append(("--alpha", "stages.overlay.alpha", "2")) }
    #expect(problem?.text == "--alpha cannot be '2'" && problem?.hint?.contains("0 to 1") == true)
    #expect(refusal { $0.inputOptions = ["nobuffer"] }?.id == "RM-USE-002")
    #expect(
      refusal {
        $0.ids = "some"; $0.mask = "m.mkv"
      }?.hint == "train or label")
    for word in ["encode=x", "decode", "=x", ""] {
      #expect(refusal { $0.taps = [word] }?.text == "--tap cannot be '\(word)'", "\(word)")
    }
  }

  @Test func tapsNameAFolderForAStage() throws {
    let config = try request { $0.taps = ["decode=a", "infer=b=c"] }
    #expect(config.inspection.taps.decode == "a" && config.inspection.taps.infer == "b=c")
    #expect(config.inspection.taps.folders == ["a", "b=c"])
  }
}
