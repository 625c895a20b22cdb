// SPDX-License-Identifier: Apache-2.0

public import Frames

/// The source of a run, open: what it is, before the model is planned for it. A source is opened once; many
/// a camera serves one reader only.
public final class OpenedSource {
  public let info: SourceInfo
  /// Frames come when they come, whatever we do.
  public let comesLive: Bool
  /// How the source is doing; a source that cannot be lost writes nothing here.
  public let journal = SourceJournal()
  let frames: any FrameSource
  let flag: InterruptFlag
  /// What the pipeline does when it is slower than the source.
  public let policy: OverloadPolicy

  /// - Parameter flag: ends the opening, and later every wait of the source.
  /// - Throws: `FramesError`, `RunError`, or the error of a `test:` address.
  public init(_ config: PipelineConfig, flag: InterruptFlag = InterruptFlag()) throws {
    let expected = config.pipelineOptions(comesLive: SourceFactory.isLive(config.source))
    let outputs = try OutputPlan.all(of: config, policy: expected.policy, isLive: true)
    let plan = FlightPlan(
      policy: expected.policy, places: expected.places, skips: config.flow.adapt == .skip,
      held: OutputPlan.held(outputs))
    let wantsTruth = config.outputs.contains { $0.kind == .truth }
    let source = try SourceFactory(
      config: config, threads: config.threadBudget, interrupt: flag, journal: journal,
      truthCount: wantsTruth ? plan.frames : 0, reserve: expected.policy == .block ? 0 : plan.frames
    ).open()
    self.flag = flag
    frames = source
    info = source.info
    comesLive = SourceFactory.isLive(config.source) || source is ReopeningSource
    policy = config.pipelineOptions(comesLive: comesLive).policy
  }
}
