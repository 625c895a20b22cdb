// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// How a source that can be lost is doing.
public struct SourceStatus: Sendable, Hashable {
  public enum State: String, Sendable, CaseIterable {
    /// Nothing has come yet.
    case opening
    case live
    /// Open, but nothing came for the stall time.
    case stalled
    /// Gone; it is tried again.
    case offline
  }

  public var state = State.opening
  /// When `state` began: nanoseconds of the monotonic clock. The journal fills it in.
  public internal(set) var since: UInt64 = 0
  /// Times that the source came back.
  public var reconnects = 0
  /// Frames that the source would have given while it was away.
  public var missingFrames = 0
  public var damage = SourceDamage()

  public init() {}
}

/// What a user is told about a source while it is read: one line for each change of state.
public struct SourceEvent: Sendable, Hashable {
  public enum Level: Sendable, Hashable { case warning, info }

  public var level: Level
  /// Without passwords.
  public var text: String

  public init(_ level: Level, _ text: String) {
    self.level = level
    self.text = text
  }
}

/// Where a source writes how it is doing, and others read it. From any thread.
public final class SourceJournal: Sendable {
  private struct State {
    var status = SourceStatus()
    var listener: (@Sendable (SourceEvent) -> Void)?
  }

  private let state = Mutex(State())

  public init() {}

  public var status: SourceStatus { state.withLock { $0.status } }

  /// Calls `listener` for every event from now on, on the thread of the source.
  public func listen(_ listener: @escaping @Sendable (SourceEvent) -> Void) {
    state.withLock { $0.listener = listener }
  }

  /// Changes the status, and tells `event` if there is one.
  public func note(_ event: SourceEvent? = nil, _ change: (inout SourceStatus) -> Void = { _ in }) {
    let listener = state.withLock { state in
      let was = state.status.state
      change(&state.status)
      if state.status.state != was || state.status.since == 0 { state.status.since = IOGuard.now() }
      return state.listener
    }
    if let event { listener?(event) }
  }
}
