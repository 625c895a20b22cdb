// SPDX-License-Identifier: Apache-2.0

/// Where every frame of a run ended. It balances when `in = out + dropped + failed`.
public struct Ledger: Sendable, Equatable {
  public internal(set) var `in` = 0
  public internal(set) var out = 0
  private var drops = Array(
    repeating: Array(repeating: 0, count: DropReason.allCases.count), count: StageName.allCases.count)
  private var failures = Array(repeating: 0, count: StageName.allCases.count)

  public init() {}

  /// Books frames that waited for `stage` and were given up.
  public mutating func drop(_ count: Int = 1, at stage: StageName, _ reason: DropReason) {
    drops[stage.position][reason.position] += count
  }

  /// Books a frame that `stage` could not work on.
  public mutating func fail(at stage: StageName) { failures[stage.position] += 1 }

  /// Books frames that came in, or went out.
  public mutating func enter(_ count: Int = 1) { `in` += count }
  public mutating func leave(_ count: Int = 1) { out += count }

  public func dropped(at stage: StageName, _ reason: DropReason) -> Int {
    drops[stage.position][reason.position]
  }
  public func failed(at stage: StageName) -> Int { failures[stage.position] }

  public var dropped: Int { drops.reduce(0) { $0 + $1.reduce(0, +) } }
  public var failed: Int { failures.reduce(0, +) }
  /// Frames on their way.
  public var inFlight: Int { `in` - out - dropped - failed }
  public var isBalanced: Bool { inFlight == 0 }

  /// The places where frames were dropped, in stage order.
  public var dropList: [(stage: StageName, reasons: [(reason: DropReason, count: Int)])] {
    StageName.allCases.compactMap { stage in
      let reasons = DropReason.allCases.compactMap { reason in
        let count = dropped(at: stage, reason)
        return count > 0 ? (reason: reason, count: count) : nil
      }
      return reasons.isEmpty ? nil : (stage: stage, reasons: reasons)
    }
  }
}

extension DropReason {
  fileprivate var position: Int {
    switch self {
    case .busy: 0
    case .late: 1
    case .corrupt: 2
    case .stopped: 3
    }
  }
}

/// A ledger that all stages of a run book in.
final class SharedLedger: Sendable {
  private let ledger = Monitor(Ledger())

  func book(_ body: (inout Ledger) -> Void) { ledger.withLock { body(&$0) } }

  var current: Ledger { ledger.withLock { $0 } }
}
