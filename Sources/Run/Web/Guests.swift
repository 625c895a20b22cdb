// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Synchronization

/// Counts the connections, and refuses those beyond the limits: a run needs its descriptors more than its
/// viewers need theirs.
final class Guests: Sendable {
  struct Limits: Sendable {
    /// Connections at once.
    var all: Int
    /// Of one address.
    var perAddress: Int

    /// A quarter of the descriptors that the process may have, and 256 at most.
    static var own: Limits {
      var limit = rlimit()
      let descriptors =
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 ? limit.rlim_cur : 1024
      let all = Int(min(256, max(4, descriptors / 4)))
      return Limits(all: all, perAddress: max(4, all / 2))
    }
  }

  private struct State {
    var all = 0
    var byAddress: [String: Int] = [:]
    var refused = 0
  }

  private let limits: Limits
  private let state = Mutex(State())

  init(_ limits: Limits) { self.limits = limits }

  /// Connections that were refused.
  var refused: Int { state.withLock(\.refused) }
  var count: Int { state.withLock(\.all) }

  /// Whether there is room; then `leave` must follow.
  func enter(_ address: String) -> Bool {
    state.withLock { state in
      guard state.all < limits.all, state.byAddress[address, default: 0] < limits.perAddress else {
        state.refused += 1
        return false
      }
      state.all += 1
      state.byAddress[address, default: 0] += 1
      return true
    }
  }

  func leave(_ address: String) {
    state.withLock { state in
      state.all -= 1
      let left = state.byAddress[address, default: 1] - 1
      state.byAddress[address] = left > 0 ? left : nil
    }
  }
}
