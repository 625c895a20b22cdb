// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Quantization
import Runs

struct QuantizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "quantize",
    abstract: "Write a model in 8 bits, or in fp16, and say what that costs.",
    usage: "roadmask quantize <model> --calib <source> -o <file> [<options>]",
    discussion: """
      The ranges of all values are taken from pictures that the model sees as in a run; they should be like \
      those it will meet. Weights get a scale for each channel. The file is standard ONNX.

      --to fp16 rounds weights and values to half precision, which needs no pictures; those of --calib, if any, \
      tell how many labels stay.

      Example: roadmask quantize street.onnx --calib frames/ \\
                   --images val --labels valannot --max-drop 0.5 -o street.int8.onnx
               roadmask quantize street.onnx --to fp16 -o street.fp16.onnx
      """)

  @Argument(help: "An installed model's name, or an .onnx file of floats.") var model: String
  @Option(help: "What to write: int8, fp16.") var to = Target.int8
  @Option(help: "Pictures for calibration: a video, a folder of pictures, or a test: source.")
  var calib: String?
  @Option(name: .shortAndLong, help: "The file to write.") var output: String
  @Option(help: "How many pictures to take, spread over the source.") var frames = 100
  @Option(
    help: ArgumentHelp(
      "How ranges follow from what was seen: minmax, percentile:P (leaves out P % at each end), least-error, "
        + "entropy. (default: the one that keeps most labels)",
      valueName: "method"),
    transform: {
      guard let method = RangeMethod(word: $0) else {
        throw ValidationError(
          "'\($0)' is no way to choose ranges: minmax, percentile:P, least-error, entropy.")
      }
      return method
    })
  var range: RangeMethod?
  @Flag(help: "Quantise each operator alone, and list what each costs.") var sensitivity = false
  @Option(
    help: ArgumentHelp("Keep the N most sensitive operators, and what reads them, in floats.", valueName: "n")
  ) var mixed = 0
  @Option(
    name: .customLong("float"),
    help: ArgumentHelp(
      "Keep nodes in floats whose names begin so; may stand several times.", valueName: "node"))
  var real: [String] = []
  @Option(help: "Score both models on this folder of pictures.") var images: String?
  @Option(help: "The folder of their label pictures.") var labels: String?
  @Option(help: "Score both models on this test: source.") var source: String?
  @Option(help: "Exit with 1 when the mIoU drops by more than this (points of 100).") var maxDrop: Double?
  @Option(help: "CPU threads.") var threads: Int?
  @Flag(name: .customShort("y"), help: "Overwrite the file.") var overwrite = false

  enum Target: String, ExpressibleByArgument { case int8, fp16 }

  func validate() throws {
    guard calib != nil || to == .fp16 else {
      throw ValidationError("--calib names pictures like those the model will meet; 8 bits need them.")
    }
    guard to == .int8 || real.isEmpty && range == nil && !sensitivity && mixed == 0 else {
      throw ValidationError("--float, --range, --sensitivity and --mixed are for 8 bits.")
    }
    guard mixed >= 0 else { throw ValidationError("--mixed must be 0 or more.") }
    guard frames > 0 else { throw ValidationError("--frames must be at least 1.") }
    guard (images == nil) == (labels == nil), images == nil || source == nil else {
      throw ValidationError("Give --images with --labels, or --source.")
    }
    guard maxDrop == nil || images != nil || source != nil else {
      throw ValidationError("--max-drop needs --images and --labels, or --source.")
    }
  }

  func run() throws {
    var work = Quantizing(model: model, output: output)
    work.writesHalves = to == .fp16
    (work.calib, work.frames, work.range, work.sensitivity) = (calib, frames, range, sensitivity)
    (work.mixed, work.kept, work.overwrite, work.threads) = (mixed, real, overwrite, threads)
    (work.images, work.labels, work.source, work.maxDrop) = (images, labels, source, maxDrop)
    let status = try work.run()
    if status != .success { Foundation.exit(status.rawValue) }
  }
}
