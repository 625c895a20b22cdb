// SPDX-License-Identifier: Apache-2.0

/// Finds the most work for the network that still fits the time between two frames: without threads or a
/// clock of its own, so that it can be tested against any load.
///
/// It looks at windows of half a second. Two in a row with too much work lead down, to the first level that
/// is predicted to fit; a level up is taken after `patience` in which it would have fitted with room to
/// spare. A level that had to be left again soon doubles the patience, so that a load between two levels
/// does not make it swing.
struct LoadController: Sendable {
  /// A way to run the network; the first does all the work.
  struct Level: Sendable, Equatable {
    /// The part of the frames that the network sees.
    var share = 1.0
    /// What one of them costs, as a part of that at level 0.
    var work = 1.0
  }

  static let window: UInt64 = 500_000_000
  static let firstPatience: UInt64 = 5_000_000_000
  static let longestPatience: UInt64 = 80_000_000_000
  /// Leaving a level this soon counts as a mistake.
  static let regret: UInt64 = 30_000_000_000
  /// Loads, as parts of the time between two frames: too much, what a way down aims at, and what is comfortable
  /// enough for a way up.
  static let tooMuch = 0.95
  static let target = 0.85
  static let comfortable = 0.7

  let levels: [Level]
  /// The age in nanoseconds that frames shall stay below.
  let budget: UInt64?
  private(set) var level = 0

  private var start: UInt64?
  private var came = 0
  private var passed = 0
  private var inferred = 0
  private var service = 0.0
  private var age = 0.0
  private var timesOver = 0
  private var calmSince: UInt64?
  private var wentUpAt: UInt64?
  private var changedAt: UInt64 = 0
  private var patience = firstPatience

  init(levels: [Level], budget: UInt64? = nil) {
    precondition(!levels.isEmpty, "there is a way to run the network")
    self.levels = levels
    self.budget = budget
  }

  /// A frame came from the source.
  mutating func frameCame(at now: UInt64) {
    if start == nil { start = now }
    came += 1
  }

  /// A frame went through `infer`.
  ///
  /// - Parameters:
  ///   - service: nanoseconds of the network's work; `nil` where it had none, or was at another level.
  ///   - age: nanoseconds since the frame's first packet.
  mutating func framePassed(service: UInt64?, age: UInt64, at now: UInt64) {
    passed += 1
    self.age += Double(age)
    if let service {
      inferred += 1
      self.service += Double(service)
    }
    guard let start, now &- start >= LoadController.window, came >= 4, inferred > 0 else { return }
    judge(from: start, to: now)
    clear(at: now)
  }

  private mutating func clear(at now: UInt64) {
    (start, came, passed, inferred, service, age) = (now, 0, 0, 0, 0, 0)
  }

  private mutating func judge(from start: UInt64, to now: UInt64) {
    let period = Double(now &- start) / Double(came)
    let service = service / Double(inferred)
    let age = age / Double(passed)
    func load(at other: Int) -> Double {
      service * levels[other].work / levels[level].work * levels[other].share / period
    }
    let current = load(at: level)
    let isLosing = Double(came - passed) > 0.2 * Double(came) && current > 0.6
    // Fewer frames do not make those younger that the network still sees, unless they waited for it.
    let isLate =
      budget.map { age > Double($0) && service * 4 > age && (levels[level].work < 1 || current > 0.5) }
      ?? false

    if current > LoadController.tooMuch || isLosing || isLate {
      timesOver += 1
      calmSince = nil
      guard timesOver >= 2, level < levels.count - 1 else { return }
      if let wentUpAt, now &- wentUpAt < LoadController.regret {
        patience = min(2 * patience, LoadController.longestPatience)
      }
      change(
        to: (level + 1..<levels.count).first { load(at: $0) <= LoadController.target } ?? levels.count - 1,
        at: now)
      return
    }
    timesOver = 0
    if now &- changedAt > 2 * LoadController.longestPatience { patience = LoadController.firstPatience }
    guard level > 0, load(at: level - 1) < LoadController.comfortable,
      budget.map({ age + service * (levels[level - 1].work / levels[level].work - 1) < 0.8 * Double($0) })
        ?? true
    else {
      calmSince = nil
      return
    }
    let since = calmSince ?? start
    calmSince = since
    if now &- since >= patience {
      change(to: level - 1, at: now)
      wentUpAt = now
    }
  }

  private mutating func change(to other: Int, at now: UInt64) {
    level = other
    changedAt = now
    timesOver = 0
    calmSince = nil
  }
}
