// SPDX-License-Identifier: Apache-2.0

internal import CFFmpeg
internal import Glibc
internal import Synchronization

/// Asks every blocking call of a reader or writer to give up within milliseconds. Set from any thread or
/// signal handler.
public final class InterruptFlag: Sendable {
  private let flag = Atomic<Bool>(false)

  public init() {}

  public func set() { flag.store(true, ordering: .releasing) }
  public func clear() { flag.store(false, ordering: .releasing) }
  public var isSet: Bool { flag.load(ordering: .acquiring) }
}

/// What FFmpeg asks while it blocks: whether the user stopped, or too much time went by.
final class IOGuard: Sendable {
  private let flag: InterruptFlag?
  /// Nanoseconds of the monotonic clock; 0 for none.
  private let deadline = Atomic<UInt64>(0)

  private let isClosing = Atomic<Bool>(false)
  private let hasExpired = Atomic<Bool>(false)

  init(_ flag: InterruptFlag?) { self.flag = flag }

  /// Lets the farewell to a peer out, even after the user stopped: some milliseconds' work.
  func beginClosing() {
    isClosing.store(true, ordering: .relaxed)
    hasExpired.store(false, ordering: .relaxed)
    allow(0.5)
  }

  /// Gives the calls from now on `seconds` to finish, or any time with `nil`.
  func allow(_ seconds: Double?) {
    let limit = seconds.map { IOGuard.now() + UInt64(max(0, $0) * 1e9) } ?? 0
    deadline.store(limit, ordering: .relaxed)
  }

  var isInterrupted: Bool { flag?.isSet == true && !isClosing.load(ordering: .relaxed) }

  /// True for good once it was seen: a call that was broken off leaves its stream behind broken, and a
  /// demuxer may still give what it had before it tells.
  var isOverdue: Bool {
    if hasExpired.load(ordering: .relaxed) { return true }
    let limit = deadline.load(ordering: .relaxed)
    guard limit != 0 && IOGuard.now() > limit else { return false }
    hasExpired.store(true, ordering: .relaxed)
    return true
  }

  /// For as long as `self` lives.
  var callback: AVIOInterruptCB {
    AVIOInterruptCB(
      callback: { opaque in
        let guardian = Unmanaged<IOGuard>.fromOpaque(opaque!).takeUnretainedValue()
        return guardian.isInterrupted || guardian.isOverdue ? 1 : 0
      }, opaque: Unmanaged.passUnretained(self).toOpaque())
  }

  static func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
