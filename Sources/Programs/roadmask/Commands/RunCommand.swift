// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Runs
import Stages

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Label a video and write it with its labels drawn in (the default command).",
    discussion: """
      IN: a video, a picture, a folder or a quoted '*.png' pattern of pictures, a camera \
      as /dev/video0, cam: (the first) or cam:NAME (see roadmask devices), '-' for standard input, an address, \
      or 'test:street?size=1280x720&rate=30&seconds=10&seed=1'.
      OUT: .mp4, .mkv or .ts, a pattern such as out/%06d.png, v4l2:///dev/video10 (a loopback device), or \
      null:. Without it, a file gives <stem>.seg.mp4 \
      beside itself, anything else null:.
      """)

  @Argument(help: "The source.") var input: String?
  @Argument(help: "The output.") var output: String?
  @OptionGroup var options: RunOptions

  func run() throws {
    let config = try options.makeConfig(input: input, output: output)
    guard !config.source.uri.isEmpty else {
      throw Problem(
        .usage, "RM-USE-003", "there is nothing to run: no IN, and no pipeline file with a source",
        hint:
          "roadmask IN [OUT]; without a video, try: roadmask test:street street.mp4; all options: roadmask run --help"
      )
    }
    try options.execute(config)
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
