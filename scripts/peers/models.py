# SPDX-License-Identifier: Apache-2.0
"""Writes the files that both sides run: NAME.onnx in float, NAME.int8.onnx with QuantizeLinear and DequantizeLinear
(u8 activations, s8 weights with a scale for each channel, the last Resize and ArgMax in float), NAME.scores.*.onnx
without those two.

    python models.py FOLDER ROADMASK MODELS SIZE...     SIZE is WIDTHxHEIGHT
"""
import json
import logging
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from nets import NETS, build

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)


class Pictures(CalibrationDataReader):
    """Four pictures of soft random patches."""

    def __init__(self, rows, columns):
        random = np.random.default_rng(7)
        small = random.random((4, 3, rows // 24 + 1, columns // 24 + 1))
        large = small.repeat(24, 2).repeat(24, 3)[:, :, :rows, :columns] + random.normal(0, 0.03, (4, 3, rows, columns))
        self.left = [{"image": ((p[None] - 0.45) / 0.225).astype(np.float32)} for p in large]

    def get_next(self):
        return self.left.pop() if self.left else None


def quantize(source, target, size):
    """All but Resize and ArgMax at the end."""
    nodes = onnx.load(source).graph.node
    tail = [n.name for n in nodes[-2:] if n.op_type in ("Resize", "ArgMax") and nodes[-1].op_type == "ArgMax"]
    quantize_static(source, target, Pictures(*size), quant_format=QuantFormat.QDQ, per_channel=True,
                    activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8, nodes_to_exclude=tail,
                    extra_options={"WeightSymmetric": True})
    # The quantiser drops what the file says about itself.
    model, about = onnx.load(target), onnx.load(source).metadata_props
    del model.metadata_props[:]
    model.metadata_props.extend(about)
    onnx.save(model, target)


def reference_nets(folder, width, height):
    for name in NETS:
        stem = f"{folder}/{name}_{width}x{height}"
        for output, middle in (("classes", ""), ("scores", ".scores")):
            if Path(f"{stem}{middle}.int8.onnx").exists():
                continue
            model, macs = build(name, height, width, output)
            onnx.save(model, f"{stem}{middle}.onnx")
            quantize(f"{stem}{middle}.onnx", f"{stem}{middle}.int8.onnx", (height, width))
            print(f"{stem}{middle}: {macs / 1e9:.2f} GMAC", file=sys.stderr)


def choices_of(model):
    """The options of `roadmask model build` that give this network."""
    words = next(p.value for p in model.metadata_props if p.key == "roadmask.network").split()
    return [part for word in words for part in ("--" + word.partition("=")[0], word.partition("=")[2])]


def weights_of(model, path):
    """The trained numbers of a model as a .safetensors file."""
    header, blob = {}, b""
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor).astype(np.float32)
        header[tensor.name] = {"dtype": "F32", "shape": list(values.shape),
                               "data_offsets": [len(blob), len(blob) + values.nbytes]}
        blob += values.tobytes()
    text = json.dumps(header).encode()
    Path(path).write_bytes(len(text).to_bytes(8, "little") + text + blob)


def with_classes(source, target, width, height):
    """The model with Resize and ArgMax behind its scores."""
    model = onnx.load(source)
    graph = model.graph
    scores = graph.output[0]
    extents = [d.dim_value for d in scores.type.tensor_type.shape.dim]
    graph.initializer.append(numpy_helper.from_array(np.array(extents[:2] + [height, width], np.int64), "tail.sizes"))
    graph.node.append(helper.make_node("Resize", [scores.name, "", "", "tail.sizes"], ["tail.large"],
                                       name="tail.resize", mode="linear",
                                       coordinate_transformation_mode="half_pixel"))
    graph.node.append(helper.make_node("ArgMax", ["tail.large"], ["tail.classes"], name="tail.argmax", axis=1,
                                       keepdims=0))
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info("tail.classes", TensorProto.INT64, [1, height, width]))
    onnx.save(model, target)


def shipped(folder, roadmask, models, width, height):
    """The shipped network at this size, from its own weights."""
    stem, source = f"{folder}/srm-crm_{width}x{height}", Path(models) / "srm-crm.onnx"
    made = Path(f"{stem}.int8.onnx")
    if made.exists() and made.stat().st_mtime > source.stat().st_mtime:
        return
    # Its graphs take sides that are multiples of 32.
    rows, columns = (height + 31) // 32 * 32, (width + 31) // 32 * 32
    model = onnx.load(source)
    weights_of(model, f"{folder}/srm-crm.safetensors")
    subprocess.run([roadmask, "model", "build", *choices_of(model), "--size", f"{columns}x{rows}", "--weights",
                    f"{folder}/srm-crm.safetensors", "-o", f"{stem}.scores.onnx", "-y"], check=True)
    subprocess.run([roadmask, "quantize", f"{stem}.scores.onnx", "--calib", "test:street?seconds=2", "-o",
                    f"{stem}.scores.int8.onnx", "-y"], check=True)
    for kind in ("", ".int8"):
        with_classes(f"{stem}.scores{kind}.onnx", f"{stem}{kind}.onnx", columns, rows)


def main():
    folder, roadmask, models, *sizes = sys.argv[1:]
    Path(folder).mkdir(parents=True, exist_ok=True)
    for size in sizes:
        width, height = map(int, size.split("x"))
        reference_nets(folder, width, height)
        shipped(folder, roadmask, models, width, height)


if __name__ == "__main__":
    main()
