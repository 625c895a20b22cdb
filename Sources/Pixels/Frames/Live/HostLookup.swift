// SPDX-License-Identifier: Apache-2.0

internal import Addresses
internal import Foundation
internal import Glibc
internal import Synchronization

/// Asks for the address of a peer before FFmpeg does: `getaddrinfo` cannot be interrupted, so it runs on a
/// thread that is left behind when time is up or the user stops.
///
/// FFmpeg asks again itself a moment later; an answer that took long once and is not cached may then hold
/// it beyond its time. There is no other call that can.
enum HostLookup {
  private final class Answer: Sendable {
    let code = Atomic<Int>(Int.min)
  }

  /// - Throws: unknownHost, timedOut or interrupted.
  static func check(_ uri: String, guardian: IOGuard) throws {
    guard let host = StreamAddress(uri)?.hostName, !isAddress(host) else { return }
    let answer = Answer()
    let thread = Thread {
      var found: UnsafeMutablePointer<addrinfo>?
      let code = getaddrinfo(host, nil, nil, &found)
      if code == 0 { freeaddrinfo(found) }
      answer.code.store(Int(code), ordering: .releasing)
    }
    thread.stackSize = 256 << 10
    thread.start()
    while true {
      let code = answer.code.load(ordering: .acquiring)
      if code == 0 { return }
      if code != Int.min {
        throw FramesError(
          .unknownHost, "open", uri, "the name \(host) has no address",
          hint: "check the spelling of the host, and the network")
      }
      if guardian.isInterrupted || guardian.isOverdue {
        throw Demuxer.failure(-ETIMEDOUT, uri, guardian)
      }
      usleep(1000)
    }
  }

  private static func isAddress(_ host: String) -> Bool {
    var four = in_addr()
    var six = in6_addr()
    return inet_pton(AF_INET, host, &four) == 1 || inet_pton(AF_INET6, host, &six) == 1
  }
}
