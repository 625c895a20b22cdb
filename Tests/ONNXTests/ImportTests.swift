// SPDX-License-Identifier: Apache-2.0

import Buffers
import GraphIR
import ONNX
import TestSupport
import Testing

/// Files as other programs write them: read, written again, and run both ways.
@Suite(.enabled(if: PythonRuntime.path != nil, "\(PythonRuntime.missing)"), .serialized)
struct ImportTests {
  /// Writes one model with the operators that exporters add around a network.
  static let makeScript = """
    import sys, numpy, onnx
    from onnx import helper as h, numpy_helper as nh, TensorProto as T
    opset = int(sys.argv[2])
    r = numpy.random.default_rng(0)
    def f(*s): return r.standard_normal(s).astype(numpy.float32)
    inits = {"w": f(6,3,3,3), "scale": f(6)+2, "bias": f(6), "mean": f(6), "var": f(6)**2+.5, "g": f(5,6), "gb": f(5),
             "idx2": numpy.array(2), "idx3": numpy.array(3), "two": numpy.array(2), "ax0": numpy.array([0]),
             "low": numpy.array(-1,numpy.float32), "high": numpy.array(1.5,numpy.float32), "tail": numpy.array([-1]),
             "six": numpy.array([6]), "one": numpy.array([1]), "ax23": numpy.array([2,3]), "ax1": numpy.array([1]),
             "starts": numpy.array([0]), "ends": numpy.array([2]), "sp": numpy.array([2,4]),
             "qs": numpy.array([.1,.2,.3,.4,.5,.6],numpy.float32), "qz": numpy.zeros(6,numpy.int8),
             "as": numpy.array(.05,numpy.float32), "az": numpy.array(120,numpy.uint8),
             "wq": r.integers(-100,100,(6,6,1,1)).astype(numpy.int8)}
    n = h.make_node
    if opset >= 13:
        unsqueeze = lambda x,y: n("Unsqueeze",[x,"ax0"],[y])
    else:
        unsqueeze = lambda x,y: n("Unsqueeze",[x],[y],axes=[0])
    nodes = [
        n("Conv",["x","w"],["c"],kernel_shape=[3,3],auto_pad="SAME_UPPER",strides=[2,2]),
        n("BatchNormalization",["c","scale","bias","mean","var"],["b"],epsilon=1e-4),
        n("HardSigmoid",["b"],["hs"],alpha=.25), n("Clip",["b","low","high"],["cl"]), n("Identity",["cl"],["id"]),
        n("Dropout",["id"],["dr"]),
        n("Shape",["x"],["sh"]), n("Gather",["sh","idx2"],["h"]), n("Gather",["sh","idx3"],["wd"]),
        unsqueeze("h","hu"), unsqueeze("wd","wu"),
        n("Shape",["dr"],["sd"]), n("Slice",["sd","starts","ends"],["nc"]),
        n("Concat",["nc","hu","wu"],["sizes"],axis=0),
        n("Resize",["dr"] + (["none","none"] if opset < 13 else ["",""]) + ["sizes"],["up"],
          mode="linear",coordinate_transformation_mode="half_pixel"),
        n("QuantizeLinear",["up","as","az"],["uq"]), n("DequantizeLinear",["uq","as","az"],["ud"]),
        n("DequantizeLinear",["wq","qs","qz"],["wd_"],axis=0) if opset >= 13 else n("Identity",["wf"],["wd_"]),
        n("Conv",["ud","wd_"],["qc"]),
        n("Split",["qc","sp"],["s1","s2"],axis=1) if opset >= 13 else n("Split",["qc"],["s1","s2"],axis=1,split=[2,4]),
        n("Concat",["s2","s1"],["cc"],axis=-3),
        n("ReduceMean",["cc","ax23"],["rm"]) if opset >= 18 else n("ReduceMean",["cc"],["rm"],axes=[2,3]),
        n("Flatten",["rm"],["fl"]), n("Gemm",["fl","g","gb"],["gm"],transB=1,alpha=.5,beta=2.),
        n("Softmax",["gm"],["sm"],axis=-1), n("Sub",["sm","low"],["su"]), n("Div",["su","high"],["y"]),
    ]
    inits["wf"] = f(6,6,1,1)
    inits["none"] = numpy.zeros(0, numpy.float32)
    used = {i for node in nodes for i in node.input}
    inits = {k: v for k, v in inits.items() if k in used}
    g = h.make_graph(nodes,"test",[h.make_tensor_value_info("x",T.FLOAT,["batch",3,12,10])],
        [h.make_tensor_value_info("y",T.FLOAT,None)],[nh.from_array(numpy.asarray(v),k) for k,v in inits.items()])
    m = h.make_model(g,opset_imports=[h.make_opsetid("",opset)],ir_version=8)
    onnx.save(m, sys.argv[1])
    """

  static let compareScript = """
    import sys, numpy, onnx, onnxruntime
    onnx.checker.check_model(onnx.load(sys.argv[2]), full_check=True)
    x = numpy.random.default_rng(1).standard_normal((1,3,12,10)).astype(numpy.float32)
    a, b = [onnxruntime.InferenceSession(p, providers=["CPUExecutionProvider"]).run(["y"], {"x": x})[0]
            for p in sys.argv[1:]]
    assert a.shape == b.shape, (a.shape, b.shape)
    assert abs(a - b).max() < 1e-5, abs(a - b).max()
    """

  @Test(arguments: [11, 12, 13, 15, 17, 18, 20])
  func importedGraphsComputeTheSame(_ opset: Int) throws {
    let folder = try TemporaryFolder()
    let (source, target) = (folder.path("a.onnx"), folder.path("b.onnx"))
    try PythonRuntime.check(Self.makeScript, [source, "\(opset)"])
    var graph = try ONNXReader.read(source)
    try ONNXWriter.write(graph, to: target)
    try PythonRuntime.check(Self.compareScript, [source, target])
    // As far as passes leave what ONNX can say.
    try graph.apply([.foldConstants, .foldBatchNorm, .fuseActivations, .scaleResizes, .removeDead])
    try ONNXWriter.write(graph, to: target)
    try PythonRuntime.check(Self.compareScript, [source, target])
    _ = try graph.optimized()
  }
}
