// SPDX-License-Identifier: Apache-2.0

import Buffers
import Foundation
import Frames
import TestSupport
import Testing

/// All tests of the program, one after the other: several at once would only take each other's CPU.
@Suite(.serialized, .enabled(if: Program.isReady, Program.missing))
enum ProgramTests {}

/// A fresh folder in which a test runs the program. It goes away with its owner.
final class Workplace {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  var path: String { folder.path }
  func callAsFunction(_ name: String) -> String { folder.path(name) }

  func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: self(name)) }
  func bytes(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: self(name))) }
  func text(_ name: String) throws -> String { String(decoding: try bytes(name), as: UTF8.self) }
  func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: self(name)))
  }
  func folder(_ name: String) throws {
    try FileManager.default.createDirectory(atPath: self(name), withIntermediateDirectories: true)
  }
  func link(_ name: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(atPath: self(name), withDestinationPath: target)
  }
  var names: [String] { folder.names }

  /// Runs the program here.
  @discardableResult
  func run(_ arguments: [String], input: String? = nil) throws -> Program.Result {
    try Program.run(arguments, in: path, input: input)
  }

  /// Labels something quietly with a small model picture, and expects that to succeed.
  @discardableResult
  func label(_ arguments: [String], sourceLocation: SourceLocation = #_sourceLocation) throws
    -> Program.Result
  {
    let result = try run(["run"] + arguments + Street.fast)
    #expect(result.status == 0, "\(arguments): \(result.err)", sourceLocation: sourceLocation)
    return result
  }

  /// A clip of the drawn street.
  func clip(_ name: String, _ source: String = Street.short, _ options: [String] = []) throws {
    try label([source, name, "--alpha", "0"] + options)
  }
}

enum Street {
  /// Ten frames.
  static let short = "test:street?size=192x128&rate=10&seconds=1&seed=3"
  /// Longer than any test waits.
  static let endless = "test:street?size=192x128&rate=30&seconds=0&seed=3"
  /// The network on a small picture, and no words.
  static let fast = ["--infer-size", "96x64", "-q"]
}

/// What a test wants to know of a video.
struct Clip: Equatable {
  var pts: [Int64] = []
  var seconds: [Double] = []
  var width: Int
  var height: Int
  /// Seconds from the first frame to the end of the last.
  var duration = 0.0
  var soundPackets: [Data] = []

  init(_ path: String) throws {
    let reader = try VideoReader(path)
    (width, height) = (reader.info.width, reader.info.height)
    var end = 0.0
    func add(_ packets: [Packet]) { soundPackets += packets.map { Data($0.bytes) } }
    while let frame = try reader.next() {
      pts.append(frame.pts)
      seconds.append(frame.time)
      end = frame.timeBase.seconds(frame.pts + frame.duration)
      add(frame.sidePackets)
    }
    duration = end - (seconds.first ?? 0)
    add(reader.trailingPackets)
  }

  var count: Int { pts.count }

  /// The times of the frames of both differ by less than `tolerance` seconds.
  func isTimed(like other: Clip, within tolerance: Double = 0.0015) -> Bool {
    count == other.count && zip(seconds, other.seconds).allSatisfy { abs($0 - $1) <= tolerance }
      && abs(duration - other.duration) <= tolerance
  }
}
