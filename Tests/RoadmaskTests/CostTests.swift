// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import TestSupport
import Testing

extension ProgramTests {
  /// What waiting and watching cost, and how soon a loss is noticed: figures for scripts/reliability, and content.
  @Suite struct Costs {
    let work: Workplace
    let port = WebClient.freePort()

    init() throws { work = try Workplace() }

    /// A peer that sends three seconds of pictures at their pace and then nothing more.
    private func fallingSilent() throws -> StreamServer {
      try work.clip("in.ts", "test:street?size=192x128&rate=10&seconds=3&seed=3", ["--crf", "30"])
      let media = try work.bytes("in.ts")
      return try StreamServer(
        .tcp, [.init(media, speed: Double(media.count) / 3, ending: .silence), .init(ending: .silence)])
    }

    private func watch(_ uri: String) throws -> Started {
      try Started(
        Program.path,
        [
          uri, "null:", "--reconnect", "forever", "--progress", "none", "--report", "none", "--infer-size",
          "96x64",
        ],
        in: work.path)
    }

    @Test(arguments: 0..<max(1, Rounds.count / 20))
    func silenceIsNoticed(round: Int) throws {
      let server = try fallingSilent()
      let program = try watch(server.uri)
      #expect(program.wait { program.err.contains("no packet for 4.5 s, reconnecting") }, "\(program.err)")
      let told = Date()
      let silent = try #require(server.silentSince)
      Figures.note("silence to the line about it, s", told.timeIntervalSince(silent))
      #expect(program.wait { server.connections > 1 })
      Figures.note("that line to the first try, s", Date().timeIntervalSince(told))
      program.send(SIGKILL)
      _ = program.wait()
    }

    @Test func aSourceThatIsAwayCostsLittle() throws {
      let server = try fallingSilent()
      let program = try watch(server.uri)
      #expect(program.wait { server.silentSince != nil })
      server.stop()
      #expect(program.wait { program.err.contains("reconnecting") }, "\(program.err)")
      sleep(2)
      let (begin, before) = (Date(), program.processorSeconds)
      sleep(Rounds.isLong ? 60 : 3)
      let share = (program.processorSeconds - before) / Date().timeIntervalSince(begin)
      Figures.note("a core's time while the source is away, %", 100 * share)
      // Other work on the machine can only make it less; who asks without waiting takes a whole core.
      #expect(share < 0.2)
      program.send(SIGINT)
      #expect(program.wait().status == 130)
    }

    /// Windows with and without viewers in turns, in one run. Viewers that are waited for would leave a few frames of
    /// a window at most.
    @Test func slowViewersTakeNoFrames() throws {
      let program = try Started(
        Program.path,
        [
          "test:street?size=640x360&rate=10&seconds=0&seed=3", "http:\(port)", "--set", "source.live=true",
          "--infer-size", "160x96", "--progress", "none", "--report", "none",
        ], in: work.path)
      #expect(program.wait { WebClient.get("/readyz", port: port)?.status == 200 }, "\(program.err)")
      var frames = (alone: 0.0, watched: 0.0)
      for _ in 0..<(Rounds.isLong ? 10 : 2) {
        let alone = try rate(program)
        let viewers = try (0..<20).map { _ in try SlowViewer(port) }
        #expect(program.wait { viewers.allSatisfy { $0.bytes > 0 } }, "a viewer got nothing")
        let watched = try rate(program)
        for viewer in viewers { viewer.stop() }
        frames.alone += alone.fps
        frames.watched += watched.fps
        Figures.note("frames/s with 20 slow viewers, % of those without", 100 * watched.fps / alone.fps)
        Figures.note("processor with 20 slow viewers, % of a core more", 100 * (watched.load - alone.load))
      }
      #expect(frames.alone > 0 && frames.watched > frames.alone / 2, "\(frames) frames/s, summed")
      program.send(SIGINT)
      #expect(program.wait().status == 130)
    }

    private func rate(_ program: Started) throws -> (fps: Double, load: Double) {
      func look() throws -> (frames: Int, processor: Double, at: Date) {
        let answer = try #require(WebClient.get("/stats.json", port: port))
        let stats = try #require(try JSONSerialization.jsonObject(with: answer.body) as? [String: Any])
        return (try #require((stats["frames"] as? [String: Int])?["out"]), program.processorSeconds, Date())
      }
      let first = try look()
      sleep(Rounds.isLong ? 10 : 2)
      let second = try look()
      let passed = second.at.timeIntervalSince(first.at)
      return (Double(second.frames - first.frames) / passed, (second.processor - first.processor) / passed)
    }
  }
}

/// Takes 20 kB of the preview in a second.
private final class SlowViewer: Sendable {
  private let ended = DispatchSemaphore(value: 0)
  private let isDone = DispatchSemaphore(value: 0)
  private let taken = Mutex(0)

  /// What it got so far.
  var bytes: Int { taken.withLock { $0 } }

  init(_ port: UInt16) throws {
    let client = try #require(WebClient(port: port, receiveBuffer: 4096))
    client.ask("/preview.mjpg")
    nonisolated(unsafe) let own = client
    Thread.detachNewThread { [self] in
      while ended.wait(timeout: .now() + 0.1) == .timedOut, let bytes = own.read(count: 2000) {
        taken.withLock { $0 += bytes.count }
      }
      isDone.signal()
    }
  }

  func stop() {
    ended.signal()
    isDone.wait()
  }
}

extension Started {
  /// User and system time so far.
  fileprivate var processorSeconds: Double {
    let text = (try? String(contentsOfFile: "/proc/\(identifier)/stat", encoding: .utf8)) ?? ""
    // Behind the name, which may hold anything, the 12th and 13th words.
    let words = text.split(separator: ")").last?.split(separator: " ") ?? []
    guard words.count > 12, let user = Double(words[11]), let system = Double(words[12]) else { return 0 }
    return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
  }
}
