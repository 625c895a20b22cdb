// SPDX-License-Identifier: Apache-2.0

import Buffers
import Foundation
import Testing

@testable import Frames

/// What a test remembers of a frame.
struct Seen: Equatable, CustomStringConvertible {
  var pts: Int64
  var duration: Int64
  var checksums: [String]

  var description: String { "\(pts)+\(duration)" }
}

enum Made {
  /// A moving pattern, different for every index; all values stay within the limited range.
  static func picture(
    _ index: Int, _ format: PixelFormat = .yuv420p, width: Int = 64, height: Int = 48,
    matrix: ColorMatrix = .bt709, range: ColorRange = .limited
  ) -> Picture {
    let picture = Picture(format: format, width: width, height: height, matrix: matrix, range: range)
    for plane in 0..<format.planeCount {
      let size = format.planeSize(plane, width: width, height: height)
      let target = picture.view.plane(plane)
      for row in 0..<size.rows {
        for column in 0..<size.rowBytes {
          target.base[row * target.rowBytes + column] =
            UInt8(16 + (column * 3 + row * 5 + index * 7 + plane * 50) % 220)
        }
      }
    }
    return picture
  }

  static func video(
    _ format: PixelFormat = .yuv420p, width: Int = 64, height: Int = 48, timeBase: TimeBase = TimeBase(1, 25),
    rate: Ratio = Ratio(25, 1), color: ColorTags = ColorTags(matrix: .bt709, range: .limited)
  ) -> VideoFormat {
    VideoFormat(format: format, width: width, height: height, timeBase: timeBase, rate: rate, color: color)
  }

  static func options(_ encoder: String, _ change: (inout VideoWriter.Options) -> Void = { _ in })
    -> VideoWriter
    .Options
  {
    var options = VideoWriter.Options()
    options.encoder.name = encoder
    change(&options)
    return options
  }

  /// Writes one frame for each of `times`; durations reach to the next frame, the last as the one before.
  @discardableResult
  static func write(
    _ path: String, _ video: VideoFormat, times: [Int64], _ options: VideoWriter.Options, picture: Int? = nil
  ) throws -> [Seen] {
    let writer = try VideoWriter(path, video: video, options: options)
    var seen: [Seen] = []
    for (index, pts) in times.enumerated() {
      let next = index + 1 < times.count ? times[index + 1] - pts : seen.last?.duration ?? 1
      let frame = Frame(
        Made.picture(
          picture ?? index, video.format, width: video.width, height: video.height,
          matrix: video.color.matrix,
          range: video.color.range), index: index, pts: pts, duration: next, timeBase: video.timeBase,
        color: video.color, sampleAspectRatio: video.sampleAspectRatio)
      seen.append(Seen(frame))
      try writer.write(frame)
    }
    try writer.finish()
    try writer.finish()
    #expect(writer.framesWritten == times.count)
    return seen
  }

  static func read(_ path: String, _ change: (inout VideoReader.Options) -> Void = { _ in }) throws -> (
    frames: [Seen], info: SourceInfo, reader: VideoReader
  ) {
    var options = VideoReader.Options()
    change(&options)
    let reader = try VideoReader(path, options: options)
    var frames: [Seen] = []
    while let frame = try reader.next() {
      #expect(frame.index == frames.count)
      let (view, video) = (frame.view, reader.info.video)
      #expect(view.width == video.width && view.height == video.height && view.format == video.format)
      frames.append(Seen(frame))
    }
    #expect(try reader.next() == nil)
    return (frames, reader.info, reader)
  }
}

extension Seen {
  init(_ frame: Frame) {
    self.init(pts: frame.pts, duration: frame.duration, checksums: frame.view.checksums)
  }
}

extension PictureView {
  var checksums: [String] {
    (0..<format.planeCount).map { index in
      let size = format.planeSize(index, width: width, height: height)
      var sum = Checksum()
      sum.add(plane(index), rowBytes: size.rowBytes, rows: size.rows)
      return "\(sum)"
    }
  }

  func pixel(_ index: Int, _ row: Int, _ column: Int) -> UInt8 {
    plane(index).base[row * plane(index).rowBytes + column]
  }
}

/// Runs a tool of the system and gives what it printed; `nil` where the tool is missing or fails.
func run(_ tool: String, _ arguments: [String]) -> String? {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = [tool] + arguments
  let pipe = Pipe()
  process.standardOutput = pipe
  process.standardError = FileHandle.nullDevice
  process.standardInput = FileHandle.nullDevice
  guard (try? process.run()) != nil else { return nil }
  let data = pipe.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  return process.terminationStatus == 0 ? String(decoding: data, as: UTF8.self) : nil
}

enum Tools {
  static let hasFFmpeg = run("ffmpeg", ["-version"]) != nil && run("ffprobe", ["-version"]) != nil
}

enum Clips {
  /// The folder of real recordings; they are no part of the repository.
  static let folder: String? = {
    let named = ProcessInfo.processInfo.environment["ROADMASK_DATA"]
    let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let candidates = [named, package.appendingPathComponent("../shared/data").path].compactMap { $0 }
    return candidates.first { FileManager.default.fileExists(atPath: $0) }
  }()

  static func path(_ name: String) -> String? {
    guard let path = folder.map({ $0 + "/" + name }), FileManager.default.fileExists(atPath: path) else {
      return nil
    }
    return path
  }
}

func kind(of body: () throws -> Void) -> FramesError.Kind? {
  do {
    try body()
    return nil
  } catch let error as FramesError {
    #expect(!error.cause.isEmpty && !error.hint.isEmpty && !error.subject.isEmpty)
    return error.kind
  } catch {
    Issue.record("untyped error \(error)")
    return nil
  }
}
