// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension ProgramTests {
  /// What follows from reading an address once: names that are right, secrets that stay, parts that are refused.
  @Suite struct Addresses {
    let work: Workplace

    init() throws { work = try Workplace() }

    @Test func whatIsMadeOfPicturesHasTheirNames() throws {
      try work.folder("in")
      // In natural order street_2 is the first.
      for name in ["street_10", "street_2"] {
        try work.label(["test:street?size=64x64&seconds=1", "in/%d.png", "--frames", "1"])
        try FileManager.default.moveItem(atPath: work("in/0.png"), toPath: work("in/\(name).png"))
      }
      try work.label(["in", "out/", "--mask-png", "labels"])
      #expect(try names(in: "out") == ["street_10.png", "street_2.png"])
      #expect(try names(in: "labels") == ["street_10.png", "street_2.png"])
      let again = try work.run(["in", "out/"] + Street.fast)
      expectRefusal(again, "RM-OUT-001", "out/street_2.png")
      try work.label(["in", "one/", "--stride", "2"])
      #expect(try names(in: "one") == ["street_2.png"])
      try work.label(["test:street?size=64x64&seconds=1", "film/", "--frames", "2"])
      #expect(try names(in: "film") == ["000000.png", "000001.png"])
    }

    private func names(in folder: String) throws -> [String] {
      try FileManager.default.contentsOfDirectory(atPath: work(folder)).sorted()
    }

    @Test(arguments: ["50%done", "100%", "a%20b"])
    func percentSignsOfASourceAreNoDirectives(stem: String) throws {
      try work.clip("x.mp4", "test:street?size=64x64&rate=10&seconds=0.3")
      try FileManager.default.moveItem(atPath: work("x.mp4"), toPath: work(stem + ".mp4"))
      try work.label([stem + ".mp4"])
      #expect(work.names.contains(stem + ".seg.mp4"), "\(work.names)")
      try work.label(["file:" + work(stem + ".mp4"), "file://" + work("copy.mp4")])
      #expect(work.names.contains("copy.mp4"), "\(work.names)")
    }

    @Test(arguments: [
      "rtsp://admin:hun/ter@127.0.0.1:1/x", "rtsp://admin:hun?ter@127.0.0.1:1/x",
      "rtsp://admin:hun#ter@127.0.0.1:1/x", "rtsp://admin:hun@ter@127.0.0.1:1/x",
      "rtsp://admin:hun%2Fter@127.0.0.1:1/x", "rtsp://127.0.0.1:1/user=admin_password=hunter_channel=1.sdp",
      "rtsp://127.0.0.1:1/hun/ter",
    ])
    func passwordsAreNotPrinted(uri: String) throws {
      let options = ["--reconnect", "never", "--connect-timeout", "5s", "--secret", "hun/ter", "-v"]
      let result = try work.run([uri, "null:"] + options)
      #expect(result.status != 0)
      let said = result.out + result.err
      #expect(!said.contains("hun") && !said.contains("ter@"), "\(said)")
    }

    @Test func inputOptionsThatThereAreNotAreRefused() throws {
      try work.clip("x.mp4", "test:street?size=64x64&rate=10&seconds=0.3")
      let typo = try work.run(["x.mp4", "null:", "--input-option", "rtsp_transprot=tcp"] + Street.fast)
      expectRefusal(typo, "RM-USE-001", "rtsp_transprot")
      try work.label(["x.mp4", "null:", "--input-option", "fflags=genpts"])
    }

    @Test func playlistsStayInTheirFolder() throws {
      try work.folder("list")
      try work.label(["test:street?size=64x64&rate=10&seconds=1", "hls:list"])
      try work.label(["list/index.m3u8", "null:"])
      let list = try String(contentsOfFile: work("list/index.m3u8"), encoding: .utf8)
      try FileManager.default.moveItem(atPath: work("list/000000.ts"), toPath: work("x.ts"))
      try work.write(list.replacingOccurrences(of: "000000.ts", with: "../x.ts"), to: "list/away.m3u8")
      let result = try work.run(["list/away.m3u8", "null:"] + Street.fast)
      expectRefusal(result, "RM-IN-010", "x.ts")
      try work.label(["list/away.m3u8", "null:", "--allow-protocols", "file"])
    }
  }
}
