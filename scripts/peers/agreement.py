# SPDX-License-Identifier: Apache-2.0
"""Holds the labels that Roadmask, ONNX Runtime and OpenVINO give with one model against each other, pixel by pixel.

    python agreement.py ROADMASK MODEL PICTURES [--count N] [--float MODEL]

PICTURES is a folder of pictures of the model's own size. Peers see them as Roadmask decodes them, and their scores are
upsampled bilinearly by hand. --float adds the labels of another model, in ONNX Runtime. Needs the ffmpeg program.
"""
import argparse
import itertools
import subprocess
import tempfile
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime
import openvino


class Form:
    """How a model wants its pictures."""

    def __init__(self, path):
        model = onnx.load(path)
        about = {entry.key: entry.value for entry in model.metadata_props}
        self.rows, self.columns = (d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim[2:])
        self.width, self.height = map(int, about.get("picture", f"{self.columns}x{self.rows}").split("x"))
        self.mean, self.scale = (np.array([float(word) for word in about.get(key, standard).split(",")], np.float32)
                                 for key, standard in (("mean", "0"), ("scale", str(1 / 255))))

    def tensor(self, planes):
        """Of yuv420p, BT.601, limited range; chroma lies on the left column and between the rows of its four pixels."""
        width, height = self.width, self.height
        y, u, v = np.split(planes.astype(np.float32), [width * height, width * height * 5 // 4])
        across = (np.arange(width) / 2)[None].repeat(height, 0).astype(np.float32)
        down = ((np.arange(height) - 0.5) / 2)[:, None].repeat(width, 1).astype(np.float32)
        u, v = (cv2.remap(plane.reshape(height // 2, width // 2) - 128, across, down, cv2.INTER_LINEAR,
                          borderMode=cv2.BORDER_REPLICATE) for plane in (u, v))
        y = (y.reshape(height, width) - 16) * (255 / 219)
        u, v = u * (255 / 224), v * (255 / 224)
        picture = np.stack([y + 1.402 * v, y - 0.344136 * u - 0.714136 * v, y + 1.772 * u], 2).round().clip(0, 255)
        tensor = np.zeros((1, 3, self.rows, self.columns), np.float32)
        tensor[0, :, :height, :width] = ((picture - self.mean) * self.scale).transpose(2, 0, 1)
        return tensor

    def labels(self, scores):
        large = cv2.resize(scores[0].transpose(1, 2, 0), (self.columns, self.rows), interpolation=cv2.INTER_LINEAR)
        return large[:self.height, :self.width].argmax(2).astype(np.uint8)


def onnxruntime_runner(path, level):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = level
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda tensor: session.run(None, {name: tensor})[0]


def openvino_runner(path):
    compiled = openvino.Core().compile_model(path, "CPU")
    return lambda tensor: compiled(tensor)[0]


def ours(roadmask, model, pictures, count):
    """Labels, and the planes of the pictures that they are of."""
    with tempfile.TemporaryDirectory() as folder:
        films = f"{folder}/labels.mkv", f"{folder}/frames.mkv"
        subprocess.run([roadmask, "run", pictures, films[1], "-m", model, "--frames", str(count), "--mask", films[0],
                        "--alpha", "0", "-c:v", "ffv1", "-q"], check=True)
        bytes_of = [subprocess.run(["ffmpeg", "-v", "error", "-i", film, "-f", "rawvideo", "-"], check=True,
                                   capture_output=True).stdout for film in films]
    return (np.frombuffer(data, np.uint8).reshape(count, -1) for data in bytes_of)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("roadmask")
    parser.add_argument("model")
    parser.add_argument("pictures")
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--float", dest="real")
    options = parser.parse_args()
    form = Form(options.model)
    levels = onnxruntime.GraphOptimizationLevel
    peers = {
        "ONNX Runtime": onnxruntime_runner(options.model, levels.ORT_ENABLE_ALL),
        "ONNX Runtime, unoptimised": onnxruntime_runner(options.model, levels.ORT_DISABLE_ALL),
        "OpenVINO": openvino_runner(options.model),
    }
    if options.real:
        peers["float model"] = onnxruntime_runner(options.real, levels.ORT_ENABLE_ALL)
    count = min(options.count, sum(path.suffix in (".png", ".jpg") for path in Path(options.pictures).iterdir()))
    labels = {}
    labels["Roadmask"], films = ours(options.roadmask, options.model, options.pictures, count)
    tensors = [form.tensor(planes) for planes in films]
    for name, run in peers.items():
        labels[name] = [form.labels(run(tensor)).ravel() for tensor in tensors]
    print(f"{count} pictures, {form.width}x{form.height}: pixels of the same label")
    for a, b in itertools.combinations(labels, 2):
        same = np.mean([np.mean(x == y) for x, y in zip(labels[a], labels[b], strict=True)])
        print(f"{100 * same:8.3f} %  {a} - {b}")


if __name__ == "__main__":
    main()
