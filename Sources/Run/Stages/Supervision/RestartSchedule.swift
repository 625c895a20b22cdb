// SPDX-License-Identifier: Apache-2.0

internal import Frames

/// Whether, and after what wait, a pipeline that ended is started again.
///
/// Waits grow as those for a source do, from the shortest to the longest, each ±20 % at random, so that pipelines
/// that fell together do not rise together. A run longer than twice the longest wait begins anew.
public struct RestartSchedule: Sendable {
  private let options: PipelineConfig.Restart
  private var tries = 0

  public init(_ options: PipelineConfig.Restart) { self.options = options }

  /// Seconds to wait, or `nil` where it stays ended.
  ///
  /// - Parameters:
  ///   - seconds: that the pipeline ran.
  ///   - failed: an error ended it, or did not let it start.
  ///   - chance: −1…1.
  public mutating func wait(afterRunning seconds: Double, failed: Bool, chance: Double) -> Double? {
    switch options.policy {
    case .never: return nil
    case .onFailure: if !failed { return nil }
    case .always: break
    }
    var retry = RetryPolicy()
    (retry.shortest, retry.longest) = (options.backoff.shortest.seconds, options.backoff.longest.seconds)
    if seconds > 2 * retry.longest { tries = 0 }
    tries += 1
    return retry.wait(before: tries + 1) * (1 + retry.jitter * chance)
  }
}
