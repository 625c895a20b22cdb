// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import Frames

/// Sound and time of footage, judged by ffprobe.
@Suite(.enabled(if: Tools.hasFFmpeg, "ffmpeg and ffprobe are needed"))
struct SoundAndTimeTests {
  let footage: Footage

  init() throws { footage = try Footage() }

  @Test(arguments: ["mp4", "mkv", "mov", "ts"])
  func soundOfTransportStreamsIsCopied(ending: String) throws {
    let source = footage.make("a.ts", "\(Footage.inputs(2)) \(Footage.h264) -c:a aac")
    let result = try footage.relabel(source, "b." + ending)
    #expect(result.writer.soundFates == [.copied])
    #expect(Footage.codecs(result.path) == ["h264", "aac"])
    let (before, after) = (Footage.times(source, "a"), Footage.times(result.path, "a"))
    #expect(before.count == after.count)
    // All that moved is where time begins.
    let offset = Footage.times(source, "v")[0] - Footage.times(result.path, "v")[0]
    #expect(largestDifference(before, after.map { $0 + offset }) < 0.0011)
    #expect(run("ffmpeg", ["-v", "error", "-xerror", "-i", result.path, "-f", "null", "-"]) != nil)
  }

  static let codecs = [
    "pcm_s16le", "pcm_alaw", "pcm_mulaw", "adpcm_ima_wav", "wmav2", "libvorbis", "flac", "alac", "mp2", "ac3",
  ]

  @Test(arguments: codecs, ["mp4", "mkv", "ts"])
  func soundIsKeptOrEncodedAnew(codec: String, ending: String) throws {
    let source = footage.make("a.mkv", "\(Footage.inputs(2)) \(Footage.h264) -c:a \(codec)")
    let result = try footage.relabel(source, "b." + ending)
    let name = Footage.codecs(source)[1]
    switch result.writer.soundFates[0] {
    case .copied:
      // MP4 has one name for both, and ffprobe takes the other.
      let shown = name == "mp2" && ending == "mp4" ? "mp3" : name
      #expect(Footage.codecs(result.path) == ["h264", shown])
      #expect(Footage.times(result.path, "a").count == Footage.times(source, "a").count)
    case .transcoded:
      #expect(Footage.codecs(result.path) == ["h264", "aac"])
      #expect(ending != "mkv", "Matroska holds \(name)")
    case .leftOut(let why): Issue.record("\(name) left out of \(ending): \(why)")
    }
    let (first, last) = (
      Footage.times(result.path, "a").first ?? 9, Footage.times(result.path, "a").last ?? 0
    )
    #expect(
      first > -0.1 && first < (codec == "wmav2" ? 0.07 : 0.05) && last > 1.8 && last < 2.06,
      "\(name) in \(ending): \(first) to \(last)")
  }

  /// A tone that begins at 1 s is heard at 1 s, encoded anew or not.
  @Test func soundEncodedAnewStaysInItsPlace() throws {
    let source = footage.make(
      "a.mkv",
      "-f lavfi -i testsrc=s=96x64:d=2 -f lavfi -i aevalsrc=if(gte(t\\,1)\\,sin(2000*t)\\,0):s=48000:d=2 "
        + "\(Footage.h264) -c:a pcm_s16le")
    let result = try footage.relabel(source, "b.mp4")
    #expect(result.writer.soundFates == [.transcoded(with: "aac")])
    let output = footage.scratch.path("a.raw")
    _ = run(
      "ffmpeg",
      [
        "-v", "error", "-i", result.path, "-map", "0:a", "-af", "aresample=async=1:first_pts=0",
        "-ac", "1", "-ar", "48000", "-f", "s16le", output,
      ])
    let samples = try footage.bytes(output).withUnsafeBytes { Array($0.bindMemory(to: Int16.self)) }
    let loud = try #require(samples.firstIndex { abs(Int($0)) > 3000 })
    #expect(abs(Double(loud) / 48000 - 1) < 0.03)
    #expect(abs(samples.count - 96_000) < 2100)
  }

  @Test func soundAsAsked() throws {
    let source = footage.make("a.mkv", "\(Footage.inputs(1)) \(Footage.h264) -c:a pcm_s16le")
    for (mode, codecs) in [
      (SoundMode.auto, ["h264", "pcm_s16le"]), (.copy, ["h264", "pcm_s16le"]), (.aac, ["h264", "aac"]),
      (.none, ["h264"]),
    ] {
      let result = try footage.relabel(source, "b.mkv", writing: { $0.sound = mode })
      #expect(Footage.codecs(result.path) == codecs)
    }
    let copied = try footage.relabel(source, "b.mp4", writing: { $0.sound = .copy })
    #expect(copied.writer.soundFates == [.leftOut("mp4 holds no pcm_s16le")])
    #expect(Footage.codecs(copied.path) == ["h264"])
  }

  /// Recordings put together with cat: each as it is by itself, one behind the other.
  @Test(arguments: [[3.0, 2.0], [2.0, 0.4, 0.4, 1.0], [0.6, 0.6]], ["mp4", "mkv"])
  func joinedRecordingsHaveOneClock(lengths: [Double], ending: String) throws {
    let parts = lengths.enumerated().map { index, length in
      footage.make(
        "\(index).ts", "\(Footage.inputs(length)) \(Footage.h264) -c:a mp2 -b:a 128k -flags +bitexact")
    }
    let source = try footage.write(Data(try parts.map { try footage.bytes($0) }.joined()), "joined.ts")
    let result = try footage.relabel(source, "b." + ending)
    let (pictures, sound) = (Footage.times(result.path, "v"), Footage.times(result.path, "a"))
    #expect(pictures.count == Int((lengths.reduce(0, +) * 25).rounded()))
    #expect(steps(pictures).allSatisfy { $0 > 0.038 && $0 < 0.1 })
    #expect(steps(sound).allSatisfy { $0 > 0.022 && $0 < 0.1 })
    var (picture, piece) = (0, 0)
    for (index, part) in parts.enumerated() {
      let (own, ownSound) = (Footage.times(part, "v"), Footage.times(part, "a"))
      let offset = pictures[picture] - own[0]
      withKnownIssue("the second part's sound is up to 10 ms off in MP4", isIntermittent: true) {
        #expect(abs(sound[piece] - ownSound[0] - offset) < 0.0021, "part \(index)")
      } when: {
        ending == "mp4" && index > 0
      }
      picture += own.count
      piece += ownSound.count
    }
    #expect(piece == sound.count)
  }

  @Test(arguments: ["mkv", "mp4"])
  func oneFalseTimeIsNoNewStart(ending: String) throws {
    let source = footage.make(
      "a.mkv",
      "\(Footage.inputs(2)) \(Footage.h264) -bf 0 -c:a aac -bsf:v setts=pts=if(eq(N\\,20)\\,PTS+10800/TB\\,PTS)"
    )
    let result = try footage.relabel(source, "b." + ending)
    let times = Footage.times(result.path, "v")
    #expect(times.count == 50)
    #expect(largestDifference(times, (0..<50).map { Double($0) * 0.04 + times[0] }) < 0.0015)
    #expect(abs(Footage.duration(result.path) - 2) < 0.1)
    #expect(Footage.times(result.path, "a").count == Footage.times(source, "a").count)
    #expect(result.reader.damage.timestamps == 1)
  }

  /// The clock of MPEG-TS has 33 bits, and passes its end after 1.5 s.
  @Test(arguments: [Fragmentation.every(0.5), .none])
  func clockThatPassesItsEnd(fragment: Fragmentation) throws {
    let source = footage.make(
      "a.ts", "\(Footage.inputs(3)) \(Footage.h264) -c:a aac -muxdelay 0 -output_ts_offset 95442.2")
    let before = Footage.times(source, "v")
    for ending in ["mp4", "mkv"] {
      let result = try footage.relabel(source, "b." + ending, writing: { $0.fragment = fragment })
      #expect(Footage.shown(result.path) == 75)
      #expect(abs(Footage.duration(result.path) - 3) < 0.1)
      #expect(largestDifference(steps(Footage.times(result.path, "v")), steps(before)) < 0.0015)
      #expect(
        abs(
          (Footage.times(result.path, "a")[0] - Footage.times(result.path, "v")[0])
            - (Footage.times(source, "a")[0] - before[0])) < 0.0015)
    }
  }

  @Test(arguments: [Fragmentation.every(0.5), .none], ["mkv", "mp4"])
  func clockThatStartsAtADay(fragment: Fragmentation, ending: String) throws {
    let source = footage.make(
      "a.mkv", "\(Footage.inputs(1)) \(Footage.h264) -c:a aac -output_ts_offset 86400")
    let result = try footage.relabel(source, "b." + ending, writing: { $0.fragment = fragment })
    #expect(Footage.shown(result.path) == 25)
    #expect(abs(Footage.duration(result.path) - 1) < 0.1)
    #expect(abs((result.reader.info.duration ?? 0) - 1) < 0.1)
    let offset = Footage.times(source, "a")[0] - Footage.times(source, "v")[0]
    #expect(abs(Footage.times(result.path, "a")[0] - Footage.times(result.path, "v")[0] - offset) < 0.0015)
  }

  /// Five containers and twelve kinds of sound, with each kind of time, against a copy by ffmpeg. Of all pairs those
  /// are taken that hold each value of each list several times.
  static let matrix: [(String, String, String)] = {
    let endings = ["mp4", "mkv", "mov", "ts", "mp4"]
    let sounds = [
      "aac", "mp2", "libmp3lame", "ac3", "eac3", "flac", "alac", "libopus", "libvorbis", "pcm_s16le",
      "pcm_alaw", "wmav2",
    ]
    let times = ["cfr", "vfr", "bframes", "late"]
    return (0..<30).map {
      (endings[$0 % 5], sounds[$0 * 5 % 12 == 0 ? $0 % 12 : ($0 * 7) % 12], times[$0 % 4])
    }
  }()

  @Test(arguments: matrix.indices)
  func lengthCountAndSoundAreThoseOfACopy(index: Int) throws {
    let (ending, sound, time) = SoundAndTimeTests.matrix[index]
    let extra =
      switch time {
      case "vfr": "-vf select=not(eq(mod(n\\,5)\\,3)) -fps_mode vfr"
      case "bframes": "-bf 2"
      case "late": "-output_ts_offset 3"
      default: "-bf 0"
      }
    let source = footage.make("a.mkv", "\(Footage.inputs(2)) \(Footage.h264) \(extra) -c:a \(sound)")
    let result = try footage.relabel(source, "b." + ending)
    let copy = footage.make("copy.mkv", "-i DIR/a.mkv -c copy")
    let (pictures, expected) = (Footage.times(result.path, "v"), Footage.times(copy, "v"))
    withKnownIssue(
      "in fragments of MP4 the first picture has the time that the one before announced", isIntermittent: true
    ) {
      #expect(
        largestDifference(pictures.map { $0 - pictures[0] }, expected.map { $0 - expected[0] }) < 0.0021)
    } when: {
      time == "vfr" && (ending == "mp4" || ending == "mov")
    }
    let (heard, wanted) = (Footage.times(result.path, "a"), Footage.times(copy, "a"))
    if case .copied = result.writer.soundFates[0] {
      let offset = pictures[0] - expected[0]
      #expect(
        largestDifference(heard, wanted.map { $0 + offset }) < (sound == "libopus" ? 0.0076 : 0.0031),
        "\(ending) \(sound) \(time)")
    } else {
      #expect(abs((heard.last! - pictures[0]) - (wanted.last! - expected[0])) < 0.12)
    }
  }
}
