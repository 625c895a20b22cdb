// SPDX-License-Identifier: Apache-2.0

internal import Addresses
internal import Foundation
internal import Frames

/// Tells systemd how the service is doing, over the socket that `NOTIFY_SOCKET` names (sd_notify). Without
/// it, nothing is told.
struct ServiceNotifier: Sendable {
  private let socketPath: String?
  /// Seconds within which systemd wants to hear from us.
  let watchdogInterval: Double?

  init(_ environment: [String: String] = ProcessInfo.processInfo.environment) {
    socketPath = environment["NOTIFY_SOCKET"].flatMap { ["/", "@"].contains($0.prefix(1)) ? $0 : nil }
    let isMeant = environment["WATCHDOG_PID"].map { $0 == "\(getpid())" } ?? true
    watchdogInterval =
      isMeant ? environment["WATCHDOG_USEC"].flatMap(Double.init).map { $0 / 1e6 } : nil
  }

  /// Sends lines such as `READY=1`; whether they arrive is systemd's concern.
  func send(_ lines: String...) {
    guard let socketPath else { return }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    var name = Array(socketPath.utf8)
    guard name.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
    // An abstract name begins with a zero byte.
    if name[0] == UInt8(ascii: "@") { name[0] = 0 }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
    let handle = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard handle >= 0 else { return }
    defer { close(handle) }
    let text = Array(Secrets.hidden(in: lines.joined(separator: "\n")).utf8)
    let length = MemoryLayout.offset(of: \sockaddr_un.sun_path)! + name.count
    withUnsafePointer(to: &address) { address in
      address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        _ = sendto(
          handle, text, text.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT), address,
          socklen_t(length))
      }
    }
  }
}
