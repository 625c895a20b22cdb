// SPDX-License-Identifier: Apache-2.0

public import Foundation

/// A connection to the program's HTTP server that shows every byte.
public final class WebClient {
  public struct Answer {
    public var status: Int
    /// By names in lower case.
    public var headers: [String: String]
    public var body: Data
  }

  private let descriptor: Int32
  private var buffer = Data()

  /// `nil` where nobody listens on the port of this machine.
  public init?(port: UInt16, patience seconds: Int = 10, receiveBuffer: Int32? = nil) {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var limit = timeval(tv_sec: seconds, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    if var size = receiveBuffer {
      setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
    }
    var address = WebClient.loopback(port)
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) }
    }
    if code != 0 {
      close(descriptor)
      return nil
    }
  }

  deinit { close(descriptor) }

  public func send(_ text: String) {
    let bytes = Array(text.utf8)
    _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
  }

  /// - Parameter headers: more lines, each with its end.
  public func ask(_ path: String, method: String = "GET", host: String = "127.0.0.1", headers: String = "") {
    send("\(method) \(path) HTTP/1.1\r\nHost: \(host)\r\n\(headers)Connection: close\r\n\r\n")
  }

  /// Reads up to and with `mark`; `nil` where it does not come.
  public func read(until mark: String) -> Data? {
    let mark = Data(mark.utf8)
    while true {
      if let range = buffer.range(of: mark) { return take(range.upperBound - buffer.startIndex) }
      guard more() else { return nil }
    }
  }

  public func read(count: Int) -> Data? {
    while buffer.count < count { guard more() else { return nil } }
    return take(count)
  }

  public func readHead() -> (status: Int, headers: [String: String])? {
    guard let head = read(until: "\r\n\r\n") else { return nil }
    let lines = String(decoding: head, as: UTF8.self).components(separatedBy: "\r\n").filter { !$0.isEmpty }
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { continue }
      headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(
        in: .whitespaces)
    }
    return (Int(lines[0].split(separator: " ")[1]) ?? 0, headers)
  }

  /// The next chunk of a chunked body.
  public func readChunk() -> Data? {
    guard let line = read(until: "\r\n"),
      let count = Int(String(decoding: line.dropLast(2), as: UTF8.self), radix: 16), count > 0,
      let chunk = read(count: count), read(count: 2) != nil
    else { return nil }
    return chunk
  }

  /// Asks on a connection of its own.
  public static func get(
    _ path: String, port: UInt16, method: String = "GET", host: String = "127.0.0.1", headers: String = ""
  ) -> Answer? {
    guard let client = WebClient(port: port) else { return nil }
    client.ask(path, method: method, host: host, headers: headers)
    guard let (status, headers) = client.readHead(),
      let count = headers["content-length"].flatMap({ Int($0) }),
      let body = client.read(count: count)
    else { return nil }
    return Answer(status: status, headers: headers, body: body)
  }

  /// A port that nobody listens on now.
  public static func freePort() -> UInt16 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = loopback(0)
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, size)
        getsockname(descriptor, $0, &size)
      }
    }
    return UInt16(bigEndian: address.sin_port)
  }

  private static func loopback(_ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
  }

  private func take(_ count: Int) -> Data {
    let taken = buffer.prefix(count)
    buffer = Data(buffer.dropFirst(count))
    return Data(taken)
  }

  private func more() -> Bool {
    var bytes = [UInt8](repeating: 0, count: 65536)
    let count = recv(descriptor, &bytes, bytes.count, 0)
    if count > 0 { buffer.append(contentsOf: bytes[..<count]) }
    return count > 0
  }
}
