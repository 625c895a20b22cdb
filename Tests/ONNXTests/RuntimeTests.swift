// SPDX-License-Identifier: Apache-2.0

import Buffers
import Foundation
import GraphIR
import Networks
import ONNX
import TestSupport
import Testing

/// What other programs make of the files that we write.
@Suite(.enabled(if: PythonRuntime.path != nil, "\(PythonRuntime.missing)"), .serialized)
struct RuntimeTests {
  /// Checks the file as the standard's own checker does, and runs it on noise.
  static let runScript = """
    import sys, numpy, onnx, onnxruntime
    session = []
    rng = numpy.random.default_rng(1)
    model = onnx.load(sys.argv[1])
    onnx.checker.check_model(model, full_check=True)
    shape = [d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim]
    image = rng.standard_normal(shape, dtype=numpy.float32)
    outputs = []
    for path in sys.argv[1:]:
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        outputs.append(session.run(["logits"], {"image": image})[0])
        assert numpy.isfinite(outputs[-1]).all()
    for other in outputs[1:]:
        error = float(abs(other - outputs[0]).max() / abs(outputs[0]).max())
        assert error < 1e-4, error
        print("error", error)
    print("shape", outputs[0].shape)
    """

  @Test(arguments: NetworkSpec.presets.map(\.name))
  func presetRunsInBothForms(_ preset: String) throws {
    let folder = try TemporaryFolder()
    let spec = try NetworkSpec(parsing: preset)
    let training = try spec.build(rows: 64, columns: 96, form: .training, seed: 3)
    let deployable = try spec.build(rows: 64, columns: 96, form: .deployable, seed: 3)
    try ONNXWriter.write(training, to: folder.path("training.onnx"))
    try ONNXWriter.write(deployable, to: folder.path("deployable.onnx"))
    let output = try PythonRuntime.check(
      Self.runScript, [folder.path("training.onnx"), folder.path("deployable.onnx")])
    #expect(output.contains("shape (1, 11, 16, 24)"))
  }
}
