// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
internal import Foundation
internal import Synchronization

/// Lets those in who show what is asked for.
///
/// Passwords are checked on a queue of its own, one at a time: each takes some hundredths of a second of
/// processor, which is what makes guessing slow, and must not be what makes the run slow.
final class Gate: Sendable {
  enum Verdict: Sendable {
    case role(Access.Role)
    /// Nothing was shown, or nothing that is known.
    case unknown
    /// Too many wait for their password to be checked.
    case busy
  }

  /// Checks that may wait.
  private static let waitingLimit = 16
  /// Seconds for which a password that was right is not checked again.
  private static let memory = 300.0
  private static let memoryLimit = 64

  private struct Known {
    var role: Access.Role
    var until: Double
  }

  private struct State {
    var waiting = 0
    /// By what was shown.
    var known: [Credentials: Known] = [:]
  }

  let access: Access
  private let state = Mutex(State())
  private let queue = DispatchQueue(label: "web.passwords", qos: .utility)

  init(_ access: Access) { self.access = access }

  /// - Parameters:
  ///   - header: the value of `Authorization`.
  ///   - answer: called once, on any thread.
  func judge(_ header: String?, _ answer: @escaping @Sendable (Verdict) -> Void) {
    if access.isOpen { return answer(.role(.view)) }
    guard let header, let credentials = Credentials(header) else { return answer(.unknown) }
    if case .bearer = credentials {
      return answer(access.role(of: credentials).map(Verdict.role) ?? .unknown)
    }
    let now = ProcessInfo.processInfo.systemUptime
    let (known, isFull) = state.withLock { state -> (Access.Role?, Bool) in
      if let known = state.known[credentials], known.until > now { return (known.role, false) }
      guard state.waiting < Gate.waitingLimit else { return (nil, true) }
      state.waiting += 1
      return (nil, false)
    }
    if let known { return answer(.role(known)) }
    if isFull { return answer(.busy) }
    queue.async { [self] in
      let role = access.role(of: credentials)
      state.withLock { state in
        state.waiting -= 1
        guard let role else { return }
        if state.known.count >= Gate.memoryLimit { state.known.removeAll() }
        state.known[credentials] = Known(role: role, until: now + Gate.memory)
      }
      answer(role.map(Verdict.role) ?? .unknown)
    }
  }
}
