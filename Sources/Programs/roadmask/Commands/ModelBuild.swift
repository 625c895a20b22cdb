// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Buffers
import Foundation
import GraphIR
import Networks
import ONNX
import Runs
import Stages

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
    try Console.refuseDash(output)
    try Console.refuseExisting(output, overwrite: overwrite)
    let (size, picture) = try sizes()
    let graph = try spec().build(
      rows: size.height, columns: size.width, picture: (picture.width, picture.height),
      form: weights == nil || training ? .training : .deployable,
      weights: weights.map { try Safetensors.read($0).tensors }, seed: seed, metadata: metadata())
    try ONNXWriter.write(graph, to: output)
    Console.message("wrote \(output)\n\(try GraphSummary(graph))")
  }

  private func spec() throws -> NetworkSpec {
    let choices: [(String, String?)] = [
      ("backbone", backbone), ("context", context), ("merge", merge), ("fuse", fuse), ("refine", refine),
      ("width", width.map(String.init)), ("tail", tail), ("classes", classes.map { "\"\($0)\"" }),
    ]
    let words = choices.compactMap { key, value in value.map { "\(key)=\($0)" } }
    return try NetworkSpec(parsing: ([net] + words).joined(separator: " "))
  }

  private func sizes() throws -> (size: PixelSize, picture: PixelSize) {
    func read(_ option: String, _ text: String?) throws -> PixelSize? {
      guard let text else { return nil }
      guard let size = PixelSize(text) else {
        throw Problem(
          .usage, "RM-USE-002", "\(option) \(text) is no size", hint: "write WIDTHxHEIGHT, as in 480x384")
      }
      return size
    }
    let given = try read("--size", size)
    let picture = try read("--picture", picture) ?? given ?? PixelSize(width: 480, height: 360)
    return (given ?? picture.roundedUp(to: 32), picture)
  }

  private func metadata() throws -> [String: String] {
    var pairs: [String: String] = [:]
    for word in meta {
      guard let equals = word.firstIndex(of: "=") else {
        throw Problem(
          .usage, "RM-USE-002", "--meta \(word) has no '='", hint: "write key=value, as in license=MIT")
      }
      pairs[String(word[..<equals])] = String(word[word.index(after: equals)...])
    }
    return pairs
  }
}
