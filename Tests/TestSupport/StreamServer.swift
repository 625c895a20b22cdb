// SPDX-License-Identifier: Apache-2.0

public import Foundation
internal import Glibc
internal import Synchronization

/// A peer on the loopback that sends an MPEG transport stream over bare TCP, HTTP or RTSP, and misbehaves
/// as it is told.
public final class StreamServer: Sendable {
  public enum Form: String, Sendable, CaseIterable { case tcp, http, rtsp }

  /// What becomes of one connection. The first takes the first reply, the last reply serves all others.
  public struct Reply: Sendable {
    public enum Ending: Sendable { case close, silence, reset }

    /// Of HTTP or RTSP; anything but 200 is all that is sent.
    public var status = 200
    public var media: Data
    /// Bytes a second; `nil` sends as fast as the reader takes it.
    public var speed: Double?
    /// Bytes that go before `speed` holds.
    public var burst = 0
    /// Starts the media again at its end.
    public var isLooped = false
    public var ending = Ending.close
    /// Share of transport packets that are lost, and of bytes that are flipped.
    public var loss = 0.0
    public var flips = 0.0

    public init(_ media: Data = Data(), speed: Double? = nil, ending: Ending = .close) {
      self.media = media
      self.speed = speed
      self.ending = ending
    }

    public static func refusal(_ status: Int) -> Reply {
      var reply = Reply()
      reply.status = status
      return reply
    }
  }

  struct Books {
    var listener: Int32 = -1
    var isStopping = false
    var running = 0
    var connections = 0
    var farewells = 0
    var silentSince: Date?
  }

  public let port: UInt16
  public let form: Form
  let replies: [Reply]
  let books = Mutex(Books())

  /// - Parameter port: 0 for a free one.
  public init(_ form: Form, _ replies: [Reply], port: UInt16 = 0) throws {
    self.form = form
    self.replies = replies
    let listener = try Self.listen(on: port)
    var name = sockaddr_in()
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &name) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(listener, $0, &size) }
    }
    self.port = UInt16(bigEndian: name.sin_port)
    books.withLock { $0.listener = listener }
    Thread.detachNewThread { self.accept(listener) }
  }

  deinit { stop() }

  public var uri: String { "\(form.rawValue)://127.0.0.1:\(port)/live.ts" }
  /// So far.
  public var connections: Int { books.withLock { $0.connections } }
  /// RTSP connections that ended with TEARDOWN.
  public var farewells: Int { books.withLock { $0.farewells } }

  /// One connection ended so, or does within 5 s.
  public var hasFarewell: Bool {
    for _ in 0..<500 where farewells == 0 { usleep(10_000) }
    return farewells == 1
  }
  /// When the first connection fell silent.
  public var silentSince: Date? { books.withLock { $0.silentSince } }

  /// Refuses connections from now on and breaks those that are open.
  public func stop() {
    let listener = books.withLock { books in
      defer { books.listener = -1 }
      books.isStopping = true
      return books.listener
    }
    if listener >= 0 { shutdown(listener, Int32(SHUT_RDWR)) }
    for _ in 0..<500 where books.withLock({ $0.running > 0 }) { usleep(10_000) }
    if listener >= 0 { close(listener) }
  }

  var isStopping: Bool { books.withLock { $0.isStopping } }

  private static func listen(on port: UInt16) throws -> Int32 {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var yes: Int32 = 1
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, 4)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let code = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard code == 0, Glibc.listen(listener, 16) == 0 else {
      close(listener)
      throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EADDRINUSE)
    }
    return listener
  }

  private func accept(_ listener: Int32) {
    while !isStopping {
      let connection = Glibc.accept(listener, nil, nil)
      guard connection >= 0 else { continue }
      let number = books.withLock { books in
        books.connections += 1
        books.running += 1
        return books.connections - 1
      }
      let reply = replies[min(number, replies.count - 1)]
      Thread.detachNewThread {
        let link = StreamLink(connection, server: self, reply: reply)
        switch self.form {
        case .tcp: link.sendMedia { $0 }
        case .http: link.serveHTTP()
        case .rtsp: link.serveRTSP()
        }
        link.end()
        self.books.withLock { $0.running -= 1 }
      }
    }
  }
}
