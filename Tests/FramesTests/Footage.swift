// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import Frames

/// Footage that ffmpeg makes, run through a reader and a writer, and judged by ffprobe and ffmpeg.
struct Footage {
  let scratch: TemporaryFolder

  init() throws { scratch = try TemporaryFolder() }

  /// Runs ffmpeg with `arguments` and the path of `name` behind them.
  @discardableResult
  func make(_ name: String, _ arguments: String, sourceLocation: SourceLocation = #_sourceLocation) -> String
  {
    let path = scratch.path(name)
    let words = arguments.replacing("DIR", with: scratch.path).split(separator: " ").map(String.init)
    let made = run("ffmpeg", ["-v", "error", "-y"] + words + [path])
    #expect(made != nil, "ffmpeg \(arguments)", sourceLocation: sourceLocation)
    return path
  }

  /// A test picture of so many seconds with a tone, as inputs of ffmpeg.
  static func inputs(_ seconds: Double, rate: Int = 25, sound: Int = 48000) -> String {
    "-f lavfi -i testsrc=s=96x64:r=\(rate):d=\(seconds) -f lavfi -i sine=r=\(sound):d=\(seconds)"
  }

  static let h264 = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 25"

  func bytes(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }

  func write(_ data: Data, _ name: String) throws -> String {
    let path = scratch.path(name)
    try data.write(to: URL(fileURLWithPath: path))
    return path
  }

  /// Reads `path` and writes what it gives, with its sound and all that travels beside; as a run does.
  @discardableResult
  func relabel(
    _ path: String, _ name: String, reading: (inout VideoReader.Options) -> Void = { _ in },
    writing: (inout VideoWriter.Options) -> Void = { _ in }
  ) throws -> (path: String, reader: VideoReader, writer: VideoWriter) {
    var options = VideoReader.Options()
    reading(&options)
    let reader = try VideoReader(path, options: options)
    let info = reader.info
    var output = VideoWriter.Options()
    output.overwrite = true
    output.encoder.preset = "ultrafast"
    output.metadata = info.tags
    output.chapters = info.chapters
    writing(&output)
    let result = scratch.path(name)
    let writer = try VideoWriter(
      result, video: info.video, audio: info.audio + info.beside, options: output)
    while let frame = try reader.next() { try writer.write(frame) }
    try writer.finish(trailing: reader.trailingPackets)
    return (result, reader, writer)
  }

  /// What ffprobe says of `entries`, a line for each.
  static func probe(_ path: String, _ entries: String, _ more: [String] = []) -> [String] {
    let text = run(
      "ffprobe", ["-v", "error", "-show_entries", entries, "-of", "csv=p=0"] + more + [path])
    return (text ?? "").split(separator: "\n").map {
      $0.trimmingCharacters(in: CharacterSet(charactersIn: ", "))
    }
    .filter { !$0.isEmpty }
  }

  /// Times of the packets of a track in seconds, in order.
  static func times(_ path: String, _ track: String) -> [Double] {
    probe(path, "packet=pts_time", ["-select_streams", track]).compactMap(Double.init).sorted()
  }

  /// Of all tracks in order; the track in which MP4 keeps chapters is none.
  static func codecs(_ path: String) -> [String] {
    // Streams of a program are told twice.
    var seen: Set<String> = []
    return probe(path, "stream=index,codec_name").filter { seen.insert($0).inserted }
      .compactMap { $0.split(separator: ",").last.map(String.init) }.filter { $0 != "bin_data" }
  }

  /// Pictures that ffmpeg shows; those hidden by an edit list are none.
  static func shown(_ path: String) -> Int {
    probe(path, "stream=nb_read_frames", ["-count_frames", "-select_streams", "v:0"]).first.flatMap {
      Int($0)
    } ?? -1
  }

  static func duration(_ path: String) -> Double {
    probe(path, "format=duration").first.flatMap { Double($0) } ?? -1
  }

  /// What ffmpeg decodes, as planes one after the other.
  func raw(_ path: String, _ filter: String? = nil, format: String = "yuv420p") throws -> Data {
    let output = scratch.path("raw-\(UUID().uuidString).yuv")
    let filters = filter.map { ["-vf", $0] } ?? []
    _ = run(
      "ffmpeg",
      ["-v", "error", "-i", path] + filters + [
        "-fps_mode", "passthrough", "-pix_fmt", format, "-f", "rawvideo", output,
      ])
    return try bytes(output)
  }

  /// What our reader gives, likewise.
  func read(_ path: String, _ change: (inout VideoReader.Options) -> Void = { _ in }) throws -> Data {
    var options = VideoReader.Options()
    change(&options)
    let reader = try VideoReader(path, options: options)
    var data = Data()
    while let frame = try reader.next() { data += Footage.planes(frame) }
    return data
  }

  static func planes(_ frame: Frame) -> Data {
    frame.withView { view in
      var data = Data()
      for index in 0..<view.format.planeCount {
        let size = view.format.planeSize(index, width: view.width, height: view.height)
        let plane = view.plane(index)
        for row in 0..<size.rows { data.append(plane.base + row * plane.rowBytes, count: size.rowBytes) }
      }
      return data
    }
  }
}

/// The largest difference of two lists, or infinity where one is longer.
func largestDifference(_ one: [Double], _ other: [Double]) -> Double {
  guard one.count == other.count else { return .infinity }
  return zip(one, other).map { abs($0 - $1) }.max() ?? 0
}

func steps(_ times: [Double]) -> [Double] { zip(times.dropFirst(), times).map { $0 - $1 } }
