// SPDX-License-Identifier: Apache-2.0

internal import CCrypt
internal import Foundation

/// Who may see what.
public struct Access: Sendable {
  /// What somebody is let in to.
  public enum Role: String, Sendable, CaseIterable {
    /// The page, its picture and figures, and all of the other.
    case view
    /// `/metrics`, and the reasons of `/readyz`.
    case metrics

    func allows(_ wanted: Role) -> Bool { self == .view || self == wanted }
  }

  /// Somebody with a password, of which we know a hash.
  public struct User: Sendable, Equatable {
    public var name: String
    /// As crypt(5) has it: bcrypt, yescrypt or SHA-512.
    public var hash: String
    public var role: Role

    /// Reads `NAME:HASH` or `NAME:HASH:ROLE`, as `htpasswd -B` writes it; `nil` where it is neither, or where
    /// the hash is not of a kind that this system can check and that takes time to guess.
    public init?(_ text: String) {
      let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
      guard (2...3).contains(parts.count), !parts[0].isEmpty, Password.isStrong(parts[1]) else { return nil }
      guard let role = parts.count == 3 ? Role(rawValue: parts[2]) : .view else { return nil }
      (name, hash, self.role) = (parts[0], parts[1], role)
    }
  }

  /// A word that a program shows instead of a name and a password.
  public struct Token: Sendable, Equatable {
    public static let shortest = 16

    public var word: String
    public var role: Role

    /// Reads `TOKEN` or `TOKEN ROLE`; `nil` where it is neither, or shorter than 16 characters.
    public init?(_ line: String) {
      let parts = line.split(separator: " ").map(String.init)
      guard (1...2).contains(parts.count), parts[0].utf8.count >= Token.shortest else { return nil }
      guard let role = parts.count == 2 ? Role(rawValue: parts[1]) : .view else { return nil }
      (word, self.role) = (parts[0], role)
    }
  }

  public var users: [User]
  public var tokens: [Token]

  public init(users: [User] = [], tokens: [Token] = []) {
    self.users = users
    self.tokens = tokens
  }

  /// Whether everybody may see everything.
  public var isOpen: Bool { users.isEmpty && tokens.isEmpty }

  /// What the holder of these credentials is let in to; `nil` where they are not known. A password takes some
  /// hundredths of a second of processor.
  func role(of credentials: Credentials) -> Role? {
    switch credentials {
    case .bearer(let word):
      // All are looked at, so that the time says nothing.
      return tokens.reduce(nil) { found, token in
        Password.areEqual(Array(token.word.utf8), Array(word.utf8)) ? token.role : found
      }
    case .basic(let name, let password):
      guard let user = users.first(where: { $0.name == name }) else {
        // As much work as for a name that is known.
        _ = users.first.map { Password.matches(password, $0.hash) }
        return nil
      }
      return Password.matches(password, user.hash) ? user.role : nil
    }
  }
}

/// What a request shows to be let in.
enum Credentials: Sendable, Hashable {
  case basic(name: String, password: String)
  case bearer(String)

  /// - Parameter header: the value of `Authorization`.
  init?(_ header: String) {
    let parts = header.split(separator: " ", maxSplits: 1).map(String.init)
    guard parts.count == 2 else { return nil }
    switch parts[0].lowercased() {
    case "bearer": self = .bearer(parts[1])
    case "basic":
      guard let bytes = Data(base64Encoded: parts[1]) else { return nil }
      let text = String(decoding: bytes, as: UTF8.self)
      guard let colon = text.firstIndex(of: ":") else { return nil }
      self = .basic(name: String(text[..<colon]), password: String(text[text.index(after: colon)...]))
    default: return nil
    }
  }
}

enum Password {
  /// The kinds of crypt(5) whose guessing costs: yescrypt, gost-yescrypt, scrypt, bcrypt, SHA-512, SHA-256.
  static func isStrong(_ hash: String) -> Bool {
    ["$y$", "$gy$", "$7$", "$2a$", "$2b$", "$2y$", "$6$", "$5$"].contains { hash.hasPrefix($0) }
      && crypt("", hash) != nil
  }

  static func matches(_ password: String, _ hash: String) -> Bool {
    crypt(password, hash).map { areEqual(Array($0.utf8), Array(hash.utf8)) } ?? false
  }

  /// `nil` where the hash is not of a kind that the system knows.
  private static func crypt(_ password: String, _ hash: String) -> String? {
    var memory: UnsafeMutableRawPointer?
    var size: Int32 = 0
    defer { free(memory) }
    guard let text = crypt_ra(password, hash, &memory, &size) else { return nil }
    return String(cString: text)
  }

  /// In a time that depends on the lengths alone.
  static func areEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool {
    guard a.count == b.count else { return false }
    return zip(a, b).reduce(0 as UInt8) { $0 | ($1.0 ^ $1.1) } == 0
  }
}
