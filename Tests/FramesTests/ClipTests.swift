// SPDX-License-Identifier: Apache-2.0

import Buffers
import Foundation
import TestSupport
import Testing

@testable import Frames

/// Real recordings and FFmpeg's own tools as the judge; skipped where they are missing.
@Suite struct ClipTests {
  let scratch: TemporaryFolder

  init() throws { scratch = try TemporaryFolder() }

  static let editList = Clips.path("clips/highway-1280x720-h264-editlist.mp4")
  static let mpeg4 = Clips.path("clips/highway-1280x720-mpeg4.mp4")
  static let bt601 = Clips.path("clips/highway-960x540-h264.mp4")
  static let labels = Clips.path("camvid/testannot")

  @Test(.enabled(if: editList != nil, "needs ROADMASK_DATA"))
  func editListIsPlayed() throws {
    let read = try Made.read(ClipTests.editList!) { $0.threads = 2 }
    #expect(read.frames.count == 88)
    #expect(read.frames.first?.pts == 0)
    #expect(read.info.color.matrix == .bt709 && !read.info.color.isGuessed)
    #expect(read.info.audio.map(\.codec) == ["aac"])
  }

  @Test(.enabled(if: mpeg4 != nil, "needs ROADMASK_DATA"))
  func untaggedClip() throws {
    let read = try Made.read(ClipTests.mpeg4!)
    #expect(read.frames.count == 76 && read.info.color.isGuessed && read.info.color.matrix == .bt709)
    #expect(
      read.info.summary.hasPrefix(
        "highway-1280x720-mpeg4.mp4  mpeg4 1280x720  25 fps constant  bt709 limited"))
  }

  @Test(.enabled(if: bt601 != nil, "needs ROADMASK_DATA"), arguments: ["mp4", "mkv", "ts"])
  func soundAndTimesAreCopied(ending: String) throws {
    for clip in [ClipTests.bt601, ClipTests.editList].compactMap({ $0 }) {
      let path = scratch.path("\(clip.hashValue).\(ending)")
      let (count, times) = try copy(clip, to: path)
      let read = try Made.read(path)
      #expect(read.frames.count == count)
      let timeBase = read.info.timeBase
      let pts = read.frames.map { timeBase.seconds($0.pts) }
      // A transport stream is read from its first track on, which may be the sound.
      let moved = ending == "ts" ? pts[0] - times[0] : 0
      #expect((0..<0.05).contains(moved))
      #expect(zip(pts, times).allSatisfy { abs($0 - moved - $1) < (ending == "mp4" ? 1e-9 : 0.000_6) })
      if let copied = packets(path), let original = packets(clip) {
        #expect(copied.map(\.hash) == original.map(\.hash))
        #expect(zip(copied, original).allSatisfy { abs($0.pts - $1.pts) < 0.002 })
      }
      #expect(read.info.color == (try VideoReader(clip)).info.color)
    }
  }

  @Test(.enabled(if: Tools.hasFFmpeg, "needs ffmpeg"), arguments: ["mp4", "mkv"])
  func soundBeforeTimeZeroStaysThere(ending: String) throws {
    let source = scratch.path("source.mp4")
    let made = run(
      "ffmpeg",
      [
        "-v", "error", "-f", "lavfi", "-i", "testsrc=s=64x48:d=3", "-f", "lavfi", "-i", "sine=d=3:r=48000",
        "-c:a",
        "aac", "-c:v", "libx264", "-bf", "2", source,
      ])
    #expect(made != nil)
    let path = scratch.path("a." + ending)
    let (count, times) = try copy(source, to: path)
    let read = try Made.read(path)
    #expect(read.frames.count == count)
    #expect(zip(read.frames, times).allSatisfy { abs(read.info.timeBase.seconds($0.pts) - $1) < 0.000_6 })
    let (copied, original) = (try #require(packets(path)), try #require(packets(source)))
    #expect(original[0].pts < 0)
    #expect(copied.map(\.hash) == original.map(\.hash))
    let shifts = zip(copied, original).map { $0.pts - $1.pts }
    #expect(shifts.allSatisfy { abs($0) < 0.002 }, "\(shifts)")
  }

  @Test(.enabled(if: bt601 != nil, "needs ROADMASK_DATA"), arguments: [0, 37] as [Int64])
  func silentSoundTrackHoldsNothingUp(start: Int64) throws {
    let audio = try VideoReader(ClipTests.bt601!).info.audio
    let path = scratch.path("a.mp4")
    let writer = try VideoWriter(path, video: Made.video(), audio: audio, options: Made.options("libx264"))
    for index in 0..<100 {
      let pts = Int64(index) + start
      try writer.write(
        Frame(Made.picture(index), index: index, pts: pts, duration: 1, timeBase: TimeBase(1, 25)))
    }
    let written = writer.bytesWritten
    // Sound that starts after three seconds.
    let late = try soundOfClip().filter { $0.order! >= 3 && $0.order! < 4 }
    try writer.finish(trailing: late)
    #expect(written > 10_000)
    let read = try Made.read(path).frames.map(\.pts)
    #expect(read == (0..<100).map { Int64($0) + start })
    if let packets = packets(path) {
      #expect(packets.count == late.count)
      #expect(zip(packets, late).allSatisfy { abs($0.pts - $1.order!) < 0.001 })
    }
  }

  private func soundOfClip() throws -> [Packet] {
    let reader = try VideoReader(ClipTests.bt601!)
    var packets: [Packet] = []
    while let frame = try reader.next() { packets += frame.sidePackets }
    return packets + reader.trailingPackets
  }

  /// Decodes and encodes again, with sound; gives the number of frames and their times in seconds.
  private func copy(_ clip: String, to path: String) throws -> (Int, [Double]) {
    let reader = try VideoReader(clip)
    let options = Made.options("libx264") { $0.encoder.preset = "ultrafast" }
    let writer = try VideoWriter(path, video: reader.info.video, audio: reader.info.audio, options: options)
    #expect(writer.soundFates.allSatisfy { $0 == .copied })
    var times: [Double] = []
    while let frame = try reader.next() {
      times.append(frame.time)
      try writer.write(frame)
    }
    try writer.finish(trailing: reader.trailingPackets)
    return (times.count, times)
  }

  /// Times and checksums of the sound packets, ADTS headers and the like aside.
  private func packets(_ path: String) -> [(pts: Double, hash: String)]? {
    let text = run(
      "ffmpeg",
      [
        "-v", "error", "-copyts", "-i", path, "-map", "0:a", "-c", "copy", "-bsf:a", "aac_adtstoasc", "-f",
        "framemd5", "-avoid_negative_ts", "disabled", "-",
      ])
    guard let lines = text?.split(separator: "\n") else { return nil }
    // "#tb 0: 1/48000"
    let clock = lines.first { $0.hasPrefix("#tb 0:") }?.split(separator: "/").last.flatMap { Double($0) }
    return lines.filter { $0.first != "#" }.map { line in
      let fields = line.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
      return (Double(fields[2])! / (clock ?? 1), fields[5])
    }
  }

  @Test(.enabled(if: bt601 != nil && Tools.hasFFmpeg, "needs ROADMASK_DATA and ffmpeg"))
  func decodesAsFFmpegDoes() throws {
    let path = scratch.path("a.mkv")
    let arguments = ["-v", "error", "-i", ClipTests.bt601!, "-frames:v", "50", "-an", "-c:v", "ffv1", path]
    #expect(run("ffmpeg", arguments) != nil)
    let expected = try Made.read(path).frames.map(\.checksums)
    #expect(try Made.read(ClipTests.bt601!) { $0.maxFrames = 50 }.frames.map(\.checksums) == expected)
  }

  @Test(.enabled(if: labels != nil, "needs ROADMASK_DATA"))
  func labelPicturesAreReadUntouched() throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: ClipTests.labels!).prefix(5)
    for name in names {
      let image = try LabelImageReader.read(ClipTests.labels! + "/" + name)
      #expect((image.width, image.height) == (480, 360))
      #expect(image.labels.allSatisfy { $0 <= 11 } && Set(image.labels).count > 3)
    }
  }

  @Test(.enabled(if: bt601 != nil, "needs ROADMASK_DATA"))
  func cutSoundFitsCutPictures() throws {
    var options = VideoReader.Options()
    options.start = 2
    options.duration = 3
    let reader = try VideoReader(ClipTests.bt601!, options: options)
    var packets: [Packet] = []
    var count = 0
    while let frame = try reader.next() {
      packets += frame.sidePackets
      count += 1
    }
    packets += reader.trailingPackets
    #expect(count == 75)
    let times = packets.compactMap { packet in packet.pts.map(packet.timeBase.seconds) }
    let (earliest, latest) = (times.min()!, times.max()!)
    #expect(earliest >= 0 && earliest < 0.03 && latest < 3 && latest > 2.95, "\(earliest) \(latest)")
  }
}
