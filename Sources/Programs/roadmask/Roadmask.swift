// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Frames
import Runs
import Stages

@main
struct Roadmask: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "roadmask",
    abstract: "Label every pixel of road video, in real time, on a small CPU.",
    usage: """
      roadmask IN [OUT] [<options>]
      roadmask <subcommand>
      """,
    discussion: """
      roadmask dashcam.mp4                  writes dashcam.seg.mp4 beside it
      roadmask /dev/video0 out.mp4          a camera, until Ctrl-C
      roadmask test:street street.mp4       needs no file: a drawn street
      roadmask in.mp4 out.mp4 --mask m.mkv  also the class of every pixel

      The options are those of 'roadmask run --help'. A file that is called like a
      command is reached by 'roadmask run'.
      """,
    version: Release.version,
    subcommands: [
      RunCommand.self, ServeCommand.self, BenchCommand.self, EvalCommand.self, QuantizeCommand.self,
      ProfileCommand.self, ModelCommand.self, ProbeCommand.self, ConfigCommand.self, DevicesCommand.self,
      ContactSheetCommand.self, DoctorCommand.self, CompletionsCommand.self,
    ],
    defaultSubcommand: RunCommand.self)

  static func main() {
    StandardStreams.secure()
    LogCollector.shared.install()
    // A reader that goes away is an error of the write, not the end of the program.
    signal(SIGPIPE, SIG_IGN)
    // So is a file that may grow no further.
    signal(SIGXFSZ, SIG_IGN)
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      switch exitCode(for: error) {
      case .success: exit(withError: error)
      case .validationFailure: Problem(words: message(for: error), usage: fullMessage(for: error)).end()
      default: Problem(error).end()
      }
    }
  }
}
