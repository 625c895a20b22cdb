// SPDX-License-Identifier: Apache-2.0

import Foundation
import GraphIR
import ONNX
import Testing

/// A Python with onnx, onnxruntime and numpy, which some tests use as an oracle: the one that
/// `ROADMASK_PYTHON` names, or `python3`.
enum PythonRuntime {
  static let path: String? = {
    let named = ProcessInfo.processInfo.environment["ROADMASK_PYTHON"]
    for candidate in [named, "python3"].compactMap({ $0 }) {
      if (try? run(candidate, ["-c", "import onnx, onnxruntime, numpy"]))?.status == 0 { return candidate }
    }
    return nil
  }()

  static let missing: Comment = "no Python with onnx and onnxruntime; name one in ROADMASK_PYTHON"

  /// Runs `script` with `arguments`; records an issue with what it printed where it fails.
  @discardableResult
  static func check(
    _ script: String, _ arguments: [String] = [], sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> String {
    let result = try run(path ?? "python3", ["-c", script] + arguments)
    #expect(result.status == 0, "\(result.output)", sourceLocation: sourceLocation)
    return result.output
  }

  /// What onnxruntime makes of a graph with the input `image` and the output `logits`.
  ///
  /// - Parameter picture: channels last, as the result.
  static func logits(of graph: Graph, _ picture: [Float], rows: Int, columns: Int) throws -> [Float] {
    let folder = try TemporaryFolder()
    try ONNXWriter.write(graph, to: folder.path("graph.onnx"))
    try picture.withUnsafeBytes { try Data($0).write(to: URL(fileURLWithPath: folder.path("image"))) }
    try check(
      """
      import sys, numpy, onnx, onnxruntime
      onnx.checker.check_model(onnx.load(sys.argv[1]), full_check=True)
      session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
      image = numpy.fromfile(sys.argv[2], numpy.float32).reshape(1, \(rows), \(columns), 3).transpose(0, 3, 1, 2)
      logits = session.run(["logits"], {"image": numpy.ascontiguousarray(image)})[0]
      numpy.ascontiguousarray(logits.transpose(0, 2, 3, 1)).tofile(sys.argv[3])
      """, [folder.path("graph.onnx"), folder.path("image"), folder.path("logits")])
    let data = try Data(contentsOf: URL(fileURLWithPath: folder.path("logits")))
    return data.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
  }

  private static func run(_ program: String, _ arguments: [String]) throws -> (status: Int32, output: String)
  {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program] + arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
  }
}

/// A folder that is gone when the test is.
final class TemporaryFolder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("roadmask-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func path(_ name: String) -> String { url.appendingPathComponent(name).path }
}
