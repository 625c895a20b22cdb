// SPDX-License-Identifier: Apache-2.0

internal import Addresses
internal import Buffers
internal import Evaluation
internal import Foundation
internal import GraphIR
public import Quantization
internal import Stages

/// What `quantize` does: writes a model of floats in 8 bits or in halves, and says what that costs.
public struct Quantizing {
  /// A name or a path, of a model of floats.
  public var model: String
  public var output: String
  /// Else 8 bits.
  public var writesHalves = false
  /// A source of pictures; 8 bits need one.
  public var calib: String?
  /// Pictures to take from it.
  public var frames = 100
  /// `nil` for the way that keeps most labels.
  public var range: RangeMethod?
  public var sensitivity = false
  /// The most sensitive operators that stay in floats.
  public var mixed = 0
  /// Beginnings of names of nodes that stay in floats.
  public var kept: [String] = []
  /// What both models are scored on: pictures with their labels, or a `test:` source.
  public var images: String?
  public var labels: String?
  public var source: String?
  /// Points of 100 by which the mIoU may drop.
  public var maxDrop: Double?
  public var threads: Int?
  public var overwrite = false

  public init(model: String, output: String) {
    self.model = model
    self.output = output
  }

  /// Writes the file and says what it cost.
  ///
  /// - Returns: `limitMissed` where the drop is larger than allowed.
  /// - Throws: `Problem`, or an error that it words.
  public func run() throws -> ExitStatus {
    let path = try ModelStore.path(of: model, precision: .fp32)
    var check = OutputCheck()
    check.add(input: .file(path: path), "the model")
    if let calib { check.add(input: SourceAddress(calib), "the source") }
    check.targets = [OutputCheck.Target(path: output, overwrite: overwrite)]
    try check.run()

    let work = QuantizeWork(model: path, config: try config(calib ?? "")) { name in
      kept.contains { name.hasPrefix($0) }
    }
    let draft: QuantizeWork.Draft
    var examples: [AlignedBytes] = []
    var calibrated: CalibratedModel?
    if writesHalves {
      draft = try work.writeHalves(beside: output)
      if calib != nil { examples = try work.examples(frames) }
    } else {
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
    guard let maxDrop, let drop, drop > maxDrop else { return .success }
    try tell(drop, beyond: maxDrop, calibrated)
    return .limitMissed
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

  /// Says that the labels got too much worse, and names the operators to blame.
  private func tell(_ drop: Double, beyond limit: Double, _ model: CalibratedModel?) throws {
    Console.message(
      String(format: "the drop of %.2f is more than the %.2f allowed; \(output) is written", drop, limit))
    if let model {
      let blamed = try model.sensitivities().dropFirst(mixed).prefix(3).map(\.node)
      Console.message(
        " hint: --mixed \(mixed + blamed.count) also keeps the most sensitive operators in fp32: "
          + "\(blamed.joined(separator: ", ")); or calibrate with more pictures like those of the test")
    }
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
  /// As `--range` takes it: minmax, percentile:P (of 100), least-error, entropy.
  public init?(word: String) {
    let parts = word.split(separator: ":", maxSplits: 1)
    switch (parts.first, parts.count) {
    case ("minmax", 1): self = .minMax
    case ("least-error", 1): self = .leastError
    case ("entropy", 1): self = .entropy
    case ("percentile", 2):
      guard let percent = Double(parts[1]), (0..<50).contains(percent) else { return nil }
      self = .percentile(percent / 100)
    default: return nil
    }
  }
}
