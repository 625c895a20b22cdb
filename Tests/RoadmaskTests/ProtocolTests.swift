// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension ProgramTests {
  /// Sources of every protocol that the README names, each from a peer on this machine.
  @Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/ffmpeg"), "needs ffmpeg"))
  struct Protocols {
    let work: Workplace
    let port = WebClient.freePort()

    init() throws {
      work = try Workplace()
      try work.clip(
        "in.ts", "test:street?size=192x128&rate=10&seconds=8&seed=3",
        ["--crf", "30", "--set", "stages.encode.gop=500ms"])
    }

    private func label(_ address: String, _ options: [String] = []) throws -> Program.Result {
      try work.run(
        [
          address, "out.mkv", "--frames", "20", "--connect-timeout", "20s", "--reconnect", "never",
          "--on-overload", "block",
        ] + options
          + Street.fast)
    }

    private func expectFrames(_ result: Program.Result) throws {
      #expect(result.status == 0, "\(result.err)")
      let clip = try Clip(work("out.mkv"))
      #expect(clip.count == 20 && clip.width == 192)
      #expect(zip(clip.seconds, clip.seconds.dropFirst()).allSatisfy { $0 < $1 })
    }

    /// Peers that `ffmpeg` plays, with the format that they send.
    @Test(arguments: [
      ("rtmp://127.0.0.1:PORT/live/x", ["-listen", "1", "-f", "flv"], ""),
      ("srt://127.0.0.1:PORT", ["-f", "mpegts"], "?mode=listener"),
      ("udp://127.0.0.1:PORT", ["-f", "mpegts"], "?pkt_size=1316"),
    ])
    func framesCome(address: String, options: [String], more: String) throws {
      // The sanitizer ends the program where FFmpeg cancels its thread that takes datagrams.
      if Sanitizer.isThread && address.hasPrefix("udp") { return }
      let address = address.replacingOccurrences(of: "PORT", with: "\(port)")
      let sender = try Started(
        "/usr/bin/ffmpeg",
        ["-v", "error", "-nostdin", "-re", "-stream_loop", "5", "-i", "in.ts", "-c", "copy"] + options
          + [address + more], in: work.path)
      defer { sender.send(SIGKILL) }
      // Until it listens.
      usleep(1_500_000)
      try expectFrames(try label(address))
    }

    @Test func framesComeFromAPlaylist() throws {
      try work.folder("list")
      let made = try Program.tool(
        "ffmpeg",
        [
          "-v", "error", "-i", "in.ts", "-c", "copy", "-hls_time", "2", "-hls_list_size", "0",
          "list/index.m3u8",
        ],
        in: work.path)
      #expect(made?.status == 0)
      let server = try Started(
        "/usr/bin/env",
        ["python3", "-m", "http.server", "--bind", "127.0.0.1", "--directory", "list", "\(port)"],
        in: work.path)
      defer { server.send(SIGKILL) }
      #expect(server.wait { WebClient.get("/index.m3u8", port: port)?.status == 200 })
      try expectFrames(try label("http://127.0.0.1:\(port)/index.m3u8"))
    }

    @Test(arguments: ["udp", "auto"])
    func rtspSendsDatagrams(transport: String) throws {
      let media = try work.bytes("in.ts")
      let server = try StreamServer(.rtsp, [.init(media, speed: Double(media.count) / 8)])
      try expectFrames(try label(server.uri, ["--rtsp-transport", transport]))
      #expect(server.hasFarewell)
    }
  }
}
