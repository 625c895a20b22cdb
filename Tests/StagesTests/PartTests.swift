// SPDX-License-Identifier: Apache-2.0

import Addresses
import Foundation
import TestSupport
import Testing

@testable import Stages

/// Names of segments, and which of them go.
@Suite struct PartTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func path(_ name: String) -> String { folder.path(name) }
  private var names: [String] { folder.names }

  private func make(_ name: String, bytes: Int = 1000, age: Double = 0) throws {
    try Data(count: bytes).write(to: folder.url.appending(path: name))
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSinceNow: -age)], ofItemAtPath: path(name))
  }

  @Test func namesAreFilledInAndNumbered() throws {
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

  @Test func onlyWhatWasWrittenIsRemoved() throws {
    let files = try OwnedFiles(pattern: path("front-%Y%m%d.mp4"))
    let own = ["front-20260101.mp4", "front-20260101-001.mp4", "front-20260105.mp4"]
    for name in own {
      try make(name, age: 1e6)
      files.add(path(name))
    }
    // One has become another file since.
    try make("x", age: 1e6)
    try FileManager.default.removeItem(atPath: path("front-20260105.mp4"))
    try FileManager.default.moveItem(atPath: path("x"), toPath: path("front-20260105.mp4"))
    for name in ["front-20260102.mp4", "front-20260101.mkv"] { try make(name, age: 1e6) }
    var keep = OutputConfig.Keep()
    keep.age = TimeSpan(seconds: 60)
    let removed = Retention(keep: keep, files: files).apply(current: path("front-20260104.mp4"))
    #expect(removed.sorted() == ["front-20260101-001.mp4", "front-20260101.mp4"].map(path))
    #expect(names.contains("front-20260105.mp4") && names.contains("front-20260102.mp4"))
  }

  @Test func earlierRunsFilesAreKnownAndOthersWait() throws {
    let pattern = path("a.mp4")
    var files: OwnedFiles? = try OwnedFiles(pattern: pattern)
    try make("a-000.mp4", age: 1e6)
    files?.add(path("a-000.mp4"))
    #expect(throws: (any Error).self) { _ = try OwnedFiles(pattern: pattern) }
    files = nil
    let again = try OwnedFiles(pattern: pattern)
    #expect(again.present.map(\.path) == [path("a-000.mp4")])
    #expect(OwnedFiles.parse("1\ta\nx\n-\ta\n2\tb/c\n\t\n3\td").keys.sorted() == ["d"])
  }

  @Test func aClockYearsAheadRemovesNothing() throws {
    let files = try OwnedFiles(pattern: path("a.mp4"))
    for index in 0..<3 {
      try make("a-00\(index).mp4")
      files.add(path("a-00\(index).mp4"))
    }
    var keep = OutputConfig.Keep()
    keep.age = TimeSpan(seconds: 86_400)
    let later = time(nil) + 315_360_000
    let retention = Retention(keep: keep, files: files, now: later)
    #expect(retention.warning != nil)
    #expect(retention.apply(current: path("a-003.mp4"), now: later) == [])
    #expect(Retention(keep: keep, files: files).warning == nil)
  }

  @Test func theOldestGoUntilTheLimitsHold() throws {
    let files = try OwnedFiles(pattern: path("a.mp4"))
    for index in 0..<6 {
      try make("a-00\(index).mp4", age: Double(60 - 10 * index))
      files.add(path("a-00\(index).mp4"))
    }
    func videos() -> [String] { names.filter { $0.hasSuffix(".mp4") } }
    var keep = OutputConfig.Keep()
    keep.size = ByteCount(bytes: 3500)
    Retention(keep: keep, files: files).apply(current: path("a-005.mp4"))
    #expect(videos() == ["a-003.mp4", "a-004.mp4", "a-005.mp4"])
    keep = OutputConfig.Keep()
    keep.minFree = ByteCount(bytes: .max)
    Retention(keep: keep, files: files).apply(current: path("a-005.mp4"))
    #expect(videos() == ["a-005.mp4"], "the one in hand stays")
  }

  @Test func numbersThatAreNoneOfOursAreNotCountedOn() throws {
    for name in ["d-9223372036854775807.mp4", "d-20230417.mp4", "d-002.mp4"] { try make(name) }
    let names = try #require(PartNames(path("d.mp4"), isCut: true))
    #expect(names.next(isFirst: true) == path("d-003.mp4"))
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
