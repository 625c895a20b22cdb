# SPDX-License-Identifier: Apache-2.0
"""What a Python user builds: H.264 file -> OpenCV -> OpenVINO's asynchronous queue -> overlay -> mpeg4 file.

    python pipeline.py CLIP MODEL full|coarse OUT      prints {"fps": ..., "frames": ..., "cpu_ms": one frame}

`full` takes a model that gives classes, `coarse` one that gives scores, whose best class is taken there and stretched.
"""
import json
import queue
import sys
import threading
import time

import cv2
import numpy as np
import openvino
from openvino.preprocess import ColorFormat, PrePostProcessor

clip, path, kind, out = sys.argv[1:5]
THREADS = 2
cv2.setNumThreads(1)
core = openvino.Core()
model = core.read_model(path)
rows, columns = (model.inputs[0].shape[i] for i in (2, 3))
steps = PrePostProcessor(model)
steps.input().tensor().set_element_type(openvino.Type.u8).set_layout(openvino.Layout("NHWC")) \
    .set_color_format(ColorFormat.BGR)
steps.input().model().set_layout(openvino.Layout("NCHW"))
steps.input().preprocess().convert_color(ColorFormat.RGB).convert_element_type(openvino.Type.f32) \
    .mean([114.75] * 3).scale([57.375] * 3)
if kind == "full":
    steps.output().tensor().set_element_type(openvino.Type.u8)
compiled = core.compile_model(steps.build(), "CPU",
                              {"INFERENCE_NUM_THREADS": THREADS, "PERFORMANCE_HINT": "THROUGHPUT"})
colors = np.random.default_rng(3).integers(0, 255, (1, 256, 3), dtype=np.uint8)


def overlay(frame, result):
    labels = result[0].argmax(0).astype(np.uint8) if kind == "coarse" else result[0]
    labels = cv2.resize(labels, frame.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    return cv2.addWeighted(frame, 0.6, cv2.LUT(cv2.cvtColor(labels, cv2.COLOR_GRAY2BGR), colors), 0.4, 0)


def run(limit):
    reader = cv2.VideoCapture(clip, cv2.CAP_FFMPEG)
    size = int(reader.get(cv2.CAP_PROP_FRAME_WIDTH)), int(reader.get(cv2.CAP_PROP_FRAME_HEIGHT))
    writer = cv2.VideoWriter(out, cv2.VideoWriter_fourcc(*"mp4v"), 30, size)
    decoded, labelled = queue.Queue(4), queue.Queue(4)

    def read():
        for index in range(limit):
            good, frame = reader.read()
            if not good:
                break
            decoded.put((index, frame, cv2.resize(frame, (columns, rows))[None]))
        decoded.put(None)

    written = [0]

    def write():
        waiting, turn = {}, 0
        while (item := labelled.get()) is not None:
            waiting[item[0]] = item[1:]
            while turn in waiting:
                writer.write(overlay(*waiting.pop(turn)))
                turn += 1
        written[0] = turn

    workers = [threading.Thread(target=t) for t in (read, write)]
    for worker in workers:
        worker.start()
    jobs = openvino.AsyncInferQueue(compiled, compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS") + 1)
    jobs.set_callback(lambda request, data: labelled.put(data + (np.array(request.get_output_tensor().data),)))
    while (item := decoded.get()) is not None:
        jobs.start_async({0: item[2]}, item[:2])
    jobs.wait_all()
    labelled.put(None)
    for worker in workers:
        worker.join()
    writer.release()
    return written[0]


run(10)
start, cpu = time.perf_counter(), time.process_time()
frames = run(1 << 30)
took, cpu = time.perf_counter() - start, time.process_time() - cpu
print(json.dumps({"fps": round(frames / took, 2), "frames": frames, "cpu_ms": round(cpu / frames * 1e3, 2)}))
