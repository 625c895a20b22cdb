// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Addresses

/// What a text names, and what of it may be shown.
@Suite struct AddressTests {
  @Test(
    arguments: [
      ("-", .standardInput), ("film.mp4", .file(path: "film.mp4")),
      ("50%done.mp4", .file(path: "50%done.mp4")),
      ("a%20b.mp4", .file(path: "a%20b.mp4")), ("file:a%20b.mp4", .file(path: "a%20b.mp4")),
      ("file:///a%20b.mp4", .file(path: "/a b.mp4")), ("file:/x.mp4", .file(path: "/x.mp4")),
      ("file://localhost/x.mp4", .file(path: "/x.mp4")), ("/tmp", .pictures(path: "/tmp")),
      ("none-*.png", .pictures(path: "none-*.png")), ("dir/a://b.mp4", .file(path: "dir/a://b.mp4")),
      ("1a://b", .file(path: "1a://b")), ("test:street?size=4x4", .test("test:street?size=4x4")),
      ("cam:C920", .camera(.word("C920"))), ("/dev/video0", .camera(.path("/dev/video0"))),
      ("v4l2://video3", .camera(.path("/dev/video3"))), ("camera.mp4", .file(path: "camera.mp4")),
      ("/dev/null", .file(path: "/dev/null")),
    ] as [(String, SourceAddress)])
  func sources(text: String, address: SourceAddress) { #expect(SourceAddress(text) == address) }

  @Test(
    arguments: [
      ("-", .standardOutput), ("null:", .none), ("hls:live", .playlist(folder: "live")),
      ("x.mp4", .file(path: "x.mp4")),
      ("file:///a/x.mp4", .file(path: "/a/x.mp4")), ("v4l2:///dev/video10", .device(path: "/dev/video10")),
      ("http:99999", .page(nil)), ("%Y%m%d.mp4", .file(path: "%Y%m%d.mp4")),
      ("labels/", .pictures(PicturePattern(folder: "labels"))), ("labels", .file(path: "labels")),
    ] as [(String, OutputAddress)])
  func outputs(text: String, address: OutputAddress) { #expect(OutputAddress(text) == address) }

  @Test func outputsWithParts() throws {
    guard case .pictures(let pattern) = OutputAddress("out/%03d.png") else {
      Issue.record("no pattern")
      return
    }
    #expect(pattern.path(7) == "out/007.png")
    let named = PicturePattern(folder: "out/")
    #expect(named.folder == "out" && named.path(1, names: ["a", "street_0013"]) == "out/street_0013.png")
    #expect(
      named.path(7, names: []) == "out/000007.png" && pattern.path(1, names: ["a", "b"]) == "out/001.png")
    guard case .page(let page?) = OutputAddress("http:0.0.0.0:8080") else {
      Issue.record("no page")
      return
    }
    #expect(page.port == 8080 && !page.isLoopback)
    guard case .push(let stream) = OutputAddress("http://h/x") else {
      Issue.record("no peer")
      return
    }
    #expect(stream.isHTTP && stream.host == "h")
    #expect(
      OutputAddress("rtmps://h/a/k").container == "flv" && OutputAddress("rtsp://h/x").container == "rtsp")
    #expect(OutputAddress("srt://h:9").container == "mpegts" && OutputAddress("-").container == "matroska")
    #expect(OutputAddress("x.mp4").container == nil && OutputAddress("hls:d").container == "hls")
  }

  @Test(
    arguments: [
      ("rtsp://u:p@cam.lan:554/main", "u:p", "cam.lan:554", "/main"),
      ("RTSP://u:p@ss@cam.lan/main?x=1", "u:p@ss", "cam.lan", "/main?x=1"),
      ("rtsp://admin:hun/ter@127.0.0.1:1/x", "admin:hun/ter", "127.0.0.1:1", "/x"),
      ("rtsp://admin:hun?ter@127.0.0.1:1/x", "admin:hun?ter", "127.0.0.1:1", "/x"),
      ("rtsp://admin:hun#ter@127.0.0.1/x", "admin:hun#ter", "127.0.0.1", "/x"),
      ("http://h:80/a@2x.jpg", nil, "h:80", "/a@2x.jpg"), ("http://h/a@2x.jpg", nil, "h", "/a@2x.jpg"),
      ("http://[::1]:80/", nil, "[::1]:80", "/"), ("udp://@239.0.0.1:5000", "", "239.0.0.1:5000", ""),
      ("http://h/x?mail=a@b", nil, "h", "/x?mail=a@b"),
    ] as [(String, String?, String, String)])
  func streams(text: String, user: String?, host: String, rest: String) throws {
    let address = try #require(StreamAddress(text))
    #expect(address.user == user && address.host == host && address.rest == rest)
  }

  @Test func passwordsAreEscapedForFFmpeg() {
    #expect(StreamAddress("rtsp://u:p/w@h/x")?.url == "rtsp://u:p%2Fw@h/x")
    #expect(StreamAddress("rtsp://u:p?#%@h/x")?.url == "rtsp://u:p%3F%23%25@h/x")
    #expect(StreamAddress("rtsp://u:p%2Fw@h/x")?.url == "rtsp://u:p%2Fw@h/x")
    #expect(StreamAddress("udp://@239.0.0.1:5000")?.url == "udp://@239.0.0.1:5000")
  }

  @Test(
    arguments: [
      ("rtsp://u:p@h/x", "rtsp://***@h/x"), ("rtsp://u:p/w@h/x", "rtsp://***@h/x"),
      ("rtsp://u:p?w@h/x", "rtsp://***@h/x"),
      ("rtsp://u:p@a/w@h/x", "rtsp://***@h/x"), ("rtsp://u:12/34@h/x", "rtsp://***@h/x"),
      ("rtmp://h/live2/abcd-KEY", "rtmp://h/live2/***"), ("rtmp://h/live", "rtmp://h/live"),
      ("rtmp://h/a/KEY?token=T", "rtmp://h/a/***?token=***"),
      ("srt://h:9?streamid=publish:cam:bob:W&latency=9", "srt://h:9?streamid=***&latency=9"),
      ("rtsp://h/user=admin_password=W_channel=1.sdp", "rtsp://h/user=admin_password=***_channel=1.sdp"),
      ("rtsp://h/user=admin&password=W&channel=1", "rtsp://h/user=admin&password=***&channel=1"),
      ("http://h?authToken=b", "http://h?authToken=***"), ("film.mp4", "film.mp4"), ("a@b.mp4", "a@b.mp4"),
    ])
  func whatIsShown(text: String, shown: String) { #expect(redacted(text) == shown) }

  @Test func aPasswordThatIsAWordTakesNoWordAway() {
    Secrets.add(fromAddress: "rtmp://front:live@h/app/streamkey-77")
    #expect(Secrets.hidden(in: "state live") == "state live")
    #expect(Secrets.hidden(in: "[rtmp] front:live@h/app/streamkey-77") == "[rtmp] ***@h/app/***")
  }
}
