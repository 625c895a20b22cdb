// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Frames
import Runs
import Stages

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Label a video and write it with its labels drawn in (the default command).",
    discussion: """
      IN: a video, several, a folder or a quoted '*.mp4' pattern of them (one film), a picture, a folder or a quoted '*.png' pattern of pictures, a camera \
      as /dev/video0, cam: (the first) or cam:NAME (see roadmask devices), '-' for standard input, an address, \
      or 'test:street?size=1280x720&rate=30&seconds=10&seed=1'.
      OUT: .mp4, .mkv or .ts, a pattern such as out/%06d.png, v4l2:///dev/video10 (a loopback device), or \
      null:. Without it, a file gives <stem>.seg.mp4 \
      beside itself, anything else null:.
      """)

  @Argument(help: "The source, or several recordings as one film; then the output, unless -o names it.")
  var words: [String] = []
  @OptionGroup var options: RunOptions

  func run() throws {
    let (inputs, output) = try places()
    var config = try options.makeConfig(input: inputs.first, output: output)
    config.source.clips = Array(inputs.dropFirst())
    guard !config.source.uri.isEmpty else {
      throw Problem(
        .usage, "RM-USE-003", "there is nothing to run: no IN, and no pipeline file with a source",
        hint:
          "roadmask IN [OUT]; without a video, try: roadmask test:street street.mp4; all options: roadmask run --help"
      )
    }
    try options.execute(config)
  }

  /// The words before the output are what is read. With `-o`, a last word that exists is read too.
  private func places() throws -> (inputs: [String], output: String?) {
    guard words.count > 1, let last = words.last else { return (words, nil) }
    let lastIsRead = !options.more.isEmpty && ClipList.isRecording(last)
    let inputs = lastIsRead ? words : Array(words.dropLast())
    for word in inputs.dropFirst() where !ClipList.isRecording(word) {
      throw Problem(
        .usage, "RM-USE-006", "a word too many, '\(last)': '\(word)' is no recording that is there",
        hint: "roadmask IN OUT, or several recordings as one film: roadmask A.mp4 B.mp4 -o OUT.mp4")
    }
    if inputs.count > 1, !lastIsRead, ClipList.isRecording(last) {
      throw Problem(
        .usage, "RM-USE-006", "all \(words.count) files exist, and none is named as the output",
        hint: "play them as one film with -o: roadmask A.mp4 B.mp4 -o OUT.mp4")
    }
    return (inputs, lastIsRead ? nil : last)
  }
}

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Run the whole pipeline without an output, and report.",
    discussion: "Without IN, 300 frames of a 1280x720 street that the program draws.")

  @Argument(help: "The source, as for run.") var input: String?
  @OptionGroup var options: RunOptions

  func run() throws {
    var config = try options.makeConfig(input: input, output: "null:")
    if config.source.uri.isEmpty { config.source.uri = "test:street?size=1280x720&rate=30&seconds=10&seed=1" }
    try options.execute(config)
  }
}
