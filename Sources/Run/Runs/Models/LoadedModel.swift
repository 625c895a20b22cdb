// SPDX-License-Identifier: Apache-2.0

internal import Buffers
public import CPU
internal import Foundation
internal import Frames
internal import GraphIR
internal import ONNX
internal import Pixels
public import Planning
public import Stages
public import Workers

/// A model file, planned for this machine; plans hold no state, so that pipelines can share one.
public struct LoadedModel: Sendable {
  public let path: String
  /// For the largest picture first.
  private let plans: [(plan: Plan, picture: PixelSize?)]
  public let description: ModelDescription
  /// The file's own size of picture, and the one that was chosen.
  let own: PixelSize?
  let wanted: PixelSize?
  private let metadata: ModelMetadata
  /// Of an input that is stored.
  private let stored: Quantization?

  public var plan: Plan { plans[0].plan }

  /// - Parameters:
  ///   - precision: `.fp32`, `.fp16` and `.bf16` say how real numbers are stored and multiplied; else as in the
  ///     file.
  ///   - choose: the size to take pictures in, given the file's own.
  ///   - insists: a network that cannot have that size is refused; else it keeps its own.
  ///   - sizes: plans it for smaller pictures too, for `--adapt resolution`.
  public init(
    path: String, level: CPULevel, precision: PipelineConfig.Model.Precision = .auto,
    picture choose: (_ own: PixelSize) throws -> PixelSize = { $0 },
    insists: Bool = true, sizes isForSizes: Bool = false
  ) throws {
    self.path = path
    do {
      var graph = try ONNXReader.read(path, .picture())
      if graph.metadata[Graph.openSizeKey] != nil {
        // The file takes any size: the one that is asked for, or as many pixels as the standard in the source's
        // shape.
        let open = ImportOptions.openSize
        let size = try choose(PixelSize(width: open.columns, height: open.rows)).roundedUp(to: 32)
        graph = try ONNXReader.read(
          path, .picture(size: Pair(rows: size.height, columns: size.width)))
      }
      graph = try graph.optimized().withScoresAtEnd()
      let metadata = try ModelMetadata(graph.metadata)
      self.metadata = metadata
      var picture = metadata.picture
      let shape = graph.inputs.first?.fact.shape
      let whole = shape.flatMap { $0.rank == 4 ? PixelSize(width: $0[2], height: $0[1]) : nil }
      own = picture ?? whole
      wanted = try own.map(choose)
      if let own, let wanted, wanted != own {
        let size = wanted.roundedUp(to: 32)
        do {
          graph = try graph.resized(toRows: size.height, columns: size.width)
          picture = wanted
        } catch is GraphError where !insists {}
      }
      let asksHalves = precision == .fp16 || precision == .bf16
      let isHalf = asksHalves || precision == .auto && metadata.precision == "fp16"
      let options = PlanOptions(level: level, multipliesBF16: precision == .bf16)
      if asksHalves, graph.isQuantized {
        throw Problem(
          .badData, "RM-MODEL-010",
          "\(path): it is quantized to 8 bits, and cannot run in \(precision.rawValue)",
          hint: "name the model of floats, or leave --precision away")
      }
      if isHalf { graph = try graph.halved() }
      let ends = try graph.withoutBoundaryConversions()
      var plans = [(plan: try Plan(graph: ends, options: options), picture: picture)]
      if isForSizes, let largest = picture ?? whole {
        for size in largest.smaller {
          let input = size.roundedUp(to: 32)
          let smaller = try graph.resized(toRows: input.height, columns: input.width)
            .withoutBoundaryConversions()
          plans.append((try Plan(graph: smaller, options: options), size))
        }
      }
      self.plans = plans
      let plan = plans[0].plan
      stored = plan.inputs.first?.quantization
      let classes = plan.outputs.first?.fact.shape.extents.last ?? 0
      description = ModelDescription(
        name: URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent,
        sha256: try FileDigest.sha256(path), precision: plan.precision,
        isExact: plan.isExact,
        palette: try metadata.palette(classes: classes), hasClassNames: metadata.names != nil,
        license: metadata.license ?? "unknown",
        notice: metadata.license.map {
          "weights: \($0)" + (metadata.dataset.map { " (trained on \($0))" } ?? "")
        })
    } catch {
      throw Problem(error, subject: path)
    }
  }

  /// What a run must know of each plan.
  ///
  /// - Throws: `RunError` where it labels no pictures.
  public func forms(threads: ThreadBudget) throws -> [NetworkForm] {
    try plans.map { plan, picture in
      try NetworkForm(
        of: plan, threads: threads.inferWorkers, picture: picture, mean: metadata.mean, scale: metadata.scale,
        order: metadata.order, stored: stored)
    }
  }

  /// A session of the plan.
  public func inference(threads: ThreadBudget) throws -> SessionInference {
    try inferences(threads: threads)[0]
  }

  /// A session of each plan; they share their threads.
  public func inferences(threads: ThreadBudget) throws -> [SessionInference] {
    try inferences(pool: WorkerPool(threads: threads.inferWorkers))
  }

  public func inferences(pool: WorkerPool) throws -> [SessionInference] {
    try plans.map { plan, picture in
      try SessionInference(
        plan: plan, pool: pool, picture: picture, mean: metadata.mean, scale: metadata.scale,
        order: metadata.order, stored: stored)
    }
  }

  /// A line about the plans for smaller pictures, if there are any: their sizes and what they cost.
  var sizesLine: String? {
    guard plans.count > 1 else { return nil }
    let names = plans.map { plan, picture in
      picture.map { "\($0)" } ?? "\(plan.inputs[0].fact.shape[2])x\(plan.inputs[0].fact.shape[1])"
    }
    let bytes = plans.dropFirst().reduce(0) { $0 + $1.plan.weightBytes + $1.plan.arenaBytes }
    return "sizes \(names.joined(separator: ", ")); the smaller ones take \(bytes >> 10) KiB more"
  }

  /// What the file does not say, and what was taken instead.
  public var assumed: [String] { metadata.assumed }

  /// The size of picture that a model sees a source in: as many pixels as the file's own, in the shape of the
  /// source where that differs, since stretched pictures are labelled worse.
  static func picture(for info: SourceInfo, like own: PixelSize) -> PixelSize {
    let aspect = info.video.sampleAspectRatio.isKnown ? info.video.sampleAspectRatio.value : 1
    let shape = Double(info.width) * aspect / Double(info.height)
    let ownShape = Double(own.width) / Double(own.height)
    guard abs(shape / ownShape - 1) > 0.1, (0.25...8).contains(shape) else { return own }
    let pixels = Double(own.width * own.height)
    let width = max(32, Int((pixels * shape).squareRoot() / 32 + 0.5) * 32)
    return PixelSize(width: width, height: max(1, Int((Double(width) / shape).rounded())))
  }
}

extension PixelSize {
  /// About three quarters and nine sixteenths of the sides, the width a multiple of 32.
  fileprivate var smaller: [PixelSize] {
    var sizes: [PixelSize] = []
    for share in [0.75, 0.5625] {
      let width = Int((Double(width) * share / 32).rounded()) * 32
      let size = PixelSize(
        width: width, height: Int((Double(height) * Double(width) / Double(self.width)).rounded()))
      if width >= 32, size.height >= 16, width < (sizes.last ?? self).width { sizes.append(size) }
    }
    return sizes
  }
}

extension PixelSize {
  /// The next size up whose sides are multiples of `step`.
  public func roundedUp(to step: Int) -> PixelSize {
    PixelSize(width: (width + step - 1) / step * step, height: (height + step - 1) / step * step)
  }
}
