// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Runs

struct ContactSheetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "contact-sheet", abstract: "Put a few frames of a video side by side into one picture.",
    usage: "roadmask contact-sheet <input> <output> [<options>]")

  @Argument(help: "A video.") var input: String
  @Argument(help: "The picture to write (.png or .jpg).") var output: String
  @Option(help: "Frames to show, spread over the video.") var count = 6
  @Option(help: "Frames in a row.") var columns = 3
  @Flag(name: .customShort("y"), help: "Overwrite OUTPUT.") var overwrite = false

  func validate() throws {
    guard (1...64).contains(count), (1...16).contains(columns) else {
      throw ValidationError("--count is 1 to 64, --columns 1 to 16")
    }
  }

  func run() throws {
    var sheet = ContactSheet(input: input, output: output)
    (sheet.count, sheet.columns, sheet.overwrite) = (count, columns, overwrite)
    try sheet.write()
  }
}
