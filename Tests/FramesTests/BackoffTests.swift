// SPDX-License-Identifier: Apache-2.0

import Addresses
import Testing

@testable import Frames

@Suite struct BackoffTests {
  private func waits(
    _ count: Int, seed: UInt64 = 1, isHopeless: Bool = false, _ change: (inout RetryPolicy) -> Void = { _ in }
  ) -> [Double?] {
    var policy = RetryPolicy()
    policy.attempts = nil
    policy.jitter = 0
    change(&policy)
    var backoff = Backoff(policy, seed: seed)
    return (0..<count).map { _ in backoff.next(isHopeless: isHopeless) }
  }

  @Test func waitsGrowUpToTheLongest() {
    #expect(waits(9) == [0, 1, 2, 4, 8, 15, 30, 30, 30])
    #expect(waits(5) { $0.longest = 3 } == [0, 1, 2, 3, 3])
    #expect(
      waits(9) {
        $0.shortest = 0.5
        $0.longest = 100
      } == [0, 0.5, 1, 2, 4, 7.5, 15, 30, 60])
    #expect(waits(200).last == 30)
  }

  @Test func triesAreCounted() {
    #expect(waits(4) { $0.attempts = 2 } == [0, 1, nil, nil])
    #expect(waits(1) { $0.attempts = 0 } == [nil])
    var policy = RetryPolicy()
    policy.attempts = 3
    var backoff = Backoff(policy, seed: 1)
    for _ in 0..<100 {
      #expect(backoff.next() != nil && backoff.next() != nil)
      backoff.reset()
    }
  }

  @Test func jitterIsWithinItsShareAndRepeatable() throws {
    let some = waits(1000, seed: 7) { $0.jitter = 0.2 }.dropFirst(10).compactMap { $0 }
    #expect(some.allSatisfy { (24...36).contains($0) })
    let (least, most) = (try #require(some.min()), try #require(some.max()))
    #expect(least < 25 && most > 35)
    #expect(waits(50, seed: 7) { $0.jitter = 0.2 } == waits(50, seed: 7) { $0.jitter = 0.2 })
    #expect(waits(50, seed: 7) { $0.jitter = 0.2 } != waits(50, seed: 8) { $0.jitter = 0.2 })
  }

  @Test func whatTimeDoesNotMendIsTriedRarely() { #expect(waits(3, isHopeless: true) == [30, 30, 30]) }

  @Test func waitsAreTold() {
    #expect(
      [0, 0.94, 1, 1.5, 9.96, 14.6].map { RetryPolicy.text($0) } == [
        "0 s", "0.9 s", "1 s", "1.5 s", "10 s", "15 s",
      ])
    #expect(RetryPolicy.text(5, places: 1) == "5.0 s")
  }

  @Test(arguments: [
    ("rtsp://u:p@cam.lan/main", "rtsp://***@cam.lan/main", "cam.lan"),
    ("rtsp://u:p@ss@cam.lan:554/main", "rtsp://***@cam.lan:554/main", "cam.lan:554"),
    ("http://cam/video?user=a&password=b&x=1", "http://cam/video?user=a&password=***&x=1", "cam"),
    ("http://cam?authToken=b", "http://cam?authToken=***", "cam"),
    ("udp://@239.0.0.1:1234", "udp://@239.0.0.1:1234", "239.0.0.1:1234"),
    ("/dev/video0", "/dev/video0", "/dev/video0"), ("a@b.mp4", "a@b.mp4", "a@b.mp4"),
  ])
  func passwordsAreHidden(uri: String, shown: String, name: String) {
    #expect(redacted(uri) == shown)
    #expect(peerName(uri) == name)
    #expect(FramesError(.gone, "read", uri, "c", hint: "h").subject == shown)
  }

  @Test func hostsAreFound() {
    #expect(StreamAddress("rtsp://u:p@cam.lan:554/main")?.hostName == "cam.lan")
    #expect(StreamAddress("http://[::1]:80/")?.hostName == "::1")
    #expect(StreamAddress("udp://:1234")?.hostName == nil)
    #expect(StreamAddress("udp://@:1234")?.hostName == nil)
  }
}
