// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Frames

@main
struct Roadmask: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "roadmask",
    abstract: "Label every pixel of road video, in real time, on a small CPU.",
    discussion: """
      roadmask dashcam.mp4                    writes dashcam.seg.mp4 beside it
      roadmask 'test:street' street.mp4       needs no file: a street drawn by the program
      roadmask in.mp4 out.mp4 --mask ids.mkv  also writes the class of every pixel, losslessly

      A file that is called like a command is reached by 'roadmask run'.
      """,
    version: "0.1.0",
    subcommands: [
      RunCommand.self, BenchCommand.self, EvalCommand.self, ModelCommand.self, ProbeCommand.self,
      ConfigCommand.self, ContactSheet.self, DoctorCommand.self,
    ],
    defaultSubcommand: RunCommand.self)

  static func main() {
    LogCollector.shared.install()
    // A reader that goes away is an error of the write, not the end of the program.
    signal(SIGPIPE, SIG_IGN)
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let error where error is CleanExit || error is ExitCode || error is ValidationError {
      exit(withError: error)
    } catch {
      // What is left of ArgumentParser's own errors has a message of its own there.
      if exitCode(for: error) != .failure { exit(withError: error) }
      fail(Problem(error))
    }
  }

  private static func fail(_ problem: Problem) -> Never {
    let text = problem.lines(columns: Terminal.columns)
    FileHandle.standardError.write(Data(text.utf8))
    Foundation.exit(problem.status.rawValue)
  }
}
