// SPDX-License-Identifier: Apache-2.0

import Buffers
import GraphIR
import Networks
import ONNX
import TestSupport
import Testing

/// Files of half precision: ours elsewhere, and others' here.
@Suite(.enabled(if: PythonRuntime.path != nil, "\(PythonRuntime.missing)"), .serialized)
struct HalfTests {
  static let compareScript = """
    import sys, numpy, onnx, onnxruntime
    model = onnx.load(sys.argv[2])
    onnx.checker.check_model(model, full_check=True)
    kinds = {t.data_type for t in model.graph.initializer}
    assert kinds <= {onnx.TensorProto.FLOAT16, onnx.TensorProto.FLOAT, onnx.TensorProto.INT64}, kinds
    assert onnx.TensorProto.FLOAT16 in kinds
    image = numpy.random.default_rng(1).standard_normal((1, 3, 64, 96), dtype=numpy.float32)
    a, b = [onnxruntime.InferenceSession(p, providers=["CPUExecutionProvider"]).run(None, {"image": image})[0]
            for p in sys.argv[1:]]
    assert a.dtype == b.dtype == numpy.float32
    # Of random weights; attention among them makes a network unsteady.
    error = float(abs(a - b).max() / abs(a).max())
    assert error < 0.06, error
    """

  @Test(arguments: NetworkSpec.presets.map(\.name))
  func oursRunInOnnxruntime(_ preset: String) throws {
    let folder = try TemporaryFolder()
    let graph = try NetworkSpec(parsing: "\(preset) backbone=mobilenetv2-0.25 width=8").build(
      rows: 64, columns: 96, form: .deployable, seed: 3)
    try ONNXWriter.write(graph, to: folder.path("a.onnx"))
    try ONNXWriter.write(try graph.halved(), to: folder.path("b.onnx"))
    try PythonRuntime.check(Self.compareScript, [folder.path("a.onnx"), folder.path("b.onnx")])
  }

  /// FLOAT16 from end to end, as converters write it: inputs, initialisers, Clip limits, casts in between.
  static let makeScript = """
    import sys, numpy, onnx
    from onnx import helper as h, numpy_helper as nh, TensorProto as T
    r = numpy.random.default_rng(0)
    half = lambda x: nh.from_array(numpy.asarray(x, numpy.float16))
    inits = {"w": r.standard_normal((4, 3, 3, 3)), "b": r.standard_normal(4), "low": 0, "high": 6}
    tensors = []
    for name, value in inits.items():
        tensor = half(value); tensor.name = name; tensors.append(tensor)
    nodes = [
        h.make_node("Conv", ["x", "w", "b"], ["c"], kernel_shape=[3, 3]),
        h.make_node("Clip", ["c", "low", "high"], ["d"]),
        h.make_node("Cast", ["d"], ["e"], to=T.FLOAT), h.make_node("Sigmoid", ["e"], ["f"]),
        h.make_node("Cast", ["f"], ["y"], to=T.FLOAT16),
    ]
    graph = h.make_graph(nodes, "g", [h.make_tensor_value_info("x", T.FLOAT16, [1, 3, 8, 8])],
                         [h.make_tensor_value_info("y", T.FLOAT16, [1, 4, 6, 6])], tensors)
    onnx.save(h.make_model(graph, opset_imports=[h.make_opsetid("", 17)], ir_version=8), sys.argv[1])
    """

  @Test func othersAreRead() throws {
    let folder = try TemporaryFolder()
    try PythonRuntime.check(Self.makeScript, [folder.path("a.onnx")])
    let graph = try ONNXReader.read(folder.path("a.onnx"))
    #expect(graph.inputs.first?.fact == Fact(.float32, [1, 3, 8, 8]))
    #expect(graph.metadata["precision"] == "fp16")
    // The last Cast gives the output its name.
    #expect(graph.nodes.map(\.op.name) == ["Conv", "Clip", "Sigmoid", "Reshape"])
    #expect(graph.constant(named: "w")?.tensor.dtype == .float32)
    _ = try graph.optimized().halved()
  }
}
