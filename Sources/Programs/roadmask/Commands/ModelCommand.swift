// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// What has to do with model files.
struct ModelCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "model", abstract: "Build a network, or look into a model file.",
    subcommands: [ModelBuild.self, ModelInfo.self, ModelCheck.self])
}
