// SPDX-License-Identifier: Apache-2.0

import Buffers
import Foundation
import TestSupport
import Testing

@testable import Frames

/// Which pictures are read, how they lie and what light they are of; judged by ffmpeg and by arithmetic.
@Suite(.enabled(if: Tools.hasFFmpeg, "ffmpeg and ffprobe are needed"))
struct PictureKindTests {
  let footage: Footage

  init() throws { footage = try Footage() }

  @Test func filmAndNotItsCover() throws {
    footage.make("still.mkv", "-f lavfi -i testsrc=s=32x18:r=1:d=1 -frames:v 1 -c:v mjpeg -pix_fmt yuvj420p")
    footage.make("film.mkv", "-f lavfi -i testsrc2=s=96x64:d=1 \(Footage.h264)")
    for ending in ["mp4", "mkv"] {
      let source = footage.make("a." + ending, "-i DIR/still.mkv -i DIR/film.mkv -map 0 -map 1 -c copy")
      let reader = try VideoReader(source)
      #expect((reader.info.width, reader.info.height) == (96, 64))
      #expect(reader.info.tracks.map(\.kind) == [.still, .film] && reader.info.track == 2)
    }
  }

  @Test func trackAsAsked() throws {
    let source = footage.make(
      "a.mp4",
      "-f lavfi -i testsrc=s=96x64:d=1 -f lavfi -i testsrc2=s=64x48:d=1 -map 0 -map 1 \(Footage.h264)")
    for (track, width) in [(nil, 96), (1, 96), (2, 64)] as [(Int?, Int)] {
      var options = VideoReader.Options()
      options.track = track
      #expect(try VideoReader(source, options: options).info.width == width)
    }
    var options = VideoReader.Options()
    options.track = 3
    #expect(kind { _ = try VideoReader(source, options: options) } == .usage)
  }

  @Test func streamThatBeginsWithinAGroup() throws {
    let whole = footage.make("a.ts", "-f lavfi -i testsrc=s=160x96:d=4 \(Footage.h264) -g 50 -bf 0")
    let data = try footage.bytes(whole)
    let packets = data.count / 188
    let cut = try footage.write(data.suffix((packets - packets / 6) * 188), "cut.ts")
    let result = try footage.relabel(cut, "b.mp4")
    #expect(Footage.shown(result.path) == 50)
    #expect(result.reader.damage.pictures == 0)
  }

  /// All eight ways in which a stored picture may lie, written into the header of an MP4.
  @Test(arguments: [
    [1, 0, 0, 1], [-1, 0, 0, 1], [1, 0, 0, -1], [-1, 0, 0, -1], [0, 1, -1, 0], [0, -1, 1, 0], [0, 1, 1, 0],
    [0, -1, -1, 0],
  ])
  func everyWayToLie(matrix: [Int]) throws {
    let base = footage.make("a.mp4", "-f lavfi -i testsrc=s=96x64:d=0.4 \(Footage.h264)")
    var data = try footage.bytes(base)
    let place = try #require(data.range(of: Data("tkhd".utf8))).upperBound + 40
    for (value, offset) in zip(matrix, [0, 4, 12, 16]) {
      let fixed = UInt32(bitPattern: Int32(value << 16)).bigEndian
      withUnsafeBytes(of: fixed) { data.replaceSubrange(place + offset..<place + offset + 4, with: $0) }
    }
    let source = try footage.write(data, "b.mp4")
    #expect(try footage.read(source) == footage.raw(source))
  }

  @Test func pictureThatSaysHowItLies() throws {
    let plain = footage.make(
      "a.jpg", "-f lavfi -i testsrc=s=96x64:d=0.1 -frames:v 1 -pix_fmt yuvj420p -update 1")
    let turns = [
      1: "null", 2: "hflip", 3: "hflip,vflip", 4: "vflip", 5: "transpose=cclock_flip", 6: "transpose=clock",
      7: "transpose=clock_flip", 8: "transpose=cclock",
    ]
    for (orientation, filter) in turns {
      let data = try footage.bytes(plain)
      var exif = Data("Exif\0\0II*\0".utf8) + [8, 0, 0, 0, 1, 0]
      exif += [0x12, 0x01, 3, 0, 1, 0, 0, 0, UInt8(orientation), 0, 0, 0, 0, 0, 0, 0]
      let segment = Data([0xFF, 0xE1, 0, UInt8(exif.count + 2)]) + exif
      let path = try footage.write(data.prefix(2) + segment + data.dropFirst(2), "b.jpg")
      let frame = try #require(try ImageSequenceReader(path).next())
      #expect(
        try Footage.planes(frame) == footage.raw(plain, filter, format: "yuvj420p"),
        "orientation \(orientation)")
    }
  }

  @Test(arguments: ["161x97", "160x97", "161x96"])
  func oddSizesStayWhole(size: String) throws {
    let source = footage.make("a.mkv", "-f lavfi -i testsrc=s=\(size):d=0.4 -c:v ffv1 -pix_fmt yuv420p")
    let result = try footage.relabel(source, "b.mp4", writing: { $0.encoder.crf = 0 })
    let sides = size.split(separator: "x")
    #expect(Footage.probe(result.path, "stream=width,height,pix_fmt") == ["\(sides[0]),\(sides[1]),yuv444p"])
    #expect(Footage.shown(result.path) == 10)
  }

  @Test(arguments: ["tff", "bff"])
  func interlacedPicturesAreBrought(order: String) throws {
    let source = footage.make(
      "a.mkv",
      "-f lavfi -i testsrc2=s=96x64:r=50:d=1 -vf interlace=scan=\(order):lowpass=0 -flags +ildct+ilme -c:v mpeg2video -q:v 2 -bf 0"
    )
    let filter = "bwdif=mode=send_frame:deint=interlaced"
    #expect(try footage.read(source) == footage.raw(source, filter))
    let kept = try footage.read(source) { $0.deinterlacing = .none }
    #expect(try kept == footage.raw(source))
    let fields = try footage.relabel(source, "b.mkv") { $0.deinterlacing = .field }
    let times = Footage.times(fields.path, "v")
    #expect(times.count == 50 && steps(times).allSatisfy { abs($0 - 0.02) < 0.0011 })
    #expect(fields.reader.info.treatment.count == 1)
  }

  /// A gray of PQ is the gray that the papers give: SMPTE ST 2084, white at 203 cd/m², the curve, gamma 2.4.
  @Test(arguments: [200, 350, 450, 520, 580, 650, 720])
  func grayOfPQ(code: Int) throws {
    let source = footage.make(
      "a.mkv",
      "-f lavfi -i color=black:s=64x64:r=25:d=0.2 -vf format=yuv420p10le,geq=lum=\(code):cb=512:cr=512,"
        + "setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=limited "
        + "-c:v ffv1 -color_primaries bt2020 -color_trc smpte2084 -colorspace bt2020nc -color_range tv")
    let reader = try VideoReader(source)
    let frame = try #require(try reader.next())
    #expect(reader.info.color.transferCode == 1 && reader.info.color.matrix == .bt709)
    let value = pow((Double(code) - 64) / 876, 1 / 78.84375)
    let light =
      10000 * pow(max(value - 0.8359375, 0) / (18.8515625 - 18.6875 * value), 1 / 0.1593017578125) / 203
    let (bend, peak) = (0.3, 1000.0 / 203)
    let a = -bend * bend * (peak - 1) / (bend * bend - 2 * bend + peak)
    let b = (bend * bend - 2 * bend * peak + peak) / (peak - 1)
    let mapped =
      light <= bend ? light : (b * b + 2 * b * bend + bend * bend) / (b - a) * (light + a) / (light + b)
    let expected = 16 + 219 * pow(min(mapped, 1), 1 / 2.4)
    let seen = Double(frame.view.pixel(0, 20, 20))
    #expect(abs(seen - expected) <= 1.5, "code \(code): \(seen) for \(expected)")
    #expect(
      abs(Int(frame.view.pixel(1, 10, 10)) - 128) <= 1 && abs(Int(frame.view.pixel(2, 10, 10)) - 128) <= 1)
    #expect(try footage.read(source) { $0.hdr = .keep }.count == 5 * 64 * 96)
  }

  @Test func hybridLogGammaIsMappedToo() throws {
    let source = footage.make(
      "a.mkv",
      "-f lavfi -i testsrc=s=64x64:d=0.2 -vf format=yuv420p10le,"
        + "setparams=color_primaries=bt2020:color_trc=arib-std-b67:colorspace=bt2020nc:range=limited "
        + "-c:v ffv1 -color_primaries bt2020 -color_trc arib-std-b67 -colorspace bt2020nc -color_range tv")
    let reader = try VideoReader(source)
    #expect(reader.info.treatment == ["HDR (HLG) mapped to BT.709"])
    let result = try footage.relabel(source, "b.mp4")
    #expect(
      Footage.probe(result.path, "stream=color_transfer,color_primaries,pix_fmt") == ["yuv420p,bt709,bt709"])
  }

  @Test func grayTakesColours() throws {
    let source = footage.make("a.mkv", "-f lavfi -i testsrc=s=64x48:d=0.2 -c:v ffv1 -pix_fmt gray")
    var options = VideoReader.Options()
    #expect(try VideoReader(source, options: options).info.video.format == .gray8)
    options.colorsGray = true
    let frame = try #require(try VideoReader(source, options: options).next())
    #expect(frame.format == .yuv420p && frame.view.pixel(1, 5, 5) == 128)
    footage.make("p1.png", "-f lavfi -i color=gray:s=64x48 -frames:v 1 -pix_fmt gray -update 1")
    footage.make("p2.png", "-f lavfi -i color=red:s=64x48 -frames:v 1 -pix_fmt rgb24 -update 1")
    var pictures = ImageSequenceReader.Options()
    pictures.colorsGray = true
    let reader = try ImageSequenceReader(footage.scratch.path + "/p*.png", options: pictures)
    _ = try reader.next()
    let red = try #require(try reader.next())
    #expect(red.view.pixel(2, 5, 5) > 220)
  }

  @Test func whatTravelsBesideComesAlong() throws {
    try """
    ;FFMETADATA1
    [CHAPTER]
    TIMEBASE=1/1000
    START=0
    END=1000
    title=Out
    [CHAPTER]
    TIMEBASE=1/1000
    START=1000
    END=2000
    title=Home
    """.write(toFile: footage.scratch.path("meta.txt"), atomically: true, encoding: .utf8)
    try "1\n00:00:00,200 --> 00:00:01,000\nhello\n".write(
      toFile: footage.scratch.path("s.srt"), atomically: true, encoding: .utf8)
    let tags =
      "-metadata creation_time=2024-05-06T07:08:09Z -metadata location=+50.1-014.4/ -metadata make=Maker"
    let base =
      "\(Footage.inputs(2)) -i DIR/meta.txt -i DIR/s.srt -map 0 -map 1 -map 3 -map_metadata 2 \(Footage.h264) -c:a aac"
    let sources = [
      footage.make("a.mp4", "\(base) -c:s mov_text -movflags use_metadata_tags \(tags)"),
      footage.make("a.mkv", "\(base) -c:s srt \(tags)"),
    ]
    for source in sources {
      for ending in ["mp4", "mkv"] {
        for fragment in [Fragmentation.every(0.5), .none] {
          let result = try footage.relabel(source, "b." + ending, writing: { $0.fragment = fragment })
          let chapters = Footage.probe(
            result.path, "chapter=start_time:chapter_tags=title", ["-show_chapters"]
          )
          .map { $0.split(separator: ",") }.map { "\($0[$0.count - 4]),\($0.last!)" }
          #expect(chapters == ["0.000000,Out", "1.000000,Home"], "\(source) \(ending) \(fragment)")
          let said = Footage.probe(result.path, "format_tags").joined(separator: ",").lowercased()
          for word in ["2024-05-06t07:08:09", "+50.1", "maker"] {
            #expect(said.contains(word), "\(word) of \(source) in \(ending) \(fragment): \(said)")
          }
          let isSame = source.hasSuffix(ending)
          // MP4 names its chapters in a track of text.
          let codecs = Footage.codecs(result.path).filter { $0 != "bin_data" }
          #expect(codecs.count == (isSame ? 3 : 2), "\(codecs)")
          #expect(result.writer.soundFates.count == 2)
          if !isSame, case .copied = result.writer.soundFates[1] {
            Issue.record("subtitles cannot be copied")
          }
        }
      }
    }
  }

  @Test func recordingThatWasNotFinished() throws {
    let whole = try footage.bytes(footage.make("a.mp4", "\(Footage.inputs(2)) \(Footage.h264) -c:a aac"))
    let index = try #require(whole.range(of: Data("moov".utf8))).lowerBound
    let cut = try footage.write(whole.prefix(index - 4), "cut.mp4")
    #expect(kind { _ = try VideoReader(cut) } == .unfinished)
    let none = try footage.write(Data(repeating: 7, count: 5000), "none.mp4")
    #expect(kind { _ = try VideoReader(none) } == .invalidData)
    let fragmented = try footage.bytes(
      footage.make(
        "f.mp4", "-f lavfi -i testsrc=s=96x64:d=3 \(Footage.h264) -bf 0 -movflags frag_keyframe+empty_moov"))
    let short = try footage.write(fragmented.prefix(fragmented.count * 2 / 3), "short.mp4")
    let expected = Footage.shown(short)
    let (frames, _, _) = try Made.read(short)
    #expect(frames.count >= expected && expected > 30)
  }
}
