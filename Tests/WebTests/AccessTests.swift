// SPDX-License-Identifier: Apache-2.0

import Addresses
import Foundation
import Stages
import Testing

@testable import Web

/// Who is let in, and by which names a server is called.
@Suite struct AccessTests {
  /// Of crypt_blowfish's own test vectors: the password is `U*U`.
  static let bcrypt = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"

  @Test(
    arguments: [
      ("127.0.0.1", "127.0.0.1", true), ("127.0.0.1", "127.0.0.1:8080", true),
      ("127.0.0.1", "localhost", true),
      ("127.0.0.1", "LOCALHOST:80", true), ("127.0.0.1", "localhost.", true), ("127.0.0.1", "[::1]:80", true),
      ("127.0.0.1", "127.evil.example", false), ("127.0.0.1", "127.0.0.1.evil.example", false),
      ("127.0.0.1", "[::1].evil", false), ("127.0.0.1", "evil.example", false), ("127.0.0.1", "", false),
      ("127.0.0.1", "192.0.2.7", false), ("127.0.0.1", "localhost:80x", false), ("127.0.0.1", "127.1", false),
      ("0.0.0.0", "192.0.2.7:8080", true), ("0.0.0.0", "evil.example", false), ("0.0.0.0", "cam.lan", true),
      ("0.0.0.0", "Cam.LAN.:8080", true), ("0.0.0.0", "cam.lan.evil.example", false),
      ("[::]", "[2001:db8::1]", true), ("[::]", "[2001:db8::1", false),
    ])
  func hostNames(listen: String, host: String, isServed: Bool) throws {
    let address = try #require(ListenAddress("\(listen):8080"))
    #expect(HostNames(address, more: ["cam.lan"]).contain(host) == isServed)
  }

  @Test func usersAreReadAsHtpasswdWritesThem() throws {
    let user = try #require(Access.User("anna:\(Self.bcrypt)"))
    #expect(user.name == "anna" && user.role == .view)
    #expect(Access.User("anna:\(Self.bcrypt):metrics")?.role == .metrics)
    for text in [
      "anna", "anna:", "anna:secret", ":\(Self.bcrypt)", "anna:$1$aa$bb", "anna:\(Self.bcrypt):root",
      "anna:$2b$99$x",
    ] {
      #expect(Access.User(text) == nil, "\(text)")
    }
  }

  @Test func tokensAreLongEnough() {
    #expect(Access.Token("0123456789abcdef")?.role == .view)
    #expect(Access.Token("0123456789abcdef metrics")?.role == .metrics)
    for line in ["", "short", "0123456789abcdef root", "0123456789abcdef view more"] {
      #expect(Access.Token(line) == nil, "\(line)")
    }
  }

  @Test func passwordsAndTokensOpen() throws {
    let access = Access(
      users: [try #require(Access.User("anna:\(Self.bcrypt)"))],
      tokens: [try #require(Access.Token("0123456789abcdef metrics"))])
    func role(_ header: String) -> Access.Role? { Credentials(header).flatMap(access.role) }
    func basic(_ text: String) -> String { "Basic " + Data(text.utf8).base64EncodedString() }
    #expect(role(basic("anna:U*U")) == .view)
    #expect(role("bearer 0123456789abcdef") == .metrics)
    for header in [
      basic("anna:U*V"), basic("anna:"), basic("bert:U*U"), basic("anna"), "Basic !!",
      "Bearer 0123456789abcdeg",
      "Bearer", "Digest x",
    ] {
      #expect(role(header) == nil, "\(header)")
    }
  }
}
