// SPDX-License-Identifier: Apache-2.0

/// How long one step takes.
public struct StepTime: Sendable {
  public let step: Step
  /// The median over the runs.
  public let seconds: Double
  /// When it began in the last run, after that run's start, and how long it took then.
  public let last: (start: Double, seconds: Double)
}

extension Session {
  /// Runs the network `runs` times, with a clock around each step.
  public func profile(runs: Int) -> [StepTime] {
    precondition(runs > 0)
    run()
    let clock = ContinuousClock()
    var times = [[Duration]](repeating: [], count: plan.steps.count)
    var starts = [Duration](repeating: .zero, count: plan.steps.count)
    for _ in 0..<runs {
      let begin = clock.now
      for index in plan.steps.indices {
        let start = clock.now
        run(step: index)
        times[index].append(clock.now - start)
        starts[index] = start - begin
      }
    }
    return plan.steps.indices.map { index in
      let durations = times[index]
      return StepTime(
        step: plan.steps[index], seconds: durations.sorted()[durations.count / 2].inSeconds,
        last: (starts[index].inSeconds, durations.last!.inSeconds))
    }
  }
}

extension Duration {
  var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
