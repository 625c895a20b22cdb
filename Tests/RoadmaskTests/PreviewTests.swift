// SPDX-License-Identifier: Apache-2.0

import Foundation
import Frames
import TestSupport
import Testing

extension ProgramTests {
  /// The page, the picture and the figures over HTTP.
  @Suite struct Preview {
    let work: Workplace
    let port = WebClient.freePort()

    init() throws { work = try Workplace() }

    /// Starts a live run without end and waits until it delivers.
    private func start(_ outputs: [String]) throws -> Started {
      let program = try Started(
        Program.path,
        ["test:street?size=192x128&rate=10&seconds=0&seed=3"] + outputs
          + ["--set", "source.live=true", "--infer-size", "96x64", "--progress", "none", "--report", "json"],
        in: work.path)
      let isReady = program.wait { WebClient.get("/readyz", port: port)?.status == 200 }
      #expect(isReady, "\(program.err)")
      return program
    }

    private func stop(_ program: Started) throws -> [String: Any] {
      program.send(SIGINT)
      let result = program.wait()
      #expect(result.status == 130, "\(result.err)")
      return try #require(try JSONSerialization.jsonObject(with: Data(result.out.utf8)) as? [String: Any])
    }

    /// The next JPEG of a multipart answer.
    private func picture(_ client: WebClient) -> Data? {
      guard let part = client.readChunk(), let end = part.range(of: Data("\r\n\r\n".utf8)) else { return nil }
      let head = String(decoding: part[..<end.lowerBound], as: UTF8.self)
      #expect(head.contains("Content-Type: image/jpeg"))
      let count = head.firstMatch(of: /Content-Length: (\d+)/).flatMap { Int($0.1) } ?? 0
      let tail = Data("\r\n--roadmask\r\n".utf8)
      #expect(
        part.count == end.upperBound - part.startIndex + count + tail.count && part.suffix(tail.count) == tail
      )
      return Data(part[end.upperBound...].prefix(count))
    }

    @Test func everyRouteAnswers() throws {
      let program = try start(["http:\(port)", "-o", "null:"])
      let types = [
        "/": "text/html; charset=utf-8", "/stats.json": "application/json",
        "/metrics": "text/plain; version=0.0.4; charset=utf-8", "/healthz": "text/plain; charset=utf-8",
        "/readyz": "text/plain; charset=utf-8",
      ]
      for (path, type) in types {
        let answer = try #require(WebClient.get(path, port: port), "\(path)")
        #expect(answer.status == 200 && answer.headers["content-type"] == type, "\(path)")
        #expect(answer.headers["cache-control"] == "no-store", "\(path)")
        #expect(answer.headers["x-content-type-options"] == "nosniff", "\(path)")
        #expect(WebClient.get(path, port: port, method: "POST")?.status == 405)
      }
      let page = try #require(WebClient.get("/", port: port))
      let policy = page.headers["content-security-policy"] ?? ""
      let nonce = try #require(policy.firstMatch(of: /script-src 'nonce-(\w+)'/)?.1)
      let html = String(decoding: page.body, as: UTF8.self)
      #expect(policy.hasPrefix("default-src 'none'; ") && html.contains("<script nonce=\"\(nonce)\">"))
      #expect(!html.contains("@NONCE@") && !html.contains("http://") && !html.contains("https://"))
      #expect(WebClient.get("/etc/passwd", port: port)?.status == 404)
      #expect(WebClient.get("/", port: port, host: "evil.example")?.status == 403)
      #expect(WebClient.get("/", port: port, host: "localhost:\(port)")?.status == 200)

      let text = try #require(WebClient.get("/stats.json", port: port)).body
      let stats = try #require(try JSONSerialization.jsonObject(with: text) as? [String: Any])
      #expect(stats["type"] as? String == "progress" && stats["state"] as? String == "live")
      #expect((stats["stages"] as? [String: Any])?.count == 6)
      #expect((stats["outputs"] as? [Any])?.count == 2)
      let metrics = String(decoding: try #require(WebClient.get("/metrics", port: port)).body, as: UTF8.self)
      #expect(metrics.contains("\nroadmask_source_up{pipeline=\"main\"} 1\n"))
      #expect(metrics.contains("\nroadmask_frames_total{pipeline=\"main\",result=\"failed\"} 0\n"))
      let report = try stop(program)
      let frames = try #require(report["frames"] as? [String: Int])
      #expect(frames["in"] == frames["out"]! + frames["dropped"]! + frames["failed"]!)
      #expect(WebClient(port: port) == nil, "nobody listens any more")
    }

    @Test func aSlowViewerHoldsUpNobody() throws {
      let program = try start(["http:\(port)"])
      let slow = try #require(WebClient(port: port, receiveBuffer: 2048))
      slow.ask("/preview.mjpg")
      let client = try #require(WebClient(port: port))
      client.ask("/preview.mjpg")
      let (status, headers) = try #require(client.readHead())
      #expect(status == 200 && headers["content-type"] == "multipart/x-mixed-replace; boundary=roadmask")
      #expect(client.read(until: "\r\n").map { String(decoding: $0, as: UTF8.self) } != nil)
      // The first chunk begins with the mark; its length line was just read.
      _ = client.read(until: "--roadmask\r\n")
      let head = try #require(client.read(until: "\r\n\r\n"))
      let count = try #require(
        String(decoding: head, as: UTF8.self).firstMatch(of: /Content-Length: (\d+)/).flatMap { Int($0.1) })
      var pictures = [try #require(client.read(count: count))]
      #expect(client.read(until: "--roadmask\r\n\r\n") != nil)
      for _ in 0..<15 { pictures.append(try #require(picture(client))) }
      #expect(Set(pictures).count > 10)
      for (index, jpeg) in pictures.prefix(2).enumerated() {
        try jpeg.write(to: URL(fileURLWithPath: work("p\(index).jpg")))
      }
      let reader = try ImageSequenceReader(work("p*.jpg"))
      #expect(reader.info.width == 192 && reader.info.height == 128)
      var first: Frame?
      while let frame = try reader.next() { first = first ?? frame }
      #expect(first != nil)
      let report = try stop(program)
      let output = try #require((report["outputs"] as? [[String: Any]])?.first)
      let out = try #require((report["frames"] as? [String: Int])?["out"])
      #expect(output["written"] as! Int >= 16)
      #expect(output["written"] as! Int + (output["dropped"] as! Int) + (output["failed"] as! Int) == out)
    }

    @Test func moreThanFiftyViewersAreTurnedAway() throws {
      let program = try start(["http:\(port)"])
      let clients = try (0..<50).map { _ in
        let client = try #require(WebClient(port: port))
        client.ask("/preview.mjpg")
        #expect(client.readHead()?.status == 200)
        return client
      }
      let late = try #require(WebClient(port: port))
      late.ask("/preview.mjpg")
      #expect(late.readHead()?.status == 503)
      #expect(WebClient.get("/healthz", port: port)?.status == 200)
      withExtendedLifetime(clients) {}
      _ = try stop(program)
    }

    @Test func aPortThatIsTakenIsTold() throws {
      let program = try start(["null:", "--metrics", "\(port)"])
      #expect(WebClient.get("/", port: port)?.status == 404, "metrics only")
      for arguments in [["http:\(port)"], ["x.mp4", "--metrics", "127.0.0.1:\(port)"]] {
        let result = try work.run([Street.short] + arguments + Street.fast)
        expectRefusal(result, "RM-HTTP-001", "address already in use")
      }
      #expect(!work.exists("x.mp4"))
      _ = try stop(program)
      expectRefusal(try work.run([Street.short, "http:77777"] + Street.fast), "RM-RUN-002", "names no port")
      expectRefusal(
        try work.run([Street.short, "null:", "--metrics", "x"] + Street.fast), "RM-USE-002", "--metrics")
    }
  }
}
