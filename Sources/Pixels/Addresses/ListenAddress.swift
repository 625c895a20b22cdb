// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Where a server listens: a port, on this machine alone unless an address is given.
public struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
  /// An IPv4 or IPv6 address in numbers.
  public var host: String
  public var port: UInt16

  /// Reads `8080`, `0.0.0.0:8080`, `localhost:8080`, `[::1]:8080`.
  public init?(_ text: String) {
    guard let colon = text.lastIndex(of: ":") else {
      guard let port = UInt16(text), port > 0 else { return nil }
      (host, self.port) = ("127.0.0.1", port)
      return
    }
    guard let port = UInt16(text[text.index(after: colon)...]), port > 0 else { return nil }
    var name = String(text[..<colon])
    if name == "localhost" { name = "127.0.0.1" }
    let isBracketed = name.hasPrefix("[") && name.hasSuffix("]")
    if isBracketed { name = String(name.dropFirst().dropLast()) }
    var bytes = in6_addr()
    guard inet_pton(isBracketed ? AF_INET6 : AF_INET, name, &bytes) == 1 else { return nil }
    (host, self.port) = (name, port)
  }

  public var isIPv6: Bool { host.contains(":") }
  /// Only programs on this machine reach it.
  public var isLoopback: Bool { host.hasPrefix("127.") || host == "::1" }
  public var description: String { isIPv6 ? "[\(host)]:\(port)" : "\(host):\(port)" }
  /// For a browser on this machine.
  public func url(isTLS: Bool = false) -> String {
    let everywhere = ["0.0.0.0": "127.0.0.1", "::": "[::1]"]
    return (isTLS ? "https" : "http") + "://" + (everywhere[host].map { "\($0):\(port)" } ?? description)
      + "/"
  }
}
