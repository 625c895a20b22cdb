// SPDX-License-Identifier: Apache-2.0

import Addresses
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Frames

/// Streams from a peer that does as it is told. Times are bounds for a busy machine, not figures.
@Suite(.serialized, .timeLimit(.minutes(10))) struct StreamTests {
  let scratch: TemporaryFolder

  init() throws { scratch = try TemporaryFolder() }

  /// A transport stream of so many frames at 25 a second, with a key frame every ten.
  private func media(
    _ frames: Range<Int64> = 0..<50, width: Int = 64, height: Int = 48, name: String = "a.ts"
  ) throws -> Data {
    let path = scratch.path(name)
    try Made.write(
      path, Made.video(width: width, height: height), times: Array(frames),
      Made.options("libx264") {
        $0.encoder.gop = 0.4
        $0.encoder.zeroLatency = true
        $0.overwrite = true
      })
    return try Data(contentsOf: URL(fileURLWithPath: path))
  }

  private func options(_ change: (inout VideoReader.Options) -> Void = { _ in }) -> VideoReader.Options {
    var options = VideoReader.Options()
    options.connectTimeout = 20
    options.stallTimeout = 20
    change(&options)
    return options
  }

  private func reopening(
    _ uri: String, _ journal: SourceJournal = SourceJournal(),
    _ change: (inout ReopeningSource.Options) -> Void = { _ in },
    reader: @escaping @Sendable (inout VideoReader.Options) -> Void = { _ in }
  ) throws -> ReopeningSource {
    var own = ReopeningSource.Options()
    own.name = peerName(uri)
    own.retry.shortest = 0.02
    own.retry.longest = 0.1
    own.retry.attempts = 200
    change(&own)
    let options = options(reader)
    return ReopeningSource(try VideoReader(uri, options: options), own, journal: journal) {
      try VideoReader(uri, options: options)
    }
  }

  @Test(arguments: StreamServer.Form.allCases)
  func everyFrameComes(form: StreamServer.Form) throws {
    let server = try StreamServer(form, [.init(try media(), speed: 500_000, ending: .close)])
    let reader = try VideoReader(server.uri, options: options())
    #expect(reader.isLive && reader.info.width == 64)
    var count = 0
    while let frame = try? reader.next() {
      count += 1
      #expect(reader.arrival != nil && frame.index == count - 1)
    }
    // RTSP has no end: the last packet may lack its successor.
    #expect(count == 50 || form == .rtsp && count == 49)
  }

  @Test(arguments: StreamServer.Form.allCases)
  func silenceIsNoticed(form: StreamServer.Form) throws {
    let server = try StreamServer(form, [.init(try media(), ending: .silence)])
    let reader = try VideoReader(server.uri, options: options { $0.stallTimeout = 0.5 })
    var error: FramesError?
    do { while try reader.next() != nil {} } catch let lost as FramesError { error = lost }
    #expect(error?.kind == .stalled && error?.cause == "no packet for 0.5 s")
    // A peer that accepts and never says a word.
    let mute = try StreamServer(form, [.init(Data(), ending: .silence)])
    #expect(kind { _ = try VideoReader(mute.uri, options: options { $0.connectTimeout = 0.3 }) } == .timedOut)
  }

  @Test(arguments: [StreamServer.Form.http, .rtsp])
  func refusalsAreTold(form: StreamServer.Form) throws {
    for (status, expected) in [
      (401, FramesError.Kind.unauthorized), (403, .unauthorized), (404, .noStream), (503, .unreachable),
    ] {
      let server = try StreamServer(form, [.refusal(status)])
      #expect(kind { _ = try VideoReader(server.uri, options: options()) } == expected, "\(status)")
    }
    let server = try StreamServer(form, [.refusal(404)])
    server.stop()
    #expect(kind { _ = try VideoReader(server.uri, options: options()) } == .unreachable)
    #expect(
      kind { _ = try VideoReader("\(form)://no.such.host.invalid/a", options: options()) } == .unknownHost)
  }

  @Test func garbageIsRefusedOrPassedOver() throws {
    var seed: UInt64 = 3
    let noise = Data(
      (0..<200_000).map { _ in
        seed = seed &* 6_364_136_223_846_793_005 &+ 1
        return UInt8(truncatingIfNeeded: seed >> 33)
      })
    for form in StreamServer.Form.allCases {
      let server = try StreamServer(form, [.init(noise)])
      #expect(kind { _ = try VideoReader(server.uri, options: options()) } != nil)
    }
  }

  @Test(arguments: StreamServer.Form.allCases)
  func theFlagEndsEveryWait(form: StreamServer.Form) throws {
    let server = try StreamServer(
      form, [.init(Data(), ending: .silence), .init(try media(), ending: .silence)])
    for _ in 0..<2 {
      let flag = InterruptFlag()
      Thread.detachNewThread {
        usleep(400_000)
        flag.set()
      }
      let found = kind {
        let reader = try VideoReader(server.uri, options: options { $0.interrupt = flag })
        while try reader.next() != nil {}
      }
      #expect(found == .interrupted)
    }
  }

  @Test func aPeerIsToldGoodbye() throws {
    let server = try StreamServer(.rtsp, [.init(try media(), ending: .silence)])
    let flag = InterruptFlag()
    var reader: VideoReader? = try VideoReader(server.uri, options: options { $0.interrupt = flag })
    _ = try reader?.next()
    flag.set()
    reader = nil
    #expect(server.hasFarewell)
  }

  @Test(arguments: StreamServer.Form.allCases)
  func aBrokenStreamGoesOn(form: StreamServer.Form) throws {
    let journal = SourceJournal()
    let server = try StreamServer(
      form,
      [
        .init(try media(), ending: .reset), .refusal(404),
        .init(try media(width: 96, height: 80), ending: .close),
        .init(try media(), ending: .silence),
      ])
    let source = try reopening(server.uri, journal, { $0.maxFrames = 120 }, reader: { $0.stallTimeout = 1 })
    var last: Frame?
    var count = 0
    while let frame = try source.next() {
      #expect(frame.index == count && frame.width == 64 && frame.height == 48)
      if let last { #expect(frame.time > last.time) }
      last = frame
      count += 1
    }
    #expect(count == 120)
    #expect(journal.status.state == .live)
    // 50 frames at most of each; a bare TCP peer refuses nobody, it just hangs up.
    #expect(journal.status.reconnects == 2 && server.connections == 4)
  }

  @Test func aPeerThatRestartsIsFoundAgain() throws {
    let journal = SourceJournal()
    var server: StreamServer? = try StreamServer(.rtsp, [.init(try media(), ending: .silence)])
    let (uri, port) = (try #require(server).uri, try #require(server).port)
    let source = try reopening(uri, journal)
    for _ in 0..<40 { #expect(try source.next() != nil) }
    server?.stop()
    server = nil
    let again = try media()
    let restarted = Mutex<StreamServer?>(nil)
    // A thread: the tests hold all those of Swift's tasks.
    Thread.detachNewThread {
      usleep(300_000)
      let server = try? StreamServer(.rtsp, [.init(again, ending: .silence)], port: port)
      restarted.withLock { $0 = server }
    }
    defer { restarted.withLock { $0 }?.stop() }
    var times: [Double] = []
    for _ in 0..<40 { times.append(try #require(try source.next()).time) }
    #expect(zip(times, times.dropFirst()).allSatisfy { $0 < $1 })
    #expect(journal.status.reconnects == 1 && journal.status.missingFrames > 0)
  }

  @Test func nothingIsLeftBehindByReconnects() throws {
    let server = try StreamServer(.rtsp, [.init(try media(0..<6), ending: .close)])
    let source = try reopening(server.uri) { $0.retry.shortest = 0.001 }
    func count(_ folder: String) -> Int {
      (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/" + folder).count) ?? 0
    }
    func descriptors() -> Int {
      let links = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
      return links.count {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/" + $0))?
          .hasPrefix("socket:") == true
      }
    }
    func cycle(_ times: Int) throws {
      let target = server.connections + times
      while server.connections < target { #expect(try source.next() != nil) }
    }
    try cycle(10)
    let before = descriptors()
    try cycle(30)
    // Other tests of this process have sockets too, for as long as they run.
    #expect(descriptors() <= before + 6)
  }

  @Test(arguments: [(0.001, 0.0), (0.01, 0.0), (0.05, 0.0), (0.0, 0.0001), (0.0, 0.001)])
  func damageIsSurvived(loss: Double, flips: Double) throws {
    var reply = StreamServer.Reply(try media(0..<200, width: 320, height: 240))
    (reply.loss, reply.flips) = (loss, flips)
    for form in StreamServer.Form.allCases {
      let server = try StreamServer(form, [reply])
      for discards in [false, true] {
        var times: [Double] = []
        do {
          let reader = try VideoReader(server.uri, options: options { $0.discardCorrupt = discards })
          while let frame = try reader.next() {
            times.append(frame.time)
            if discards { #expect(!frame.isCorrupt) }
          }
        } catch let error as FramesError where error.isLoss || error.isWorthATry {}
        #expect(zip(times, times.dropFirst()).allSatisfy { $0 < $1 })
        if loss <= 0.001 && flips == 0 && !discards { #expect(times.count > 150, "\(form) \(times.count)") }
      }
    }
  }

  @Test func clocksThatJumpDoNotFreezeThePicture() throws {
    // Forward by an hour, then back to the start.
    let parts = [
      try media(0..<25, name: "1.ts"), try media(90_000..<90_025, name: "2.ts"),
      try media(0..<25, name: "3.ts"),
    ]
    let server = try StreamServer(.tcp, [.init(parts[0] + parts[1] + parts[2])])
    let reader = try VideoReader(server.uri, options: options())
    var times: [Double] = []
    while let frame = try? reader.next() { times.append(frame.time) }
    #expect(times.count >= 70)
    #expect(zip(times, times.dropFirst()).allSatisfy { $0 < $1 && $1 - $0 < 15 })
    #expect(reader.damage.timestamps > 0)
  }

  @Test(.enabled(if: !Sanitizer.isThread, "it ends where FFmpeg cancels its thread that takes datagrams"))
  func datagramsAreRead() throws {
    let bytes = try media(0..<100)
    let socket = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    defer { close(socket) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    // A port that is free now.
    let holder = try StreamServer(.tcp, [.init()])
    let port = holder.port
    holder.stop()
    address.sin_port = port.bigEndian
    let target = address
    Thread.detachNewThread {
      var target = target
      for start in stride(from: 0, to: bytes.count, by: 1316) {
        let packet = bytes[start..<min(start + 1316, bytes.count)]
        packet.withUnsafeBytes { packet in
          withUnsafePointer(to: &target) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
              _ = sendto(socket, packet.baseAddress, packet.count, 0, $0, 16)
            }
          }
        }
        usleep(20_000)
      }
    }
    let reader = try VideoReader("udp://127.0.0.1:\(port)", options: options { $0.stallTimeout = 2 })
    var count = 0
    var lost: FramesError?
    do { while try reader.next() != nil { count += 1 } } catch let error as FramesError { lost = error }
    #expect(lost?.kind == .stalled)
    #expect(count > 50)
  }
}
