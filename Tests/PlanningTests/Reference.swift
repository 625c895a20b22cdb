// SPDX-License-Identifier: Apache-2.0

import Buffers
import Foundation
import GraphIR
import ONNX
import TestSupport
import Testing

/// A graph with what goes in.
struct Example: Sendable, CustomTestStringConvertible {
  var name: String
  var graph: Graph
  var inputs: [String: Tensor]

  var testDescription: String { name }
}

/// What onnxruntime makes of graphs.
enum Reference {
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
    let folder = try TemporaryFolder()
    var cases: [[String: String]] = []
    for (index, example) in examples.enumerated() {
      try ONNXWriter.write(example.graph, to: folder.path("\(index).onnx"))
      for (name, tensor) in example.inputs {
        let data = tensor.withElements(as: Float.self) { Data(buffer: $0) }
        try data.write(to: folder.url.appendingPathComponent("\(index).\(name).bin"))
      }
      cases.append(["file": "\(index)"])
    }
    try JSONEncoder().encode(cases).write(to: folder.url.appendingPathComponent("cases.json"))
    try PythonRuntime.check(script, [folder.url.path])
    var outputs: [String: [Float]] = [:]
    for (index, example) in examples.enumerated() {
      let data = try Data(contentsOf: folder.url.appendingPathComponent("\(index).out"))
      outputs[example.name] = data.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    }
    return outputs
  }
}
