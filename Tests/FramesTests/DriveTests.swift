// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Frames

/// Several recordings that are one drive.
@Suite(.enabled(if: Tools.hasFFmpeg, "ffmpeg and ffprobe are needed"))
struct DriveTests {
  let footage: Footage

  init() throws { footage = try Footage() }

  private func play(_ clips: ClipList, _ change: (inout JoinedReader.Options) -> Void = { _ in }) throws -> (
    path: String, lines: [String]
  ) {
    let journal = SourceJournal()
    let lines = Lines()
    journal.listen { lines.add($0.text) }
    var options = JoinedReader.Options()
    change(&options)
    let reader = try JoinedReader(clips, options, journal: journal) { try VideoReader($0) }
    let path = footage.scratch.path("drive.mkv")
    var output = VideoWriter.Options()
    output.overwrite = true
    output.encoder.preset = "ultrafast"
    let writer = try VideoWriter(path, video: reader.info.video, audio: reader.info.audio, options: output)
    while let frame = try reader.next() { try writer.write(frame) }
    try writer.finish(trailing: reader.trailingPackets)
    return (path, lines.all)
  }

  @Test func oneFilmOfSeveral() throws {
    for (index, second) in [0, 2, 30].enumerated() {
      footage.make(
        "c\(index + 1).mp4",
        "\(Footage.inputs(2)) \(Footage.h264) -c:a aac -metadata creation_time=2024-05-06T07:08:\(second < 10 ? "0" : "")\(second)Z"
      )
    }
    let clips = try #require(ClipList(footage.scratch.path + "/c*.mp4"))
    #expect(clips.paths.map { $0.suffix(6) } == ["c1.mp4", "c2.mp4", "c3.mp4"])
    let (path, lines) = try play(clips)
    let (pictures, sound) = (Footage.times(path, "v"), Footage.times(path, "a"))
    #expect(pictures.count == 150 && steps(pictures).allSatisfy { $0 > 0.038 && $0 < 0.07 })
    #expect(steps(sound).allSatisfy { $0 > 0 && $0 < 0.05 })
    #expect(abs(pictures.last! - sound.last!) < 0.1)
    #expect(lines.count == 1 && lines[0].contains("26 s are missing between c2.mp4 and c3.mp4"), "\(lines)")

    let part = try play(clips) { ($0.start, $0.end) = (1, 5) }
    let times = Footage.times(part.path, "v")
    #expect(abs(times.count - 100) <= 2 && abs(times.last! - times[0] - 3.96) < 0.09)
  }

  @Test func whatCannotBeReadIsToldAndPassedOver() throws {
    let first = footage.make("a.mp4", "\(Footage.inputs(1)) \(Footage.h264) -c:a aac")
    let bad = try footage.write(Data(repeating: 3, count: 4000), "b.mp4")
    let other = footage.make("c.mp4", "-f lavfi -i testsrc=s=64x48:d=1 \(Footage.h264)")
    let (path, lines) = try play(ClipList([first, bad, other]))
    #expect(Footage.shown(path) == 50)
    #expect(Footage.probe(path, "stream=width,height", ["-select_streams", "v"]) == ["96,64"])
    #expect(
      lines.count == 2 && lines[0].contains("b.mp4 is left out") && lines[1].contains("c.mp4"), "\(lines)")
  }

  @Test func whatAFolderStandsFor() throws {
    let folder = footage.scratch.path
    #expect(ClipList(folder) == nil)
    for name in [
      "d_9-front.mp4", "d_10-front.mp4", "d_9-back.mp4", "d_10-back.mp4", "thumb.png", "event.json",
    ] {
      _ = try footage.write(Data([1]), name)
    }
    let clips = try #require(ClipList(folder))
    #expect(clips.paths.map { $0.split(separator: "/").last! } == ["d_9-front.mp4", "d_10-front.mp4"])
    #expect(clips.otherCameras == ["back"])
    #expect(ClipList(folder + "/d_9-front.mp4") == nil && ClipList(folder + "/*.png") == nil)
    for index in 0..<5 { _ = try footage.write(Data([1]), "\(index).png") }
    #expect(ClipList(folder) == nil)
  }
}

private final class Lines: @unchecked Sendable {
  // @unchecked: the journal calls on the thread of the source, which is that of the test.
  private(set) var all: [String] = []
  func add(_ line: String) { all.append(line) }
}
