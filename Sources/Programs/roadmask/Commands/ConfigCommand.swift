// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Runs
import Stages

struct ConfigCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config", abstract: "Check pipeline files, or show the values they result in.",
    subcommands: [Check.self, Show.self])

  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Check pipeline files, as serve does before it starts one.")

    @Argument(help: "Pipeline files (.yaml).") var files: [String]

    func run() throws {
      for file in files {
        _ = try ServicePlan.read(file)
        print("\(file): good")
      }
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show every key with its value, the defaults included.")

    @Argument(help: "A pipeline file; the defaults without one.") var file: String?

    func run() throws {
      for (key, value) in try (file.map(PipelineConfig.load) ?? PipelineConfig()).shown {
        Console.data("\(key.padded(to: 32))\(value)")
      }
    }
  }
}
