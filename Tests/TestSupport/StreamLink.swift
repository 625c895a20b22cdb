// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Glibc

/// One connection of a `StreamServer`, on a thread of its own.
final class StreamLink {
  private let descriptor: Int32
  private let server: StreamServer
  private let reply: StreamServer.Reply
  private var isBroken = false
  /// Where RTSP's packets go that are not sent between the answers.
  private var datagrams: DatagramPort?

  init(_ descriptor: Int32, server: StreamServer, reply: StreamServer.Reply) {
    self.descriptor = descriptor
    self.server = server
    self.reply = reply
  }

  func end() {
    if !isBroken && reply.status == 200 {
      switch reply.ending {
      case .close: break
      case .silence:
        server.books.withLock { $0.silentSince = $0.silentSince ?? Date() }
        while !server.isStopping, isOpen { usleep(10_000) }
      case .reset:
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
      }
    }
    close(descriptor)
  }

  /// Sends the media in packets of seven, at its speed, each wrapped for the protocol.
  func sendMedia(_ wrap: (Data) -> Data) {
    var seed: UInt64 = 42
    func random() -> Double {
      seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(seed >> 33) / Double(1 << 31)
    }
    let begin = Date()
    var sent = 0
    repeat {
      var place = reply.media.startIndex
      while place < reply.media.endIndex, !server.isStopping, !isBroken {
        let next = min(place + 1316, reply.media.endIndex)
        var packets = Data()
        for start in stride(from: place, to: next, by: 188) where reply.loss == 0 || random() >= reply.loss {
          packets += reply.media[start..<min(start + 188, next)]
        }
        if reply.flips > 0 {
          for index in packets.indices where random() < reply.flips { packets[index] ^= 0x55 }
        }
        if !packets.isEmpty {
          let wrapped = wrap(packets)
          if let datagrams { datagrams.send(wrapped) } else { write(wrapped) }
        }
        sent += next - place
        place = next
        if let speed = reply.speed {
          let early = Double(sent - reply.burst) / speed - Date().timeIntervalSince(begin)
          if early > 0.002 { usleep(UInt32(early * 1e6)) }
        }
        if server.form == .rtsp { answerWaiting() }
      }
    } while reply.isLooped && !server.isStopping && !isBroken
  }

  func serveHTTP() {
    guard request() != nil else { return }
    let reason = reply.status == 200 ? "OK" : "No"
    write("HTTP/1.1 \(reply.status) \(reason)\r\nContent-Type: video/mp2t\r\nConnection: close\r\n\r\n")
    if reply.status == 200 { sendMedia { $0 } }
  }

  /// DESCRIBE, SETUP and PLAY, then RTP of payload type 33 (a transport stream) between the answers or, where
  /// the reader wants that, as datagrams.
  func serveRTSP() {
    while let request = request() {
      answer(request)
      if isBroken || request.hasPrefix("TEARDOWN") { return }
      guard request.hasPrefix("PLAY") else { continue }
      var sequence: UInt16 = 0
      let begin = Date()
      sendMedia { packets in
        let time = UInt32(truncatingIfNeeded: Int(Date().timeIntervalSince(begin) * 90_000))
        let count = UInt16(packets.count + 12)
        var bytes = Data(self.datagrams != nil ? [] : [0x24, 0, UInt8(count >> 8), UInt8(count & 255)])
        bytes += [0x80, 33]
        bytes += [UInt8(sequence >> 8), UInt8(sequence & 255)]
        bytes += [24, 16, 8, 0].map { UInt8(time >> $0 & 255) } + [0, 0, 0, 1]
        sequence &+= 1
        return bytes + packets
      }
      return
    }
  }

  private func answer(_ request: String) {
    let lines = request.components(separatedBy: "\r\n")
    let number = lines.first { $0.lowercased().hasPrefix("cseq:") }?.split(separator: ":").last ?? "1"
    let head = "CSeq:\(number)\r\n"
    switch String(request.prefix { $0 != " " }) {
    case "OPTIONS": write("RTSP/1.0 200 OK\r\n\(head)Public: DESCRIBE, SETUP, PLAY, TEARDOWN\r\n\r\n")
    case "DESCRIBE" where reply.status != 200:
      let challenge = reply.status == 401 ? "WWW-Authenticate: Basic realm=\"cam\"\r\n" : ""
      write("RTSP/1.0 \(reply.status) No\r\n\(head)\(challenge)\r\n")
    case "DESCRIBE":
      let text =
        "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=live\r\nt=0 0\r\nm=video 0 RTP/AVP 33\r\na=control:0\r\n"
      write(
        "RTSP/1.0 200 OK\r\n\(head)Content-Type: application/sdp\r\nContent-Length: \(text.utf8.count)\r\n\r\n"
          + text)
    case "SETUP":
      var transport = "RTP/AVP/TCP;unicast;interleaved=0-1"
      if let match = request.firstMatch(of: /client_port=(\d+)-(\d+)/), let port = UInt16(match.1) {
        let own = DatagramPort(to: port)
        datagrams = own
        transport = "RTP/AVP;unicast;\(match.0);server_port=\(own.number)-\(own.number + 1)"
      }
      write("RTSP/1.0 200 OK\r\n\(head)Session: 1\r\nTransport: \(transport)\r\n\r\n")
    case "TEARDOWN":
      server.books.withLock { $0.farewells += 1 }
      write("RTSP/1.0 200 OK\r\n\(head)\r\n")
      isBroken = true
    default: write("RTSP/1.0 200 OK\r\n\(head)Session: 1\r\n\r\n")
    }
  }

  /// Answers what the reader asked meanwhile.
  private func answerWaiting() {
    while !isBroken, hasInput(within: 0), let request = request() { answer(request) }
  }

  private func hasInput(within milliseconds: Int32) -> Bool {
    var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return Glibc.poll(&poll, 1, milliseconds) > 0
  }

  /// A request up to its empty line; `nil` where the reader has gone or says nothing for long.
  private func request() -> String? {
    var bytes: [UInt8] = []
    while !server.isStopping {
      guard hasInput(within: 50) else { continue }
      var byte: UInt8 = 0
      guard read(descriptor, &byte, 1) == 1 else { break }
      // Reports on the reception come between `$` and their length.
      if bytes.isEmpty && byte == 0x24 {
        var head = [UInt8](repeating: 0, count: 3)
        guard recv(descriptor, &head, 3, Int32(MSG_WAITALL)) == 3 else { break }
        var rest = [UInt8](repeating: 0, count: Int(head[1]) << 8 + Int(head[2]))
        guard recv(descriptor, &rest, rest.count, Int32(MSG_WAITALL)) == rest.count else { break }
        continue
      }
      bytes.append(byte)
      if bytes.suffix(4) == [13, 10, 13, 10] { return String(decoding: bytes, as: UTF8.self) }
    }
    isBroken = true
    return nil
  }

  /// The reader has not hung up.
  private var isOpen: Bool {
    if server.form == .rtsp {
      answerWaiting()
      return !isBroken
    }
    var byte: UInt8 = 0
    let count = recv(descriptor, &byte, 1, Int32(MSG_DONTWAIT))
    return count > 0 || count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)
  }

  private func write(_ text: String) { write(Data(text.utf8)) }

  private func write(_ data: Data) {
    data.withUnsafeBytes { bytes in
      var done = 0
      while done < bytes.count, !server.isStopping, !isBroken {
        var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard Glibc.poll(&poll, 1, 50) > 0 else { continue }
        let count = send(
          descriptor, bytes.baseAddress! + done, bytes.count - done, Int32(MSG_NOSIGNAL))
        if count > 0 { done += count } else if errno != EAGAIN && errno != EINTR { isBroken = true }
      }
    }
  }
}
