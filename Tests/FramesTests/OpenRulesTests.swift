// SPDX-License-Identifier: Apache-2.0

import Addresses
import Foundation
import TestSupport
import Testing

@testable import Frames

/// What a source may open beside itself.
@Suite struct OpenRulesTests {
  private func rules(_ source: String, _ allowed: [String] = []) -> OpenRules {
    OpenRules(SourceAddress(source), place: source, allowed: allowed, trust: TLSTrust())
  }

  @Test(arguments: [
    ("http://198.51.100.7/a.m3u8", true), ("http://198.51.100.7/b.ts", true),
    ("https://203.0.113.9/b.ts", true), ("crypto+http://198.51.100.7/b.ts", true), ("data:,x", true),
    ("file:/etc/passwd", false), ("/etc/passwd", false), ("crypto:file:/etc/passwd", false),
    ("http://127.0.0.1/b.ts", false), ("http://127.9.9.9:80/b.ts", false), ("http://[::1]/b.ts", false),
    ("http://0.0.0.0/b.ts", false), ("http://[::ffff:127.0.0.1]/b.ts", false),
    ("http://169.254.169.254/b.ts", false), ("http://localhost/b.ts", false), ("-", false),
    ("/dev/video0", false),
  ])
  func ofAPlaylistFromTheNetwork(part: String, isAllowed: Bool) {
    #expect(rules("http://198.51.100.7/a.m3u8").allows(part) == isAllowed)
  }

  @Test func aSourceOnThisMachineMayNameThisMachine() {
    #expect(rules("http://127.0.0.1:8080/a.m3u8").allows("http://127.0.0.1:9090/b.ts"))
    #expect(!rules("http://127.0.0.1:8080/a.m3u8").allows("file:/etc/passwd"))
  }

  @Test func ofAFile() throws {
    let scratch = try TemporaryFolder()
    let folder = scratch.path("list")
    try FileManager.default.createDirectory(atPath: folder + "/deep", withIntermediateDirectories: true)
    for name in ["list/a.m3u8", "list/b.ts", "list/deep/c.ts", "other.ts"] {
      try Data("x".utf8).write(to: URL(fileURLWithPath: scratch.path(name)))
    }
    try FileManager.default.createSymbolicLink(
      atPath: folder + "/out.ts", withDestinationPath: scratch.path("other.ts"))
    let own = rules(folder + "/a.m3u8")
    for part in ["/b.ts", "/deep/c.ts", "/missing.ts"] { #expect(own.allows("file:" + folder + part)) }
    for part in ["/../other.ts", "/out.ts"] { #expect(!own.allows("file:" + folder + part), "\(part)") }
    #expect(!own.allows("http://203.0.113.9/b.ts") && !own.allows("/etc/passwd"))
    let free = rules(folder + "/a.m3u8", ["file", "http"])
    #expect(free.allows("/etc/passwd") && free.allows("http://127.0.0.1/b.ts"))
    #expect(free.protocols.contains(",tcp") && !own.protocols.contains("tcp"))
  }

  @Test(arguments: [
    (["a/street_0013.png", "a/x.y.jpg"], ["street_0013", "x.y"]), (["a.png", "a.jpg"], ["a.png", "a.jpg"]),
    (["1/a.png", "2/a.png"], ["1_a.png", "2_a.png"]), (["0/1/a.png", "2/1/a.png"], []), ([], []),
  ])
  func namesOfPictures(paths: [String], names: [String]) {
    #expect(PictureNames.unique(for: paths) == names)
  }

  @Test func pictureNamesFollowTheStride() throws {
    let scratch = try TemporaryFolder()
    for name in ["b9", "b10", "b11"] {
      let bytes = Data("P5 2 2 255 abcd".utf8)
      try bytes.write(to: URL(fileURLWithPath: scratch.path(name + ".pgm")))
    }
    var options = ImageSequenceReader.Options()
    options.stride = 2
    let info = try ImageSequenceReader(scratch.path("b*.pgm"), options: options).info
    #expect(info.pictureNames == ["b9", "b11"])
  }
}
