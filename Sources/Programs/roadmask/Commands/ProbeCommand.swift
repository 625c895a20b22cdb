// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Runs
import Stages

struct ProbeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "probe", abstract: "Say what a source is, and how it would be treated.")

  @Argument(help: "As for run: a video, a picture, a folder, a pattern, test:street.") var input: String

  func run() throws {
    var config = PipelineConfig()
    config.source.uri = input
    for line in try OpenedSource(config).lines { Console.data(line) }
  }
}
