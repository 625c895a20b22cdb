// SPDX-License-Identifier: Apache-2.0

/// An address with what stands between `//` and `@` hidden, and the values of words such as `password=` in
/// its query.
public func redacted(_ uri: String) -> String {
  guard let scheme = uri.firstRange(of: "://") else { return uri }
  var rest = uri[scheme.upperBound...]
  let host = rest.prefix { $0 != "/" && $0 != "?" }
  var result = String(uri[..<scheme.upperBound])
  if let at = host.lastIndex(of: "@"), at > host.startIndex {
    result += "***"
    rest = rest[at...]
  }
  guard let query = rest.firstIndex(of: "?") else { return result + rest }
  result += rest[...query]
  let words = rest[rest.index(after: query)...].split(separator: "&", omittingEmptySubsequences: false)
  return result
    + words.map { word in
      guard let equals = word.firstIndex(of: "="), isSecret(word[..<equals]) else { return String(word) }
      return word[...equals] + "***"
    }.joined(separator: "&")
}

private func isSecret(_ name: Substring) -> Bool {
  let name = name.lowercased()
  return ["pass", "pwd", "token", "secret", "auth", "key", "sig"].contains(where: name.contains)
}

/// Where an address leads, in a word: `cam.lan` of `rtsp://user:word@cam.lan/main`.
public func peerName(_ uri: String) -> String {
  guard let scheme = uri.firstRange(of: "://") else { return uri }
  let host = uri[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" }
  let name = host.lastIndex(of: "@").map { host[host.index(after: $0)...] } ?? host
  return name.isEmpty ? redacted(uri) : String(name)
}
