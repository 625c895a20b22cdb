// SPDX-License-Identifier: Apache-2.0

internal import Frames
public import Stages

extension OpenedSource {
  /// What it is, and how a run would treat it.
  public var lines: [String] {
    let color = info.color
    var lines = [
      "in         \(info.summary)",
      "frames     \(info.frameCountEstimate.map { "about \($0)" } ?? "unknown")",
      "time base  \(info.timeBase)",
      "pixels     \(info.storedFormat), handled as \(info.video.format.rawValue)",
      "colour     \(color.matrix.rawValue) \(color.range.rawValue)\(color.isGuessed ? ", guessed" : "")",
      "rotation   \(info.rotation.rawValue)",
    ]
    if info.tracks.count > 1 {
      lines += info.tracks.map { "track      \($0.summary)\($0.number == info.track ? "  <-- read" : "")" }
    }
    for audio in info.audio {
      lines.append("sound      \(audio.codec) \(audio.sampleRate) Hz, \(audio.channels) channels")
    }
    lines.append(
      "policy     \(policy) (\(policy == .block ? "nothing is dropped" : "the newest frame wins"))")
    return lines
  }
}
