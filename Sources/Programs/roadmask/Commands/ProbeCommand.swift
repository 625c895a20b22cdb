// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Frames
import Runs
import Stages

struct ProbeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "probe", abstract: "Say what a source is, and how it would be treated.")

  @Argument(help: "As for run: a video, a picture, a folder, a pattern, test:street.") var input: String

  func run() throws {
    var config = PipelineConfig()
    config.source.uri = input
    let source = try OpenedSource(config)
    let info = source.info
    Console.data("in         \(info.summary)")
    print("frames     \(info.frameCountEstimate.map { "about \($0)" } ?? "unknown")")
    print("time base  \(info.timeBase)")
    print("pixels     \(info.storedFormat), handled as \(info.video.format.rawValue)")
    let color = info.color
    print("colour     \(color.matrix.rawValue) \(color.range.rawValue)\(color.isGuessed ? ", guessed" : "")")
    print("rotation   \(info.rotation.rawValue)")
    if info.tracks.count > 1 {
      for track in info.tracks {
        Console.data("track      \(track.summary)\(track.number == info.track ? "  <-- read" : "")")
      }
    }
    for audio in info.audio {
      print("sound      \(audio.codec) \(audio.sampleRate) Hz, \(audio.channels) channels")
    }
    let policy = source.policy
    print("policy     \(policy) (\(policy == .block ? "nothing is dropped" : "the newest frame wins"))")
  }
}
