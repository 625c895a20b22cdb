// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Networks
import Runs

struct ModelBuild: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "build",
    abstract: "Write a built-in network as ONNX.",
    discussion: """
      NET is a preset, and the options change single choices of it. Without --weights the training form is \
      written, with random weights; with them the deployable form.

      \(NetworkSpec.presets.map { "  \($0.name.padding(toLength: 17, withPad: " ", startingAt: 0))\($0.summary)" }
        .joined(separator: "\n"))

      Example: roadmask model build srm-crm --weights trained.safetensors \\
                   --picture 640x360 -o street.onnx
      """)

  @Argument(help: "A preset.") var net = "srm-crm"
  @Option(name: .shortAndLong, help: "The file to write.") var output: String
  @Option(help: "Trained weights (.safetensors), by parameter name.") var weights: String?
  @Option(help: "Size of the input, multiples of 32. (default: what --picture needs)") var size: String?
  @Option(help: "Size of the picture inside the input. (default: 480x360, or --size)") var picture: String?
  @Flag(help: "Write the training form even with weights.") var training = false
  @Option(help: "Seed of the random weights.") var seed: UInt64 = 0
  @Option(help: "mobilenetv2 (the default) or -0.5, …; efficientnet-lite0 to -lite2; stdc1, stdc2.")
  var backbone: String?
  @Option(help: "none, crm-gate, crm-affinity, mcibi-pixel@16, mcibi-classkey@16, …") var context: String?
  @Option(help: "For strides 16,8,4 or all: add, srm, srm:nomask, srm:upsampled, rsp, rsp:k5") var merge:
    String?
  @Option(help: "For strides 16,8,4 or all: dense, separable, light, residual") var fuse: String?
  @Option(help: "For strides 32,16,8,4 or all: none, crp4, rcu-crp2") var refine: String?
  @Option(help: "Channels of the decoder.") var width: Int?
  @Option(help: "Classifier: 1x1 or 3x3.") var tail: String?
  @Option(help: "camvid, cityscapes, or names separated by commas.") var classes: String?
  @Option(help: ArgumentHelp("Metadata for the file, as in license=…", valueName: "key=value")) var meta:
    [String] = []
  @Flag(name: .customShort("y"), help: "Overwrite FILE.") var overwrite = false

  func run() throws {
    var work = Building(net, output: output)
    work.choices = [
      ("backbone", backbone), ("context", context), ("merge", merge), ("fuse", fuse), ("refine", refine),
      ("width", width.map(String.init)), ("tail", tail), ("classes", classes.map { "\"\($0)\"" }),
    ]
    (work.weights, work.isForTraining, work.seed) = (weights, training, seed)
    (work.size, work.picture, work.meta, work.overwrite) = (size, picture, meta, overwrite)
    try work.run()
  }
}
