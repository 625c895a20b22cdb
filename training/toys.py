# SPDX-License-Identifier: Apache-2.0
"""What the tests share: a small network, a little data, a short run, and files named by the environment.

ROADMASK_MODEL    a training form with a MobileNetV2 backbone, 480x384 (`roadmask model build`)
ROADMASK_TFLITE   MobileNetV2-1.0, per-channel int8
ROADMASK          the program
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

import train
from labels import CAMVID


def given(name: str) -> Path:
    """The file that a variable of the environment names; the test is skipped where it is absent."""
    path = os.environ.get(name)
    if not path or not Path(path).exists():
        pytest.skip(f"{name} is not set to a file")
    return Path(path)


class Builder:
    """Nodes in order, with random initialisers."""

    def __init__(self, seed: int = 0) -> None:
        self.rng = np.random.default_rng(seed)
        self.nodes: list[onnx.NodeProto] = []
        self.initialisers: list[TensorProto] = []

    def add(self, kind: str, inputs: list[str], **attributes: Any) -> str:
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def constant(self, value: Any, dtype: Any = np.float32) -> str:
        return self.add("Constant", [], value=numpy_helper.from_array(np.array(value, dtype)))

    def initialiser(self, name: str, value: np.ndarray) -> str:
        self.initialisers.append(numpy_helper.from_array(value.astype(np.float32), name))
        return name

    def conv(self, x: str, name: str, shape: tuple[int, ...], bias: bool = False, **attributes: Any) -> str:
        operands = [x, self.initialiser(f"{name}.weight", self.rng.normal(0, 0.3, shape))]
        if bias:
            operands.append(self.initialiser(f"{name}.bias", self.rng.normal(size=shape[0])))
        return self.add("Conv", operands, kernel_shape=list(shape[2:]), **attributes)

    def norm(self, x: str, name: str, channels: int) -> str:
        values = {"scale": 1.0, "bias": 0.1, "mean": 0.2, "variance": 1.5}
        operands = [x] + [self.initialiser(f"{name}.bn.{k}", v * self.rng.uniform(0.5, 1.5, channels))
                          for k, v in values.items()]
        return self.add("BatchNormalization", operands, epsilon=1e-3)

    def model(self, size: tuple[int, int], output: str, channels: int) -> onnx.ModelProto:
        width, height = size
        self.nodes[-1].output[0] = output
        graph = helper.make_graph(
            self.nodes, "small",
            [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, height, width])],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, [1, channels, height // 4, width // 4])],
            self.initialisers)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        classes = CAMVID[:channels]
        helper.set_model_props(model, {"classes": ",".join(classes), "palette": ",".join(
            f"#{40 + 15 * i:02x}8040" for i in range(len(classes)))})
        return model


def small_network(path: Path, size: tuple[int, int] = (64, 64)) -> Path:
    """Stem, gate, warp by learnt offsets, classifier: 11 classes at a quarter of the size."""
    b, (w, h) = Builder(), (size[0] // 4, size[1] // 4)
    x = b.norm(b.conv("image", "backbone.stem", (8, 3, 3, 3), strides=[2, 2], pads=[0, 0, 1, 1]), "backbone.stem", 8)
    x = b.add("Clip", [x, b.constant(0), b.constant(6)])
    fine = b.conv(x, "backbone.b01.dw", (8, 1, 3, 3), strides=[2, 2], pads=[0, 0, 1, 1], group=8)
    fine = b.norm(fine, "backbone.b01.dw", 8)
    coarse = b.add("AveragePool", [fine], kernel_shape=[2, 2], strides=[2, 2])
    gate = b.add("Sigmoid", [b.conv(b.add("GlobalAveragePool", [coarse]), "gate", (8, 8, 1, 1), bias=True)])
    coarse = b.add("Mul", [coarse, gate])
    sizes = b.constant([1, 8, h, w], np.int64)
    up = b.add("Resize", [coarse, "", "", sizes], mode="linear", coordinate_transformation_mode="half_pixel")
    both = b.add("Concat", [up, fine], axis=1)
    offset = b.add("Clip", [b.conv(both, "offset", (2, 16, 3, 3), pads=[1] * 4), b.constant(-2), b.constant(2)])
    mask = b.add("Softmax", [b.conv(both, "mask", (2, 16, 1, 1), bias=True)], axis=1)
    moved = b.add("Transpose", [b.add("Mul", [offset, mask])], perm=[0, 2, 3, 1])
    base = np.stack(np.meshgrid((np.arange(w) + 0.5) * 2 / w - 1, (np.arange(h) + 0.5) * 2 / h - 1), -1)[None]
    grid = b.add("Add", [b.constant(base), b.add("Mul", [moved, b.constant([2 / w, 2 / h])])])
    warped = b.add("GridSample", [coarse, grid], mode="bilinear", padding_mode="border", align_corners=0)
    fused = b.norm(b.conv(b.add("Add", [warped, fine]), "fuse", (8, 8, 3, 3), pads=[1] * 4), "fuse", 8)
    b.conv(b.add("Relu", [fused]), "tail.classifier", (11, 8, 1, 1), bias=True)
    onnx.save(b.model(size, "logits", 11), str(path))
    return path


def tiny_data(root: Path, count: int = 4, size: tuple[int, int] = (60, 45)) -> Path:
    rng = np.random.default_rng(3)
    for split in ("train", "val", "test"):
        for kind in (split, f"{split}annot"):
            (root / "camvid" / kind).mkdir(parents=True)
        for i in range(count):
            label = rng.integers(0, 12, (5, 6), np.uint8).repeat(9, 0).repeat(10, 1)
            image = (label[..., None] * 20 + rng.integers(0, 15, (*label.shape, 3))).astype(np.uint8)
            Image.fromarray(image).save(root / "camvid" / split / f"{i}.png")
            Image.fromarray(label).save(root / "camvid" / f"{split}annot" / f"{i}.png")
    return root


def run(root: Path, out: str, *options: str) -> train.Trainer:
    trainer = train.Trainer(train.parse([
        "--model", str(root / "small.onnx"), "--data", str(root), "--out", str(root / out), "--batch", "2",
        "--iterations", "8", "--score-every", "0", "--grid-every", "0", "--save-every", "0", "--warmup", "2",
        "--threads", "1", *options]))
    trainer.run()
    return trainer
