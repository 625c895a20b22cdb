// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// Words that nobody shall read: what came from the environment into a pipeline file, what the user names as secret, and
/// what addresses carry. Whatever the program says goes through `hidden`.
///
/// Addresses are redacted by position where they are printed. Here they are hidden in what others print, such as
/// FFmpeg's own lines: with the `@`, the `/` or the name beside them, so that a password that is a common word does not
/// take that word out of everything.
public enum Secrets {
  /// Shorter words would take letters out of everything; addresses hide them all the same.
  private static let shortest = 4

  private struct Entry {
    var text: String
    var shown: String
  }

  // The longest first, so that none leaves a part of another.
  private static let entries = Mutex<[Entry]>([])

  /// Hides `word` from now on, in the form that addresses have it too.
  public static func add(_ word: String) {
    for form in [word, Escapes.removed(from: word), Escapes.added(to: word)] { insert(form, shown: "***") }
  }

  /// Hides what an address over a network carries, wherever it is printed with what stands beside it.
  public static func add(fromAddress text: String) {
    for secret in StreamAddress(text)?.secrets ?? [] { insert(secret.text, shown: secret.shown) }
  }

  private static func insert(_ text: String, shown: String) {
    guard text.count >= shortest else { return }
    entries.withLock { entries in
      if entries.contains(where: { $0.text == text }) { return }
      entries.append(Entry(text: text, shown: shown))
      entries.sort { $0.text.count > $1.text.count }
    }
  }

  /// `text` without any secret.
  public static func hidden(in text: String) -> String {
    var text = text
    for entry in entries.withLock({ $0 }) where text.contains(entry.text) {
      text.replace(entry.text, with: entry.shown)
    }
    return text
  }
}
