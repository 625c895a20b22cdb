// SPDX-License-Identifier: Apache-2.0

/// How often, and after what waits, a lost source is tried again.
public struct RetryPolicy: Sendable, Hashable {
  /// Failed tries in a row after which the source is given up; `nil` never gives up, 0 never tries.
  public var attempts: Int? = 5
  /// Seconds. The first try is made at once, the second after `shortest`, the next after the further `steps`
  /// times that, and none after more than `longest`.
  public var shortest = 1.0
  public var longest = 30.0
  /// By what share a wait is made longer or shorter at random, 0…1, so that many readers of one peer do not
  /// come back together.
  public var jitter = 0.2

  public init() {}

  /// Whatever waits before it tries again (a source, an output that a peer takes, a pipeline) waits so many times
  /// its shortest wait, and from then on doubles.
  package static let steps = [1.0, 2, 4, 8, 15, 30]

  /// Seconds before try `number`, counted from 1, without jitter.
  package func wait(before number: Int) -> Double {
    guard number > 1 else { return 0 }
    let steps = RetryPolicy.steps
    let beyond = number - 2 - (steps.count - 1)
    let factor = beyond > 0 ? steps.last! * Double(1 << min(beyond, 20)) : steps[number - 2]
    return min(longest, shortest * factor)
  }
}

/// The tries of one source: which is next, and after how many seconds. Knows no clock.
struct Backoff {
  let policy: RetryPolicy
  /// Tries since the last frame.
  private(set) var tries = 0
  private var generator: SeededGenerator

  init(_ policy: RetryPolicy, seed: UInt64) {
    self.policy = policy
    generator = SeededGenerator(state: seed)
  }

  /// Seconds to wait before the next try; `nil` where all are used up.
  ///
  /// - Parameter isHopeless: the last try failed for a reason that time alone hardly mends; waits are the
  ///   longest then.
  mutating func next(isHopeless: Bool = false) -> Double? {
    if let attempts = policy.attempts, tries >= attempts { return nil }
    tries += 1
    let wait = isHopeless ? policy.longest : policy.wait(before: tries)
    return wait * (1 + policy.jitter * Double.random(in: -1...1, using: &generator))
  }

  /// A frame came.
  mutating func reset() { tries = 0 }
}

/// SplitMix64: equal seeds give equal numbers.
private struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}
