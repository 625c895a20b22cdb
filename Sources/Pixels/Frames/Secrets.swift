// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// Words that nobody shall read: what came from the environment into a pipeline file, and passwords in
/// addresses. Whatever the program says goes through `hidden`.
public enum Secrets {
  /// Shorter words would take letters out of everything; addresses hide them all the same.
  private static let shortest = 4

  // The longest first, so that none leaves a part of another.
  private static let words = Mutex<[String]>([])

  /// Hides `word` from now on, in the form that addresses have it too.
  public static func add(_ word: String) {
    for form in [word, decoded(word)] where form.count >= shortest {
      words.withLock { words in
        if words.contains(form) { return }
        words.append(form)
        words.sort { $0.count > $1.count }
      }
    }
  }

  /// Hides what stands between `//` and `@` of an address.
  public static func add(fromAddress uri: String) {
    guard let scheme = uri.firstRange(of: "://") else { return }
    let host = uri[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" }
    guard let at = host.lastIndex(of: "@") else { return }
    let user = host[..<at]
    add(String(user))
    if let colon = user.firstIndex(of: ":") { add(String(user[user.index(after: colon)...])) }
  }

  /// `text` with `***` in place of every secret.
  public static func hidden(in text: String) -> String {
    var text = text
    for word in words.withLock({ $0 }) where text.contains(word) {
      text.replace(word, with: "***")
    }
    return text
  }

  /// `p%40ss` is `p@ss`.
  private static func decoded(_ word: String) -> String {
    var bytes: [UInt8] = []
    var rest = Array(word.utf8)[...]
    while let byte = rest.popFirst() {
      let digits = String(decoding: rest.prefix(2), as: UTF8.self)
      if byte == UInt8(ascii: "%"), digits.count == 2, let value = UInt8(digits, radix: 16) {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
