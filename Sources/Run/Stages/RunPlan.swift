// SPDX-License-Identifier: Apache-2.0

internal import Addresses
public import CPU
public import Frames
internal import Pixels

/// All that is decided about a run before it runs: it follows from the configuration, the source and the network,
/// and from nothing else.
///
/// `Run` executes it; start lines, the report's skeleton and `--dry-run` are views of it.
public struct RunPlan: Sendable {
  public let config: PipelineConfig
  public let source: SourceInfo
  public let model: ModelDescription
  /// The network; for `adapt: resolution` the same for several sizes of picture, the largest first.
  public let networks: [NetworkForm]
  public let level: CPULevel
  public let threads: ThreadBudget
  /// Frames come when they come, or are paced as if they did.
  public let isLive: Bool
  /// Sound of the source goes into the videos.
  public let keepsAudio: Bool

  /// Policy, places, limits.
  let options: PipelineOptions
  let outputs: [OutputPlan]
  /// How many of each thing there can be at once.
  let flight: FlightPlan
  let palette: Palette
  /// The inputs of the networks, with the place of the picture in them.
  let targets: [ModelInputFormat]
  let style: OverlayStage.Style

  /// What happens when the run is slower than its source.
  public var policy: OverloadPolicy { options.policy }

  /// - Parameters:
  ///   - config: passes `check`.
  ///   - comesLive: the frames of the source come when they come, whatever we do.
  /// - Throws: `RunError` where source or network do not go with the configuration.
  public init(
    _ config: PipelineConfig, source: SourceInfo, comesLive: Bool, model: ModelDescription,
    networks: [NetworkForm]
  ) throws {
    self.config = config
    self.source = source
    self.model = model
    self.networks = networks
    level = try config.usableLevel()
    threads = config.threadBudget
    options = config.pipelineOptions(comesLive: comesLive)
    try config.checkAdaptation(under: options.policy)
    let isLive = options.isPaced || comesLive
    self.isLive = isLive
    // Sound stays with all pictures or goes: where pictures are dropped, theirs would be missing.
    keepsAudio = (config.encode.audio ?? (isLive ? SoundMode.none : .auto)) != .none
    let policy = options.policy
    outputs = try OutputPlan.all(of: config, policy: policy, isLive: isLive)
    flight = FlightPlan(
      policy: policy, places: options.places, skips: config.flow.adapt == .skip,
      held: OutputPlan.held(outputs))
    palette = try config.palette(of: model)
    guard model.palette.names.count == networks[0].logits.classes else {
      throw RunError(
        .model, "run", model.name,
        "it gives \(networks[0].logits.classes) classes but names \(model.palette.names.count)",
        hint: "write the names of all classes into its metadata")
    }
    targets = networks.map {
      $0.input.placing(
        width: source.width, height: source.height, aspect: source.video.sampleAspectRatio.value,
        fit: config.resize.fit)
    }
    let sums = config.outputs.filter { $0.kind == .hash }.map(\.tap)
    let looksAtLabels = outputs.allSatisfy { [.mask, .png, .truth, .hash].contains($0.kind) }
    style = OverlayStage.Style(
      palette: palette, alpha: Float(config.overlay.alpha), view: config.overlay.view, level: level,
      isIdle: looksAtLabels && !sums.contains(.overlay), keepsSource: sums.contains(.decode))
  }

  func has(_ kind: OutputConfig.Kind) -> Bool { outputs.contains { $0.kind == kind } }

  /// What lets the network do less, where that is asked for.
  func makeAdaptation() -> Adaptation? {
    switch config.flow.adapt {
    case .none: nil
    case .skip: Adaptation(skippingWithin: options.latencyBudget)
    case .resolution: Adaptation(inputs: networks.map(\.input), within: options.latencyBudget)
    }
  }

  /// The most memory that the run takes, in bytes.
  ///
  /// - Parameter base: what the process holds before the networks are made.
  public func memoryCeiling(above base: Int) -> Int {
    MemoryCeiling(
      base: base + networks.reduce(0) { $0 + $1.byteCount }, flight: flight, video: source.video,
      inputBytes: targets[0].byteCount, logitBytes: networks[0].logits.byteCount, hasTruth: has(.truth),
      drawnWidth: config.overlay.view == .side ? (source.width + 1) / 2 * 4 : source.width,
      videoOutputs: outputs.count { $0.kind == .video },
      labelOutputs: outputs.count { $0.kind == .mask || $0.kind == .truth },
      hasWeb: has(.preview) || config.web.listen != nil, threads: threads
    ).bytes
  }
}

/// What is decided about one output.
struct OutputPlan: Sendable {
  let config: OutputConfig
  let kind: OutputConfig.Kind
  /// The run waits until the output has each frame; else frames that come too fast are dropped.
  let waits: Bool
  /// Frames that may wait for an output that drops.
  let places: Int
  /// What happens after an error.
  let rule: OutputSlot.Rule

  init(_ output: OutputConfig, policy: OverloadPolicy, isLive: Bool) throws {
    config = output
    kind = try OutputFactory.kind(of: output)
    waits = kind != .preview && (output.onSlow ?? (policy == .block ? .block : .drop)) == .block
    places = kind == .preview ? 1 : OutputLane.places
    let onError = output.onError ?? (output.address.isPush && isLive ? .continue : .stop)
    rule = onError == .stop ? .stop : output.address.isPush ? .peer : .file
  }

  /// Those of a run; nobody has to name one.
  static func all(of config: PipelineConfig, policy: OverloadPolicy, isLive: Bool) throws -> [OutputPlan] {
    let outputs = config.outputs.isEmpty ? [OutputConfig(uri: "null:")] : config.outputs
    return try outputs.map { try OutputPlan($0, policy: policy, isLive: isLive) }
  }

  /// Frames that `outputs` may hold beyond the one that is being delivered.
  static func held(_ outputs: [OutputPlan]) -> Int {
    outputs.reduce(1) { $0 + OutputLane.held(waits: $1.waits, places: $1.places) }
  }
}
