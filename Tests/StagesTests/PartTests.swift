// SPDX-License-Identifier: Apache-2.0

import Addresses
import Foundation
import Testing

@testable import Stages

/// Names of segments, and which of them go.
@Suite struct PartTests {
  private let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "roadmask-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  private func path(_ name: String) -> String { folder.appending(path: name).path }
  private func clean() { try? FileManager.default.removeItem(at: folder) }
  private var names: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
  }

  private func make(_ name: String, bytes: Int = 1000, age: Double = 0) throws {
    try Data(count: bytes).write(to: folder.appending(path: name))
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSinceNow: -age)], ofItemAtPath: path(name))
  }

  @Test func namesAreFilledInAndNumbered() throws {
    defer { clean() }
    let numbered = try #require(PartNames(path("a.mp4"), isCut: true))
    #expect(numbered.next(isFirst: true) == path("a-000.mp4"))
    try make("a-006.mp4")
    #expect(numbered.next(isFirst: true) == path("a-007.mp4"))
    let plain = try #require(PartNames(path("b.mkv"), isCut: false))
    #expect(plain.next(isFirst: true) == path("b.mkv"))
    try make("b.mkv")
    #expect(plain.next(isFirst: true) == path("b.mkv") && plain.next(isFirst: false) == path("b-001.mkv"))
    let timed = try #require(PartNames(path("c-%Y%m%d-%H%M%S.mask.mkv"), isCut: true))
    let first = timed.next(isFirst: true, time: 86_400 * 365)
    #expect(first.hasSuffix(".mask.mkv") && first.contains("c-19"))
    #expect(FileManager.default.createFile(atPath: first, contents: nil))
    #expect(timed.next(isFirst: false, time: 86_400 * 365).hasSuffix("-001.mkv"))
    #expect(timed.plainStem == path("c.mask"))
    #expect(PartNames("x-%q.mp4", isCut: true) == nil)
  }

  @Test func onlyOwnFilesMatch() throws {
    defer { clean() }
    let own = try #require(PartNames(path("front-%Y%m%d.mp4"), isCut: true))
    let foreign = [
      "front-20260101.mask.mp4", "front-2026011.mp4", "xfront-20260101.mp4", "front-20260101-1.mp4",
      "front-20260101.mkv", "front-2026010a.mp4", "front-20260101-0011x.mp4",
    ]
    for name in foreign + ["front-20260101.mp4", "front-20260101-001.mp4"] { try make(name, age: 1e6) }
    try FileManager.default.createDirectory(
      atPath: path("front-20260102.mp4"), withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(
      atPath: path("front-20260103.mp4"), withDestinationPath: "front-20260101.mkv")
    var keep = OutputConfig.Keep()
    keep.age = TimeSpan(seconds: 60)
    let removed = Retention(keep: keep, names: own).apply(current: path("front-20260104.mp4"))
    #expect(removed.sorted() == ["front-20260101-001.mp4", "front-20260101.mp4"].map(path))
    #expect(names == (foreign + ["front-20260102.mp4", "front-20260103.mp4"]).sorted())
  }

  @Test func theOldestGoUntilTheLimitsHold() throws {
    defer { clean() }
    let own = try #require(PartNames(path("a.mp4"), isCut: true))
    for index in 0..<6 { try make("a-00\(index).mp4", age: Double(60 - 10 * index)) }
    var keep = OutputConfig.Keep()
    keep.size = ByteCount(bytes: 3500)
    Retention(keep: keep, names: own).apply(current: path("a-005.mp4"))
    #expect(names == ["a-003.mp4", "a-004.mp4", "a-005.mp4"])
    keep = OutputConfig.Keep()
    keep.minFree = ByteCount(bytes: .max)
    Retention(keep: keep, names: own).apply(current: path("a-005.mp4"))
    #expect(names == ["a-005.mp4"], "the one in hand stays")
  }

  @Test func unitsAndAddresses() {
    #expect(ByteCount("20GB")?.bytes == 20_000_000_000 && ByteCount("2 MiB")?.bytes == 2_097_152)
    #expect(ByteCount("20") == nil && ByteCount("GB") == nil && ByteCount("-1GB") == nil)
    #expect(ByteCount(bytes: 20_000_000_000).description == "20GB")
    #expect(ListenAddress("8080")?.description == "127.0.0.1:8080")
    #expect(ListenAddress("[::]:80")?.host == "::" && ListenAddress("0.0.0.0:80")?.isLoopback == false)
    for text in ["0", "65536", "a:80", "1.2.3:80", ":80", "::1:80", "http"] {
      #expect(ListenAddress(text) == nil, "\(text)")
    }
  }
}
