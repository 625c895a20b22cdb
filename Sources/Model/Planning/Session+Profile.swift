// SPDX-License-Identifier: Apache-2.0

internal import Workers

/// How long one step takes.
public struct StepTime: Sendable {
  public let step: Step
  /// The median over the runs.
  public let seconds: Double
  /// When it began in the last run, after that run's start, and how long it took then. Steps that ran in stripes
  /// are told as if they had run one after the other.
  public let last: (start: Double, seconds: Double)
}

extension Session {
  /// Runs the network `runs` times, with a clock around each step.
  public func profile(runs: Int) -> [StepTime] {
    precondition(runs > 0)
    run()
    let clock = ContinuousClock()
    var times = [[Double]](repeating: [], count: plan.steps.count)
    var starts = [Double](repeating: 0, count: plan.steps.count)
    for _ in 0..<runs {
      let begin = clock.now
      for part in parts {
        var start = (clock.now - begin).inSeconds
        for (index, seconds) in zip(part.steps, time(part)) {
          times[index].append(seconds)
          starts[index] = start
          start += seconds
        }
      }
    }
    return plan.steps.indices.map { index in
      let seconds = times[index]
      return StepTime(
        step: plan.steps[index], seconds: seconds.sorted()[seconds.count / 2],
        last: (starts[index], seconds.last!))
    }
  }

  /// Runs a part and tells how long each of its steps took. What steps in a stripe took in all threads is brought to
  /// the time that went by.
  private func time(_ part: (steps: Range<Int>, work: [any PoolWork])) -> [Double] {
    let clock = ContinuousClock()
    let start = clock.now
    guard let stripe = part.work.first as? StripeRun else {
      for work in part.work { pool.run(work) }
      return [(clock.now - start).inSeconds]
    }
    let timed = TimedStripe(stripe, threads: pool.threads)
    pool.run(timed)
    let passed = (clock.now - start).inSeconds
    let sums = timed.seconds
    let all = sums.reduce(0, +)
    return sums.map { $0 / all * passed }
  }
}

/// Runs a stripe with a clock around each call.
private final class TimedStripe: PoolWork, @unchecked Sendable {
  // @unchecked: each thread writes sums of its own.

  private let stripe: StripeRun
  private let sums: UnsafeMutablePointer<Duration>
  private let threads: Int

  init(_ stripe: StripeRun, threads: Int) {
    self.stripe = stripe
    self.threads = threads
    sums = .allocate(capacity: threads * stripe.steps.count)
    sums.initialize(repeating: .zero, count: threads * stripe.steps.count)
  }

  deinit { sums.deallocate() }

  /// Of each step, in all threads together.
  var seconds: [Double] {
    let count = stripe.steps.count
    return (0..<count).map { step in
      (0..<threads).reduce(0) { $0 + sums[$1 * count + step].inSeconds }
    }
  }

  var units: Int { stripe.units }
  var grain: Int { stripe.grain }
  var isSplit: Bool { stripe.isSplit }

  func begin() { stripe.begin() }

  func run(_ units: Range<Int>, worker: Int) {
    let clock = ContinuousClock()
    let own = sums + worker * stripe.steps.count - stripe.steps.lowerBound
    stripe.run(units, worker: worker) { action in
      let start = clock.now
      action.run()
      own[action.step] += clock.now - start
    }
  }
}

extension Duration {
  var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
