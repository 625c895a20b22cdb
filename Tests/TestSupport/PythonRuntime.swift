// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A Python with onnx, onnxruntime and numpy, which some tests use as an oracle: the one that
/// `ROADMASK_PYTHON` names, or `python3`.
public enum PythonRuntime {
  /// `nil` where there is none.
  public static let path: String? = {
    let named = ProcessInfo.processInfo.environment["ROADMASK_PYTHON"]
    for candidate in [named, "python3"].compactMap({ $0 }) {
      if (try? run(candidate, ["-c", "import onnx, onnxruntime, numpy"]))?.status == 0 { return candidate }
    }
    return nil
  }()

  /// Why a test is skipped without it.
  public static let missing = "no Python with onnx and onnxruntime; name one in ROADMASK_PYTHON"

  /// Runs `script` with `arguments`.
  ///
  /// - Returns: what it printed.
  /// - Throws: `PythonFailure` with what it printed, where it fails.
  @discardableResult
  public static func check(_ script: String, _ arguments: [String] = []) throws -> String {
    let result = try run(path ?? "python3", ["-c", script] + arguments)
    guard result.status == 0 else { throw PythonFailure(description: result.output) }
    return result.output
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

/// What a script printed before it failed.
public struct PythonFailure: Error, CustomStringConvertible {
  public let description: String
}
