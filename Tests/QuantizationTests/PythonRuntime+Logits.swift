// SPDX-License-Identifier: Apache-2.0

import Foundation
import GraphIR
import ONNX
import TestSupport

extension PythonRuntime {
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
      # Operator by operator as the file says: its 8-bit kernels saturate on CPUs without VNNI.
      options = onnxruntime.SessionOptions()
      options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
      session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
      image = numpy.fromfile(sys.argv[2], numpy.float32).reshape(1, \(rows), \(columns), 3).transpose(0, 3, 1, 2)
      logits = session.run(["logits"], {"image": numpy.ascontiguousarray(image)})[0]
      numpy.ascontiguousarray(logits.transpose(0, 2, 3, 1)).tofile(sys.argv[3])
      """, [folder.path("graph.onnx"), folder.path("image"), folder.path("logits")])
    let data = try Data(contentsOf: URL(fileURLWithPath: folder.path("logits")))
    return data.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
  }
}
