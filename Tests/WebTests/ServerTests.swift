// SPDX-License-Identifier: Apache-2.0

import Addresses
import Foundation
import Stages
import TestSupport
import Testing

@testable import Web

/// What a stranger who can reach the port may do to the server.
@Suite struct ServerTests {
  let port = WebClient.freePort()

  func server(
    _ options: WebOptions = WebOptions(), limits: Guests.Limits = .own,
    patience: Connection.Patience = Connection.Patience()
  ) throws -> WebServer {
    try WebServer(
      try #require(ListenAddress("\(port)")), content: .preview, options: options, limits: limits,
      patience: patience, complain: { _ in })
  }

  func status(_ path: String = "/healthz", headers: String = "") -> Int? {
    WebClient.get(path, port: port, headers: headers)?.status
  }

  /// Sends `text` on a connection of its own, and reads the status.
  func status(sending text: String) throws -> Int? {
    let client = try #require(WebClient(port: port))
    client.send(text)
    return client.readHead()?.status
  }

  @Test func longRequestsAreRefusedAtOnce() throws {
    let server = try server()
    defer { server.stop() }
    #expect(try status(sending: "GET /" + String(repeating: "a", count: 200_000)) == 431)
    #expect(
      try status(
        sending: "GET / HTTP/1.1\r\nHost: localhost\r\nX: " + String(repeating: "a", count: 20_000)
          + "\r\n\r\n") == 431)
    let many = (0..<200).map { "X-\($0): 1\r\n" }.joined()
    #expect(try status(sending: "GET / HTTP/1.1\r\nHost: localhost\r\n" + many + "\r\n") == 431)
    #expect(
      try status(
        sending: "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n"
          + String(repeating: "a", count: 100_000)) == 413)
    #expect(status() == 200)
  }

  @Test func whatIsNoRequestIsRefused() throws {
    let server = try server()
    defer { server.stop() }
    for text in [
      "\u{16}\u{3}\u{1}\0\0\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
    ] {
      let status = try status(sending: text)
      #expect(status == 400 || status == nil, "\(text.debugDescription): \(status ?? 0)")
    }
    #expect(try status(sending: "GET /healthz HTTP/1.0\r\n\r\n") == 200)
    #expect(try status(sending: "HEAD /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n") == 200)
    #expect(try status(sending: "PUT /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n") == 405)
  }

  @Test func connectionsBeyondTheLimitAreClosedAndTheRestGoesOn() throws {
    let server = try server(limits: Guests.Limits(all: 8, perAddress: 8))
    defer { server.stop() }
    var idle = try (0..<8).map { _ in try #require(WebClient(port: port)) }
    // Each has been let in once it is answered.
    for client in idle {
      client.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
      #expect(client.readHead()?.status == 200)
    }
    #expect(status() == nil)
    idle.removeAll()
    #expect(eventually { status() == 200 })
  }

  @Test func bytesNowAndThenDoNotKeepAConnection() throws {
    let server = try server(
      patience: Connection.Patience(request: .milliseconds(300), answer: .milliseconds(300)))
    defer { server.stop() }
    let client = try #require(WebClient(port: port))
    client.send("GET /")
    for _ in 0..<20 {
      client.send("a")
      usleep(50_000)
    }
    #expect(client.readHead() == nil, "it was closed")
    #expect(status() == 200)
  }

  @Test func onlyThoseWhoAreKnownSee() throws {
    let access = Access(
      users: [try #require(Access.User("anna:\(AccessTests.bcrypt)"))],
      tokens: [try #require(Access.Token("0123456789abcdef metrics"))])
    let server = try server(WebOptions(access: access))
    defer { server.stop() }
    let anna = "Authorization: Basic \(Data("anna:U*U".utf8).base64EncodedString())\r\n"
    let scraper = "Authorization: Bearer 0123456789abcdef\r\n"
    #expect(status("/") == 401 && status("/metrics") == 401 && status("/stats.json") == 401)
    #expect(status("/healthz") == 200)
    #expect(status("/", headers: anna) == 200 && status("/metrics", headers: anna) == 200)
    #expect(status("/metrics", headers: scraper) == 200 && status("/", headers: scraper) == 403)
    let asked = WebClient.get("/", port: port)?.headers["www-authenticate"]
    #expect(asked?.hasPrefix("Basic realm=") == true)
  }

  @Test func aCertificateIsTakenAgainWhenItIsRenewed() throws {
    let folder = try TemporaryCertificates()
    defer { folder.remove() }
    try folder.make("first.example")
    let server = try server(
      WebOptions(hosts: ["first.example"], certificate: folder.certificate, key: folder.key))
    defer { server.stop() }
    #expect(try folder.subject(port: port).contains("first.example"))
    try folder.make("second.example")
    #expect(try folder.subject(port: port).contains("second.example"))
    try Data("no certificate".utf8).write(to: URL(fileURLWithPath: folder.certificate))
    #expect(try folder.subject(port: port).contains("second.example"), "the one before stays")
    #expect(throws: (any Error).self) {
      _ = try WebServer(
        try #require(ListenAddress("\(WebClient.freePort())")), content: .preview,
        options: WebOptions(certificate: folder.certificate))
    }
  }

  private func eventually(_ condition: () -> Bool) -> Bool {
    for _ in 0..<100 {
      if condition() { return true }
      usleep(50_000)
    }
    return false
  }
}

/// A folder with a certificate that openssl makes, and openssl's word for what a server shows.
private struct TemporaryCertificates {
  let folder: URL
  var certificate: String { folder.appendingPathComponent("cert.pem").path }
  var key: String { folder.appendingPathComponent("key.pem").path }

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("roadmask-tls-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  func remove() { try? FileManager.default.removeItem(at: folder) }

  func make(_ name: String) throws {
    _ = try openssl([
      "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=\(name)", "-keyout", key,
      "-out", certificate,
    ])
  }

  func subject(port: UInt16) throws -> String {
    try openssl(["s_client", "-connect", "127.0.0.1:\(port)", "-servername", "x"])
  }

  private func openssl(_ arguments: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    let out = Pipe()
    process.standardOutput = out
    try process.run()
    let data = out.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self)
  }
}
