// SPDX-License-Identifier: Apache-2.0

import Buffers
import Foundation
import TestSupport
import Testing

@testable import Frames

@Suite struct FaultTests {
  let scratch: TemporaryFolder

  init() throws { scratch = try TemporaryFolder() }

  @Test func opening() throws {
    #expect(kind { _ = try VideoReader(scratch.path("missing.mp4")) } == .notFound)
    try "It was a dark and stormy night.\n".write(
      toFile: scratch.path("text.mp4"), atomically: true, encoding: .utf8)
    #expect(kind { _ = try VideoReader(scratch.path("text.mp4")) } == .invalidData)
    try Data().write(to: URL(fileURLWithPath: scratch.path("empty.mp4")))
    #expect(kind { _ = try VideoReader(scratch.path("empty.mp4")) } == .noFrames)
    #expect(kind { _ = try ImageSequenceReader(scratch.path) } == .noFrames)
    #expect(kind { _ = try ImageSequenceReader(scratch.path("*.png")) } == .noFrames)
    #expect(kind { _ = try ImageSequenceReader(scratch.path("a.png")) } == .notFound)
    try Made.write(scratch.path("none.mkv"), Made.video(), times: [], Made.options("libx264"))
    #expect(kind { _ = try VideoReader(scratch.path("none.mkv")) } == .noFrames)
    if run("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "sine=d=1", scratch.path("sound.m4a")]) != nil {
      #expect(kind { _ = try VideoReader(scratch.path("sound.m4a")) } == .noVideoStream)
    }
  }

  @Test func creating() throws {
    let path = scratch.path("a.mp4")
    let video = Made.video()
    try Made.write(path, video, times: [0], Made.options("libx264"))
    let before = try Data(contentsOf: URL(fileURLWithPath: path))
    #expect(kind { try Made.write(path, video, times: [0], Made.options("libx264")) } == .exists)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    try Made.write(path, video, times: [0, 1], Made.options("libx264") { $0.overwrite = true })
    #expect(try Made.read(path).frames.count == 2)
    #expect(
      kind { try Made.write(scratch.path("no/a.mp4"), video, times: [0], Made.options("libx264")) }
        == .cannotCreate)
    #expect(
      kind { try Made.write(scratch.path("a.xyz"), video, times: [0], Made.options("libx264")) }
        == .unsupportedOutput)
    do {
      _ = try VideoWriter(scratch.path("b.mp4"), video: video, options: Made.options("libx999"))
      Issue.record("no error")
    } catch let error as FramesError {
      #expect(error.kind == .unsupportedEncoder && error.hint.contains("ffv1"))
      #expect(!FileManager.default.fileExists(atPath: scratch.path("b.mp4")))
    }
    if getuid() != 0 {
      try FileManager.default.setAttributes([.posixPermissions: 0o500], ofItemAtPath: scratch.path)
      #expect(
        kind { try Made.write(scratch.path("c.mp4"), video, times: [0], Made.options("libx264")) }
          == .permission)
      try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: scratch.path)
    }
  }

  @Test(arguments: ["libx264", "ffv1"])
  func fullDisk(encoder: String) throws {
    let options = Made.options(encoder) { $0.container = "matroska" }
    #expect(kind { try Made.write("/dev/full", Made.video(), times: Array(0..<200), options) } == .diskFull)
    #expect(
      kind {
        let writer = try ChecksumWriter("/dev/full")
        let picture = Made.picture(0)
        try withExtendedLifetime(picture) { try writer.write(picture.view, index: 0, pts: 0) }
        try writer.finish()
      } == .diskFull)
    let writer = try VideoWriter("/dev/full", video: Made.video(), options: options)
    var errors: [FramesError] = []
    for index in 0..<400 {
      do {
        try writer.write(
          Frame(Made.picture(index), index: index, pts: Int64(index), duration: 1, timeBase: TimeBase(1, 25)))
      } catch let error as FramesError { errors.append(error) }
    }
    #expect(
      Set(errors).count == 1 && errors.first?.cause.contains("no space left on device after 00:00:") == true)
  }

  @Test(arguments: ["mp4", "mkv", "ts"])
  func whatIsWrittenPlaysBeforeTheEnd(ending: String) throws {
    let path = scratch.path("a." + ending)
    let writer = try VideoWriter(path, video: Made.video(), options: Made.options("libx264"))
    for index in 0..<250 {
      try writer.write(
        Frame(Made.picture(index), index: index, pts: Int64(index), duration: 1, timeBase: TimeBase(1, 25)))
    }
    let copy = scratch.path("copy." + ending)
    try FileManager.default.copyItem(atPath: path, toPath: copy)
    // Encoder delay and one fragment may be missing.
    #expect(try Made.read(copy).frames.count >= 250 - 13 - 20)
    try writer.finish()
    #expect(try Made.read(path).frames.count == 250)
  }

  @Test func abandonedWriterLeavesAPlayableFile() throws {
    let path = scratch.path("a.mp4")
    var writer: VideoWriter? = try VideoWriter(path, video: Made.video(), options: Made.options("libx264"))
    for index in 0..<250 {
      try writer?.write(
        Frame(Made.picture(index), index: index, pts: Int64(index), duration: 1, timeBase: TimeBase(1, 25)))
    }
    writer = nil
    #expect(try Made.read(path).frames.count >= 195)
  }

  @Test(arguments: ["mp4", "mkv", "ts"])
  func damageIsCountedNotFatal(ending: String) throws {
    let path = scratch.path("a." + ending)
    try Made.write(path, Made.video(width: 320, height: 240), times: Array(0..<100), Made.options("libx264"))
    let original = try Data(contentsOf: URL(fileURLWithPath: path))
    var seed: UInt64 = 1
    for trial in 0..<20 {
      var bytes = original
      for _ in 0..<(trial * 4) {
        seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let place = 3000 + Int(seed >> 33) % (bytes.count - 3000)
        bytes[place] ^= UInt8(truncatingIfNeeded: seed >> 20) | 1
      }
      try bytes.write(to: URL(fileURLWithPath: path))
      do {
        let read = try Made.read(path) { $0.threads = 1 + trial % 2 }
        #expect(zip(read.frames, read.frames.dropFirst()).allSatisfy { $0.pts < $1.pts })
        if trial == 0 { #expect(read.frames.count == 100 && read.reader.damage == SourceDamage()) }
        let careful = try Made.read(path) { $0.discardCorrupt = true }
        #expect(careful.frames.count <= 100)
      } catch is FramesError {}
    }
  }

  @Test func truncatedFileGivesWhatDecodes() throws {
    let path = scratch.path("a.mkv")
    try Made.write(path, Made.video(width: 320, height: 240), times: Array(0..<100), Made.options("libx264"))
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    #expect(try Made.read(path).reader.damage == SourceDamage())
    try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: path))
    let read = try Made.read(path)
    #expect(read.frames.count > 20 && read.frames.count < 100)
    let missing = Double(100 - read.frames.count) / 25
    #expect(abs(read.reader.damage.missingSeconds - missing) < 0.1, "\(read.reader.damage)")
    // Who asks for the first second alone misses nothing.
    #expect(try Made.read(path) { $0.duration = 1 }.reader.damage.missingSeconds == 0)
  }

  /// A file of a later start, and pictures that end long before the sound, lack nothing.
  @Test(arguments: ["mkv", "mp4"])
  func oddLengthsAreNoDamage(ending: String) throws {
    let late = scratch.path("late." + ending)
    try Made.write(late, Made.video(), times: Array(2500..<2550), Made.options("libx264"))
    #expect(try Made.read(late).reader.damage.missingSeconds == 0)
    let long = scratch.path("long." + ending)
    let words = ["-v", "error", "-i", late, "-f", "lavfi", "-i", "sine=d=8", "-c:v", "copy", long]
    guard run("ffmpeg", words) != nil else { return }
    for keepsAudio in [true, false] {
      #expect(try Made.read(long) { $0.keepAudio = keepsAudio }.reader.damage.missingSeconds == 0)
    }
  }

  @Test func picturesBeyondTheLimitAreRefusedByName() throws {
    let path = scratch.path("big.y4m")
    try Data("YUV4MPEG2 W16384 H8192 F25:1 C420jpeg\nFRAME\n".utf8 + [UInt8](repeating: 9, count: 1000))
      .write(to: URL(fileURLWithPath: path))
    let error = #expect(throws: FramesError.self) { _ = try VideoReader(path) }
    #expect(error?.kind == .invalidData && error?.cause.contains("16384x8192") == true, "\(error as Any)")
    let picture = scratch.path("big.pgm")
    try Data("P5\n16384 8192\n255\n".utf8 + [UInt8](repeating: 9, count: 1000))
      .write(to: URL(fileURLWithPath: picture))
    let refusal = #expect(throws: FramesError.self) { _ = try ImageSequenceReader(picture) }
    #expect(refusal?.kind == .invalidData && refusal?.hint.contains("67108864") == true, "\(refusal as Any)")
  }

  /// The same code of the system means another thing on the way in than on the way out.
  @Test(arguments: [
    ("open", EIO, FramesError.Kind.unreadable), ("read", EIO, .unreadable), ("decode", EINVAL, .invalidData),
    ("write", EIO, .io), ("create", EIO, .io), ("read", ENOMEM, .outOfMemory),
  ])
  func codesAreReadByTheirSide(operation: String, code: Int32, kind: FramesError.Kind) {
    #expect(FramesError(errno: code, operation, "a.mp4").kind == kind)
  }

  @Test func interruptEndsASilentPipe() throws {
    let path = scratch.path("pipe")
    #expect(mkfifo(path, 0o600) == 0)
    let flag = InterruptFlag()
    var options = VideoReader.Options()
    options.interrupt = flag
    Thread.detachNewThread {
      usleep(200_000)
      flag.set()
    }
    #expect(kind { _ = try VideoReader(path, options: options) } == .interrupted)
    options.interrupt = nil
    options.connectTimeout = 0.2
    #expect(kind { _ = try VideoReader(path, options: options) } == .timedOut)
  }

  @Test func pipeIsRead() throws {
    let path = scratch.path("pipe")
    let source = scratch.path("a.mkv")
    try Made.write(source, Made.video(), times: Array(0..<50), Made.options("libx264"))
    #expect(mkfifo(path, 0o600) == 0)
    let data = try Data(contentsOf: URL(fileURLWithPath: source))
    DispatchQueue.global().async {
      let handle = FileHandle(forWritingAtPath: path)
      try? handle?.write(contentsOf: data)
      try? handle?.close()
    }
    #expect(try Made.read(path).frames.count == 50)
  }

  @Test func sizeChangeIsScaledToTheFirst() throws {
    try Made.write(scratch.path("1.ts"), Made.video(), times: Array(0..<30), Made.options("libx264"))
    try Made.write(
      scratch.path("2.ts"), Made.video(width: 96, height: 80), times: Array(30..<60), Made.options("libx264"))
    let read = try Made.read(try joined(["1.ts", "2.ts"]))
    #expect(read.frames.count >= 58)
    #expect((read.info.width, read.info.height) == (64, 48))
  }

  @Test(arguments: [PixelFormat.yuv422p, .yuv444p])
  func formatChangeIsConvertedToTheFirst(format: PixelFormat) throws {
    let color = ColorTags(matrix: .bt601, range: .limited)
    try Made.write(scratch.path("1.ts"), Made.video(), times: Array(0..<30), Made.options("libx264"))
    try Made.write(
      scratch.path("2.ts"), Made.video(format, color: color), times: Array(30..<60), Made.options("libx264"))
    let read = try Made.read(try joined(["1.ts", "2.ts"]))
    #expect(read.frames.count >= 58 && read.frames.allSatisfy { $0.checksums.count == 3 })
    #expect(read.info.video.format == .yuv420p)
  }

  private func joined(_ names: [String]) throws -> String {
    let path = scratch.path("joined.ts")
    let bytes = try names.map { try Data(contentsOf: URL(fileURLWithPath: scratch.path($0))) }
    try Data(bytes.joined()).write(to: URL(fileURLWithPath: path))
    return path
  }

  /// Times that begin again, jump by an hour, wrap after 2^33 ticks, or are not there: each container takes them.
  @Test(arguments: ["again", "hour", "back", "wrap", "none"])
  func oddTimesAreWritten(fault: String) throws {
    let video = Made.video(timeBase: TimeBase(1, 90000))
    func times(_ start: Int64) -> [Int64] { (0..<40).map { start + Int64($0) * 3600 } }
    var source = scratch.path("1.h264")
    if fault == "none" {
      try Made.write(source, Made.video(), times: Array(0..<40), Made.options("libx264"))
    } else {
      let wrap = Int64(1) << 33 - 20 * 3600
      let starts: (Int64, Int64) =
        switch fault {
        case "again": (0, 0)
        case "hour": (0, 3600 * 90000)
        case "back": (3600 * 90000, 0)
        default: (wrap, wrap + 40 * 3600)
        }
      try Made.write(scratch.path("1.ts"), video, times: times(starts.0), Made.options("libx264"))
      try Made.write(scratch.path("2.ts"), video, times: times(starts.1), Made.options("libx264"))
      source = try joined(["1.ts", "2.ts"])
    }
    let least = fault == "none" ? 40 : 78
    for ending in ["mp4", "mkv", "ts"] {
      let reader = try VideoReader(source)
      let path = scratch.path("out." + ending)
      let writer = try VideoWriter(path, video: reader.info.video, options: Made.options("libx264"))
      while let frame = try reader.next() { try writer.write(frame) }
      try writer.finish()
      #expect(writer.framesWritten >= least, "\(ending): \(writer.framesWritten)")
      let read = try Made.read(path).frames
      #expect(read.count == writer.framesWritten, "\(ending)")
      #expect(zip(read, read.dropFirst()).allSatisfy { $0.pts < $1.pts }, "\(ending): \(read)")
    }
  }

  @Test func framesOfOtherSizeAreScaledByTheWriter() throws {
    let path = scratch.path("a.mp4")
    let writer = try VideoWriter(path, video: Made.video(), options: Made.options("libx264"))
    for index in 0..<10 {
      let picture = Made.picture(index, .yuv444p, width: 100 + index, height: 90)
      try writer.write(
        Frame(picture, index: index, pts: Int64(index), duration: 1, timeBase: TimeBase(1, 25)))
    }
    try writer.finish()
    #expect(try Made.read(path).frames.count == 10)
  }
}
