// SPDX-License-Identifier: Apache-2.0

/// An address over a network: `rtsp://user:word@cam.lan:554/main?x=y`.
///
/// What stands where is found once. A password may hold `/`, `?`, `#` and `@` as they are; since that makes the borders
/// doubtful, everything that could be of it counts as secret.
public struct StreamAddress: Sendable, Hashable {
  /// In lower case.
  public let scheme: String
  /// User and password as written, without the `@`; `nil` where there are none.
  public let user: String?
  /// Host and port: `cam.lan:554`, `[::1]:8554`.
  public let host: String
  /// What follows the host: path, query, fragment.
  public let rest: String
  /// An `@` stands behind the host too: what looks like host and path may be part of a password.
  let isDoubtful: Bool

  /// `nil` where `text` does not begin with a scheme and `://`, or begins with `file://`.
  public init?(_ text: String) {
    guard let mark = text.firstRange(of: "://") else { return nil }
    let scheme = text[..<mark.lowerBound]
    guard let first = scheme.first, first.isASCII, first.isLetter,
      scheme.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "+.-".contains($0)) })
    else { return nil }
    self.scheme = scheme.lowercased()
    if self.scheme == "file" { return nil }
    let body = text[mark.upperBound...]
    let (user, place) = StreamAddress.split(body)
    self.user = user.map(String.init)
    let end = place.firstIndex { "/?#".contains($0) } ?? place.endIndex
    host = String(place[..<end])
    rest = String(place[end...])
    isDoubtful = rest.prefix { $0 != "?" }.contains("@") && (user != nil || host.contains(":"))
  }

  /// User information, and what follows its `@`.
  private static func split(_ body: Substring) -> (user: Substring?, place: Substring) {
    let authority = body.prefix { !"/?#".contains($0) }
    var at = authority.lastIndex(of: "@")
    if at == nil, !authority.hasPrefix("["), !isPort(authority) {
      // `user:pa/ss@host`: a colon with no port behind it, and an @ further on.
      at = body.prefix { $0 != "?" }.lastIndex(of: "@") ?? body.lastIndex(of: "@")
    }
    guard let at else { return (nil, body) }
    return (body[..<at], body[body.index(after: at)...])
  }

  /// Whether what follows the last colon, if there is one, is a port.
  private static func isPort(_ authority: Substring) -> Bool {
    guard let colon = authority.lastIndex(of: ":") else { return true }
    return UInt16(authority[authority.index(after: colon)...]) != nil
  }

  /// As FFmpeg takes it: what a password may not hold as it stands is escaped.
  public var url: String {
    guard let user else { return "\(scheme)://\(host)\(rest)" }
    return "\(scheme)://\(Escapes.added(to: user))@\(host)\(rest)"
  }

  /// The host without port and brackets; `nil` where there is none to call.
  public var hostName: String? {
    if host.hasPrefix("[") { return String(host.dropFirst().prefix { $0 != "]" }) }
    let name = host.lastIndex(of: ":").map { String(host[..<$0]) } ?? host
    return name.isEmpty ? nil : name
  }

  /// Pictures come when they come, whatever we do.
  public var isLive: Bool {
    ["rtsp", "rtsps", "rtmp", "rtmps", "rtmpt", "udp", "rtp", "srt", "tcp"].contains(scheme)
  }

  public var isHTTP: Bool { scheme == "http" || scheme == "https" }
  public var isRTSP: Bool { scheme == "rtsp" || scheme == "rtsps" }
  public var isRTMP: Bool { scheme.hasPrefix("rtmp") }
}

/// Percent escapes of addresses.
enum Escapes {
  /// `p@ss/w` is `p%40ss%2Fw`; escapes that are there already stay.
  static func added(to user: String) -> String {
    var result = ""
    let bytes = Array(user.utf8)
    for (index, byte) in bytes.enumerated() {
      let character = Character(UnicodeScalar(byte))
      let isPlain =
        byte < 128 && (character.isLetter || character.isNumber || "-._~!$&'()*+,;=:".contains(character))
      let isEscape = byte == UInt8(ascii: "%") && Escapes.value(bytes[(index + 1)...]) != nil
      if isPlain || isEscape {
        result.append(character)
      } else {
        let digits = String(byte, radix: 16, uppercase: true)
        result += "%" + (digits.count == 1 ? "0" : "") + digits
      }
    }
    return result
  }

  /// `p%40ss` is `p@ss`.
  static func removed(from text: String) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), let value = Escapes.value(rest) {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The byte of two hexadecimal digits at the front.
  private static func value(_ digits: ArraySlice<UInt8>) -> UInt8? {
    guard digits.count >= 2 else { return nil }
    let text = String(decoding: digits.prefix(2), as: UTF8.self)
    return text.allSatisfy(\.isHexDigit) ? UInt8(text, radix: 16) : nil
  }
}
