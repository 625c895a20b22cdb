// SPDX-License-Identifier: Apache-2.0

import Addresses
import ArgumentParser
import Buffers
import Evaluation
import Foundation
import GraphIR
import Quantization
import Runs
import Stages

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
    transform: RangeMethod.init(word:))
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
    let path = try ModelStore.path(of: model, precision: .fp32)
    var check = OutputCheck()
    check.add(input: .file(path: path), "the model")
    if let calib { check.add(input: SourceAddress(calib), "the source") }
    check.targets = [OutputCheck.Target(path: output, overwrite: overwrite)]
    try check.run()

    let work = QuantizeWork(model: path, config: try config(calib ?? "")) { name in
      real.contains { name.hasPrefix($0) }
    }
    let draft: QuantizeWork.Draft
    var examples: [AlignedBytes] = []
    var calibrated: CalibratedModel?
    switch to {
    case .fp16:
      draft = try work.writeHalves(beside: output)
      if calib != nil { examples = try work.examples(frames) }
    case .int8:
      var model = try work.calibrate(frames: frames)
      draft = try work.draft(of: try quantize(&model), beside: output)
      examples = model.examples
      calibrated = model
    }
    defer { draft.discard() }
    let stored = try LoadedModel(path: draft.path, level: .best)
    print("write      \(output)   \(stored.plan.workLine)   \(draft.sizes(from: path))")
    if !examples.isEmpty { print(try work.compare(with: stored, on: examples)) }
    let drop = try score(path, draft.path)
    try draft.publish()
    if let maxDrop, let drop, drop > maxDrop { try refuse(drop, beyond: maxDrop, calibrated) }
  }

  /// Chooses ranges and the operators that stay in floats, and says so.
  private func quantize(_ model: inout CalibratedModel) throws -> Graph {
    print("calibrate  \(model.examples.count) pictures, weights per channel, values per tensor")
    print("range      \(try model.choose(range))")
    guard mixed <= model.operatorCount else {
      throw Problem(
        .usage, "RM-USE-001", "--mixed \(mixed): the network has \(model.operatorCount) operators",
        hint: "--sensitivity lists them")
    }
    guard sensitivity || mixed > 0 else { return try model.quantized() }
    let ranking = try model.sensitivities()
    if sensitivity { print(CalibratedModel.table(ranking)) }
    let kept = ranking.prefix(mixed).map(\.node)
    if !kept.isEmpty { print("mixed      in fp32, with what reads them: \(kept.joined(separator: ", "))") }
    return try model.quantized(without: Set(kept))
  }

  /// Ends the program because the labels got too much worse, and names the operators to blame.
  private func refuse(_ drop: Double, beyond limit: Double, _ model: CalibratedModel?) throws -> Never {
    Console.message(
      String(format: "the drop of %.2f is more than the %.2f allowed; \(output) is written", drop, limit))
    if let model {
      let blamed = try model.sensitivities().dropFirst(mixed).prefix(3).map(\.node)
      Console.message(
        " hint: --mixed \(mixed + blamed.count) also keeps the most sensitive operators in fp32: "
          + "\(blamed.joined(separator: ", ")); or calibrate with more pictures like those of the test")
    }
    Foundation.exit(ExitStatus.limitMissed.rawValue)
  }

  private func config(_ uri: String) throws -> PipelineConfig {
    var config = PipelineConfig()
    config.source.uri = uri
    if let threads { try config.set("pipeline.threads=\(threads)") }
    return config
  }

  /// - Returns: by how much the mIoU is less, in points of 100.
  private func score(_ float: String, _ stored: String) throws -> Double? {
    func assess(_ model: String, against other: String? = nil) throws -> Assessment? {
      if let images, let labels {
        return try Assessment.pictures(
          images, labels: labels, isFilm: false, ignore: [], config: config(images), model: model,
          against: other)
      }
      return try source.map {
        try Assessment.drawn($0, config: config($0), model: model, against: other)
      }
    }
    guard let before = try assess(float), let after = try assess(stored, against: float) else { return nil }
    let (a, b) = (Scores(before.matrix), Scores(after.matrix))
    let drop = (a.meanIoU - b.meanIoU) * 100
    var line = String(
      format: "accuracy   mIoU %.2f -> %.2f, drop %.2f", a.meanIoU * 100, b.meanIoU * 100, drop)
    let losses = zip(a.iou, b.iou).map { ($0 ?? 0) - ($1 ?? 0) }
    if let most = losses.indices.max(by: { losses[$0] < losses[$1] }) {
      line += String(format: "   largest loss %@ %.2f", after.names[most], losses[most] * 100)
    }
    if let agreement = after.agreement {
      line += String(format: "\nagreement  %.3f %% of their pixels", agreement.share * 100)
    }
    print(line)
    return drop
  }
}

extension RangeMethod {
  /// As `--range` takes it.
  init(word: String) throws {
    let parts = word.split(separator: ":", maxSplits: 1)
    switch (parts.first, parts.count) {
    case ("minmax", 1): self = .minMax
    case ("least-error", 1): self = .leastError
    case ("entropy", 1): self = .entropy
    case ("percentile", 2):
      guard let percent = Double(parts[1]), (0..<50).contains(percent) else { fallthrough }
      self = .percentile(percent / 100)
    default:
      throw ValidationError(
        "'\(word)' is no way to choose ranges: minmax, percentile:P, least-error, entropy.")
    }
  }
}
