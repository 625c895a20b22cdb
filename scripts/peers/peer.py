# SPDX-License-Identifier: Apache-2.0
"""Runs one model in one peer, as often as it is told to.

    python peer.py openvino|onnxruntime MODEL THREADS [PRECISION]

Prints {"ready": true}; then for each line N on stdin runs N times and prints {"ms": [...], "cpu_ms": one run}.
"""
import json
import os
import sys
import time

runtime, path, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
precision = sys.argv[4] if len(sys.argv) > 4 else None
os.environ.setdefault("OMP_NUM_THREADS", str(threads))

import numpy as np


def picture(shape):
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32)


if runtime == "openvino":
    import openvino

    config = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY"}
    if precision:
        config["INFERENCE_PRECISION_HINT"] = precision
    compiled = openvino.Core().compile_model(path, "CPU", config)
    request = compiled.create_infer_request()
    request.set_input_tensor(openvino.Tensor(picture(tuple(compiled.inputs[0].shape))))
    run = request.infer
else:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    source = session.get_inputs()[0]
    feed = {source.name: picture(source.shape)}

    def run():
        session.run(None, feed)


for _ in range(2):
    run()
print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    times, cpu = [], time.process_time()
    for _ in range(int(line)):
        start = time.perf_counter()
        run()
        times.append((time.perf_counter() - start) * 1e3)
    print(json.dumps({"ms": times, "cpu_ms": (time.process_time() - cpu) * 1e3 / len(times)}), flush=True)
