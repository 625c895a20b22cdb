// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The `roadmask` program: the one in the folder that `ROADMASK_BIN` names, else the one beside the tests.
enum Program {
  /// How a run of the program ended.
  struct Result {
    /// The exit status; `nil` where a signal killed it.
    var status: Int32?
    var out: String
    var err: String
    var seconds: Double
    /// It was killed for running on and on.
    var isTimedOut: Bool

    var lines: [String] { out.split(separator: "\n").map(String.init) }
  }

  static let path: String = {
    if let folder = ProcessInfo.processInfo.environment["ROADMASK_BIN"] { return folder + "/roadmask" }
    let beside = Bundle.allBundles.map { $0.bundleURL.deletingLastPathComponent().path }
    let folders = beside + [(CommandLine.arguments[0] as NSString).deletingLastPathComponent]
    return folders.map { $0 + "/roadmask" }.first(where: FileManager.default.isExecutableFile) ?? "roadmask"
  }()

  /// The program is there and finds its default model.
  static let isReady: Bool =
    FileManager.default.isExecutableFile(atPath: path) && (try? run(["doctor"]).status) == 0

  static let missing: Comment =
    "needs the built roadmask, in $ROADMASK_BIN or beside the tests, and its default model"

  /// Seconds after which a program that runs on counts as hanging, however busy the machine is.
  static let hangLimit = 600.0

  /// The folder of the package.
  static let package = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

  /// Runs the program to its end.
  static func run(_ arguments: [String], in folder: String? = nil, input: String? = nil) throws -> Result {
    try Started(path, arguments, in: folder, input: input).wait()
  }

  /// Another program, found by PATH; `nil` where there is none.
  static func tool(_ name: String, _ arguments: [String], in folder: String) throws -> Result? {
    let places = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map {
      "\($0)/\(name)"
    }
    let candidates = name.contains("/") ? [name] : places
    guard let path = candidates.first(where: FileManager.default.isExecutableFile) else { return nil }
    return try Started(path, arguments, in: folder).wait()
  }
}

/// A program that runs.
final class Started {
  private let process = Process()
  private let ended = DispatchSemaphore(value: 0)
  private let begin = Date()
  private let scratch: String

  init(_ path: String, _ arguments: [String], in folder: String?, input: String? = nil) throws {
    scratch = NSTemporaryDirectory() + "roadmask-run-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder ?? scratch)
    // Files, since a full pipe would stop the program.
    process.standardOutput = try file("out")
    process.standardError = try file("err")
    process.standardInput =
      try input.map { try FileHandle(forReadingFrom: URL(fileURLWithPath: $0)) }
      ?? FileHandle.nullDevice
    let ended = ended
    process.terminationHandler = { _ in ended.signal() }
    try process.run()
  }

  deinit { try? FileManager.default.removeItem(atPath: scratch) }

  private func file(_ name: String) throws -> FileHandle {
    _ = FileManager.default.createFile(atPath: scratch + "/" + name, contents: nil)
    return try FileHandle(forWritingTo: URL(fileURLWithPath: scratch + "/" + name))
  }

  var identifier: Int32 { process.processIdentifier }

  func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

  /// What it has said so far on standard error.
  var err: String { read("err") }

  /// Waits until `condition` holds; false where it never does, or the program ends first.
  func wait(until condition: () -> Bool) -> Bool {
    let begin = ContinuousClock.now
    while ContinuousClock.now - begin < .seconds(Program.hangLimit) {
      if condition() { return true }
      if !process.isRunning { return condition() }
      usleep(20_000)
    }
    return false
  }

  func wait() -> Program.Result {
    let isTimedOut = ended.wait(timeout: .now() + Program.hangLimit) == .timedOut
    if isTimedOut {
      send(SIGKILL)
      ended.wait()
    }
    return Program.Result(
      status: process.terminationReason == .exit ? process.terminationStatus : nil,
      out: read("out"), err: read("err"), seconds: Date().timeIntervalSince(begin), isTimedOut: isTimedOut)
  }

  private func read(_ name: String) -> String {
    String(decoding: FileManager.default.contents(atPath: scratch + "/" + name) ?? Data(), as: UTF8.self)
  }
}
