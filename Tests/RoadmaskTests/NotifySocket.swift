// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What systemd has at the other end of `NOTIFY_SOCKET`: collects what a service tells.
final class NotifySocket: @unchecked Sendable {
  // @unchecked: `lines` is touched with the lock held.

  private let handle: Int32
  private let lock = NSLock()
  private var lines: [String] = []

  /// - Parameter name: a path, or `@` and a name.
  init?(_ name: String) {
    handle = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    var bytes = Array(name.utf8)
    guard handle >= 0, bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
    if name.hasPrefix("@") { bytes[0] = 0 }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let length = MemoryLayout.offset(of: \sockaddr_un.sun_path)! + bytes.count
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(handle, $0, socklen_t(length)) }
    }
    if bound != 0 { return nil }
  }

  deinit { close(handle) }

  /// Every line so far.
  var told: [String] {
    lock.withLock {
      var buffer = [UInt8](repeating: 0, count: 65536)
      while true {
        let count = recv(handle, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        if count <= 0 { return lines }
        lines += String(decoding: buffer[..<count], as: UTF8.self).split(separator: "\n").map(String.init)
      }
    }
  }

  func count(_ line: String) -> Int { told.count { $0 == line } }
}
