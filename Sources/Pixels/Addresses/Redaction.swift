// SPDX-License-Identifier: Apache-2.0

extension StreamAddress {
  /// For people: `***` in place of user and password, of the values of words such as `password=` in path and query, of the
  /// stream key that RTMP has as the last part of its path, and of what SRT carries as `streamid`.
  public var redacted: String {
    let pathEnd = rest.firstIndex(of: "?") ?? rest.endIndex
    var place = host + rest[..<pathEnd]
    if isRTMP, let key = streamKey { place = String(place.dropLast(key.count)) + "***" }
    // Multicast addresses have an @ with nobody before it.
    var mark = user.map { $0.isEmpty ? "@" : "***@" } ?? ""
    if isDoubtful, let at = place.lastIndex(of: "@") {
      place = String(place[place.index(after: at)...])
      mark = "***@"
    }
    let tail = hiddenValues(place) + hiddenValues(String(rest[pathEnd...]))
    return "\(scheme)://\(mark)\(tail)"
  }

  /// Where it leads, in a word: `cam.lan:554`.
  public var peerName: String { host.isEmpty || isDoubtful ? redacted : host }

  /// Everything of it that nobody shall read, with what stands beside it in a message, and what is shown instead.
  var secrets: [(text: String, shown: String)] {
    var found: [(text: String, shown: String)] = []
    if let user, !user.isEmpty {
      for form in [user, Escapes.added(to: user), Escapes.removed(from: user)] {
        found.append((form + "@", "***@"))
      }
    }
    if isDoubtful { found.append((host + rest, String(redacted.dropFirst(scheme.count + 3)))) }
    if isRTMP, let key = streamKey { found.append(("/" + key, "/***")) }
    for (name, value) in pairs(rest) where isSecret(name) && !value.isEmpty {
      found.append((name + "=" + value, name + "=***"))
    }
    return found
  }

  /// The last part of RTMP's path, where there are two at least: application, then key.
  private var streamKey: String? {
    let path = rest.prefix { $0 != "?" }
    let parts = path.split(separator: "/")
    return parts.count > 1 && path.last != "/" ? parts.last.map(String.init) : nil
  }

  private func hiddenValues(_ text: String) -> String {
    var result = text
    for (name, value) in pairs(text) where isSecret(name) && !value.isEmpty {
      result.replace(name + "=" + value, with: name + "=***")
    }
    return result
  }

  /// `name=value` of a query or a path; recorders write `user=a_password=b_channel=1` into paths.
  private func pairs(_ text: String) -> [(name: String, value: String)] {
    let words = text.split { "?&;/#".contains($0) }.map(String.init)
    return words.flatMap { word -> [(name: String, value: String)] in
      if scheme == "srt", let equals = word.firstIndex(of: "="), word[..<equals] == "streamid" {
        return [("streamid", String(word[word.index(after: equals)...]))]
      }
      // Each name runs back from its `=` to the underscore before it, and its value up to the next name's.
      let equals = word.indices.filter { word[$0] == "=" }
      let starts = equals.map { mark in
        word[..<mark].lastIndex(of: "_").map { word.index(after: $0) } ?? word.startIndex
      }
      return equals.indices.map { i in
        let end =
          i + 1 < equals.count && starts[i + 1] > equals[i]
          ? word.index(before: starts[i + 1]) : word.endIndex
        let begin = word.index(after: equals[i])
        return (String(word[starts[i]..<equals[i]]), String(word[begin..<max(begin, end)]))
      }
    }
  }

  private func isSecret(_ name: String) -> Bool {
    let name = name.lowercased()
    if scheme == "srt" && name == "streamid" { return true }
    return ["pass", "pwd", "token", "secret", "auth", "key", "sig"].contains(where: name.contains)
  }
}

/// `text` as it may be shown: redacted where it is an address over a network.
public func redacted(_ text: String) -> String { StreamAddress(text)?.redacted ?? text }

/// Where an address leads, in a word: `cam.lan` of `rtsp://user:word@cam.lan/main`.
public func peerName(_ text: String) -> String { StreamAddress(text)?.peerName ?? text }
