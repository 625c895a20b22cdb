// SPDX-License-Identifier: Apache-2.0

/// Whether, and after what wait, a pipeline that ended is started again.
///
/// Waits double from the first to the longest, each ±20 % at random, so that pipelines that fell together do not
/// rise together. A run longer than twice the longest wait begins anew.
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
    let (first, longest) = (options.backoff.shortest.seconds, options.backoff.longest.seconds)
    if seconds > 2 * longest { tries = 0 }
    var wait = first
    for _ in 0..<tries where wait < longest { wait *= 2 }
    tries += 1
    return min(wait, longest) * (1 + 0.2 * chance)
  }
}
