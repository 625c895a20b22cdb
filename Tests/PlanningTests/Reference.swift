// SPDX-License-Identifier: Apache-2.0

import Buffers
import Foundation
import GraphIR
import ONNX
import Testing

/// A graph with what goes in.
struct Example: Sendable {
  var name: String
  var graph: Graph
  var inputs: [String: Tensor]
}

/// What onnxruntime makes of graphs. Needs a Python with onnxruntime and numpy: the one that `ROADMASK_PYTHON`
/// names, or `python3`.
enum Reference {
  static let python: String? = {
    let named = ProcessInfo.processInfo.environment["ROADMASK_PYTHON"]
    return [named, "python3"].compactMap { $0 }.first {
      (try? call($0, ["-c", "import onnxruntime, numpy"]))?.status == 0
    }
  }()

  static let missing: Comment = "no Python with onnxruntime; name one in ROADMASK_PYTHON"

  private static let script = """
    import json, sys, numpy, onnxruntime
    folder = sys.argv[1]
    for case in json.load(open(folder + "/cases.json")):
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        session = onnxruntime.InferenceSession(
            f"{folder}/{case['file']}.onnx", options, providers=["CPUExecutionProvider"])
        feed = {}
        for index, value in enumerate(session.get_inputs()):
            data = numpy.fromfile(f"{folder}/{case['file']}.{value.name}.bin", numpy.float32)
            feed[value.name] = data.reshape(value.shape)
        session.run(None, feed)[0].astype(numpy.float32).tofile(f"{folder}/{case['file']}.out")
    """

  /// The first output of each example, channels first, by name; all in one process, for starting it is slow.
  static func outputs(of examples: [Example]) throws -> [String: [Float]] {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "roadmask-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    var cases: [[String: String]] = []
    for (index, example) in examples.enumerated() {
      try ONNXWriter.write(example.graph, to: folder.appendingPathComponent("\(index).onnx").path)
      for (name, tensor) in example.inputs {
        let data = tensor.withElements(as: Float.self) { Data(buffer: $0) }
        try data.write(to: folder.appendingPathComponent("\(index).\(name).bin"))
      }
      cases.append(["file": "\(index)"])
    }
    try JSONEncoder().encode(cases).write(to: folder.appendingPathComponent("cases.json"))
    let result = try call(python ?? "python3", ["-c", script, folder.path])
    guard result.status == 0 else { throw ReferenceError(message: result.output) }
    var outputs: [String: [Float]] = [:]
    for (index, example) in examples.enumerated() {
      let data = try Data(contentsOf: folder.appendingPathComponent("\(index).out"))
      outputs[example.name] = data.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    }
    return outputs
  }

  private static func call(_ program: String, _ arguments: [String]) throws -> (status: Int32, output: String)
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

struct ReferenceError: Error, CustomStringConvertible {
  var message: String
  var description: String { message }
}
