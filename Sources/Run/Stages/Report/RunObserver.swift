// SPDX-License-Identifier: Apache-2.0

public import Frames

/// Looks at a run from outside, as often as anybody asks.
public final class RunObserver: Sendable {
  private let run: Run
  private let sampler = Monitor(ProgressSampler())

  public init(_ run: Run) { self.run = run }

  /// `main`, or the name of the pipeline file.
  public var name: String { run.config.name ?? "main" }
  public var preview: PreviewBoard? { run.preview }

  /// The state of the moment, with rates over the last seconds.
  public func sample() -> RunProgress {
    let figures = run.figures, process = ProcessFigures.current, source = source
    var progress = sampler.withLock {
      $0.progress(
        figures, process: process, pipeline: name, duration: run.plan.source.duration,
        isLive: run.plan.isLive,
        isEnding: run.isEnding, source: source)
    }
    progress.outputs = run.outputFigures
    progress.classes = preview?.shares ?? []
    return progress
  }

  public var source: SourceStatus { run.journal.status }

  /// Frames go out: the source is there, and one was delivered within the stall time.
  public var isReady: Bool {
    let state = source.state
    guard state != .stalled, state != .offline, let seconds = run.figures.secondsSinceOutput else {
      return false
    }
    return seconds <= run.config.source.stallTimeout.seconds
  }

  /// The source gives frames, as far as it tells.
  public var isSourceUp: Bool {
    switch source.state {
    case .stalled, .offline: false
    case .live: true
    case .opening: run.figures.ledger.in > 0
    }
  }
}
