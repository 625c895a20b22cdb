# SPDX-License-Identifier: Apache-2.0
"""Starts from networks that are trained already."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import helper
from torch import Tensor, fx

from graph import BatchNorm, load_graph
from pretrained import (
    TFLite, backbone_prefixes, start_from_onnx, start_from_tflite, start_from_torch, values_of)
from toys import given, small_network

ort = pytest.importorskip("onnxruntime")


class Folded(fx.Interpreter):
    """The network as the tflite has it: convolution plus folded bias instead of BatchNormalization."""

    def __init__(self, module: fx.GraphModule, biases: dict[int, Tensor]) -> None:
        super().__init__(module)
        self.biases = biases
        self.seen: list[Tensor] = []

    def call_module(self, target: str, args: tuple[Tensor, ...], kwargs: dict[str, Any]) -> Any:
        folded, norm = self.biases.get(id(args[2])), self.submodules[target]
        if folded is None or not isinstance(norm, BatchNorm):
            out = super().call_module(target, args, kwargs)
        else:
            out = (args[0] + folded[:, None, None]).clamp(*norm.limits)
        self.seen.append(out)
        return out


@torch.no_grad()
def test_pretrained_start_reproduces_the_folded_network() -> None:
    module, tflite = load_graph(given("ROADMASK_MODEL")).eval(), given("ROADMASK_TFLITE")
    generator = torch.Generator().manual_seed(1)
    images = torch.rand(2, 3, *module.input_size[::-1], generator=generator) * 2 - 1
    prefixes = start_from_tflite(module, tflite, images)
    assert len(prefixes) == 51 and prefixes == backbone_prefixes(set(module.state_dict()))
    state = dict(module.named_parameters())
    layers = TFLite(tflite.read_bytes()).convolutions()
    biases = {id(state[f"{p}.bn.bias"]): torch.from_numpy(b) for p, (_, b) in zip(prefixes, layers)}
    folded, normalised = Folded(module, biases), Folded(module, {})
    other = torch.rand(1, 3, *module.input_size[::-1], generator=generator) * 2 - 1
    folded.run(other)
    normalised.run(other)
    for a, b in zip(folded.seen[:51], normalised.seen[:51]):
        assert (a - b).abs().max() < 1e-3 * a.abs().max()


def efficientnet_file(path: Path, module: fx.GraphModule) -> Path:
    """Random tensors under the names of an EfficientNet-Lite checkpoint, for the backbone of `module`."""
    layers = {"expand": ("_expand_conv", "_bn0"), "dw": ("_depthwise_conv", "_bn1"),
              "project": ("_project_conv", "_bn2")}
    parts = {"scale": "weight", "bias": "bias", "mean": "running_mean", "variance": "running_var"}
    tensors = {"_conv_head.weight": torch.zeros(1), "_bn0.num_batches_tracked": torch.zeros(1)}
    for name, value in values_of(module).items():
        match name.split("."):
            case ["backbone", "stem", "weight"]:
                key = "_conv_stem.weight"
            case ["backbone", "stem", "bn", part]:
                key = f"_bn0.{parts[part]}"
            case ["backbone", block, layer, "weight"]:
                key = f"_blocks.{int(block[1:]) - 1}.{layers[layer][0]}.weight"
            case ["backbone", block, layer, "bn", part]:
                key = f"_blocks.{int(block[1:]) - 1}.{layers[layer][1]}.{parts[part]}"
            case _:
                continue
        tensors[key] = torch.rand(value.shape)
    torch.save(tensors, path)
    return path


def test_start_from_an_efficientnet_takes_every_tensor(tmp_path: Path) -> None:
    module = load_graph(small_network(tmp_path / "small.onnx"))
    file = efficientnet_file(tmp_path / "lite.pth", module)
    there = torch.load(file, weights_only=True)
    names = start_from_torch(module, file)
    held = values_of(module)
    assert sorted(names) == sorted(n for n in held if n.startswith("backbone."))
    assert torch.equal(held["backbone.stem.weight"], there["_conv_stem.weight"])
    assert torch.equal(held["backbone.b01.dw.bn.variance"], there["_blocks.0._bn1.running_var"])

    del there["_blocks.0._bn1.running_var"]
    torch.save(there, file)
    with pytest.raises(ValueError, match="backbone.b01.dw.bn.variance.*nothing"):
        start_from_torch(module, file)
    torch.save({**there, "_blocks.0._se_reduce.weight": torch.zeros(1)}, file)
    with pytest.raises(ValueError, match="_se_reduce.weight is no tensor of EfficientNet-Lite"):
        start_from_torch(module, file)


def test_start_from_a_deployed_network_computes_the_same(tmp_path: Path) -> None:
    deployed, form = Path(__file__).parent.parent / "models" / "srm-crm.onnx", tmp_path / "form.onnx"
    subprocess.run([given("ROADMASK"), "model", "build", "srm-crm", "--backbone", "efficientnet-lite2", "--training",
                    "--size", "640x480", "-o", form], check=True, capture_output=True)
    module = load_graph(form).eval()
    generator = torch.Generator().manual_seed(1)
    images = torch.rand(2, 3, *module.input_size[::-1], generator=generator) * 2 - 1
    assert len(start_from_onnx(module, deployed, images)) == 84
    other = torch.rand(1, 3, *module.input_size[::-1], generator=generator) * 2 - 1
    expected = ort.InferenceSession(str(deployed), providers=["CPUExecutionProvider"]).run(
        ["logits"], {"image": other.numpy()})[0]
    with torch.no_grad():
        actual = module(other)["logits"].numpy()
    assert np.abs(actual - expected).max() < 1e-3 * np.abs(expected).max()


def test_start_takes_the_parts_asked_for(tmp_path: Path) -> None:
    path = small_network(tmp_path / "small.onnx")
    module, images = load_graph(path), torch.zeros(1, 3, 64, 64)
    assert set(start_from_onnx(module, path, images, ("backbone.",))) == {"backbone.stem", "backbone.b01.dw"}
    with pytest.raises(ValueError, match="no layer"):
        start_from_onnx(module, path, images, ("nosuch.",))


def test_start_from_another_network_is_refused(tmp_path: Path) -> None:
    module = load_graph(small_network(tmp_path / "small.onnx"))
    other = tmp_path / "other.onnx"
    onnx.save(helper.make_model(helper.make_graph([], "empty", [], [], [])), str(other))
    with pytest.raises(ValueError, match="no layer"):
        start_from_onnx(module, other, torch.zeros(1, 3, 64, 64))
