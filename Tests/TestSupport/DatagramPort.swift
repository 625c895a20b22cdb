// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Glibc

/// Sends datagrams to a port of this machine.
final class DatagramPort {
  private let handle: Int32
  /// The one that they come from.
  let number: UInt16

  init(to port: UInt16) {
    handle = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let handle = handle
    number = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = connect(handle, $0, size)
        _ = getsockname(handle, $0, &size)
      }
      return UInt16(bigEndian: $0.pointee.sin_port)
    }
  }

  deinit { close(handle) }

  /// Whether anybody takes it or not.
  func send(_ data: Data) {
    data.withUnsafeBytes { _ = Glibc.send(handle, $0.baseAddress!, $0.count, Int32(MSG_NOSIGNAL)) }
  }
}
