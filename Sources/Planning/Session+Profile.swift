// SPDX-License-Identifier: Apache-2.0

/// How long one step takes.
public struct StepTime: Sendable {
  public let step: Step
  /// The median over the runs.
  public let seconds: Double
}

extension Session {
  /// Runs the network `runs` times, with a clock around each step.
  public func profile(runs: Int) -> [StepTime] {
    precondition(runs > 0)
    run()
    let clock = ContinuousClock()
    var times = [[Duration]](repeating: [], count: plan.steps.count)
    for _ in 0..<runs {
      for index in plan.steps.indices {
        let start = clock.now
        run(step: index)
        times[index].append(clock.now - start)
      }
    }
    return zip(plan.steps, times).map { step, durations in
      let median = durations.sorted()[durations.count / 2]
      let (seconds, attoseconds) = median.components
      return StepTime(step: step, seconds: Double(seconds) + Double(attoseconds) * 1e-18)
    }
  }
}
