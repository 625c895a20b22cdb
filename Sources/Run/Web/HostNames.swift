// SPDX-License-Identifier: Apache-2.0

internal import Addresses
internal import Glibc
internal import Stages

/// The names that a server answers to.
///
/// A page from elsewhere could have its own name lead to this machine, and then read the picture as if it were
/// its own (DNS rebinding). An address in numbers cannot be made to lead elsewhere, and a name can only be
/// trusted when it is one of ours.
struct HostNames: Sendable {
  private let names: Set<String>
  private let isLoopback: Bool

  /// - Parameter more: names that the user gave, in any case.
  init(_ address: ListenAddress, more: [String] = []) {
    isLoopback = address.isLoopback
    var names: Set<String> = ["localhost"]
    if !isLoopback, let own = HostNames.ownName {
      names.formUnion([own, "\(own).local"])
    }
    names.formUnion(more.map { HostNames.plain($0.lowercased()) })
    self.names = names
  }

  /// - Parameter host: the value of the `Host` header: a name or an address, with a port or without.
  func contain(_ host: String) -> Bool {
    guard let name = HostNames.withoutPort(host.lowercased()) else { return false }
    if let kind = HostNames.address(name) { return kind == .loopback || !isLoopback }
    return names.contains(HostNames.plain(name))
  }

  private enum Address { case loopback, other }

  /// `nil` where it is no address in numbers.
  private static func address(_ text: String) -> Address? {
    var v4 = in_addr()
    if inet_pton(AF_INET, text, &v4) == 1 {
      return UInt32(bigEndian: v4.s_addr) >> 24 == 127 ? .loopback : .other
    }
    guard text.first == "[", text.last == "]" else { return nil }
    var v6 = in6_addr()
    guard inet_pton(AF_INET6, String(text.dropFirst().dropLast()), &v6) == 1 else { return nil }
    let bytes = withUnsafeBytes(of: v6) { Array($0) }
    return bytes == Array(repeating: 0, count: 15) + [1] ? .loopback : .other
  }

  /// `nil` where what follows the name is no port.
  private static func withoutPort(_ text: String) -> String? {
    let end = text.first == "[" ? text.firstIndex(of: "]").map(text.index(after:)) : text.firstIndex(of: ":")
    guard let end, end < text.endIndex else { return text }
    let port = text[text.index(after: end)...]
    guard text[end] == ":", port.allSatisfy({ $0.isASCII && $0.isNumber }) else { return nil }
    return String(text[..<end])
  }

  /// `localhost.` is `localhost`.
  private static func plain(_ name: String) -> String {
    name.last == "." ? String(name.dropLast()) : name
  }

  private static var ownName: String? {
    var bytes = [UInt8](repeating: 0, count: 256)
    let code = bytes.withUnsafeMutableBytes {
      gethostname($0.baseAddress!.assumingMemoryBound(to: CChar.self), 255)
    }
    let name = String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self).lowercased()
    return code == 0 && !name.isEmpty ? name : nil
  }
}
