// SPDX-License-Identifier: Apache-2.0

/// Says how a run is doing, with rates over the time between the questions.
public final class ProgressMeter: Sendable {
  private let run: Run
  private let sampler = Monitor(ProgressSampler())

  public init(_ run: Run) { self.run = run }

  public var current: RunProgress {
    let figures = run.figures, process = ProcessFigures.current
    return sampler.withLock {
      $0.progress(
        figures, process: process, pipeline: run.config.name ?? "main", duration: run.duration,
        isLive: run.isLive, isEnding: run.isEnding)
    }
  }
}
