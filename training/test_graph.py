# SPDX-License-Identifier: Apache-2.0
"""The torch form of a network against ONNX Runtime, and its weights on the way out and in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from safetensors.torch import load_file

import train
from average import average
from graph import GraphError, load_graph
from toys import Builder, given, small_network

ort = pytest.importorskip("onnxruntime")


def compare(path: Path, seed: int = 0) -> float:
    """Largest difference from ONNX Runtime, relative to the largest value."""
    module = load_graph(path).eval()
    image = np.random.default_rng(seed).normal(size=(1, 3, *module.input_size[::-1])).astype(np.float32)
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    expected = dict(zip([o.name for o in session.get_outputs()], session.run(None, {"image": image})))
    with torch.no_grad():
        actual = module(torch.from_numpy(image))
    return max(float(np.abs(actual[k].numpy() - v).max() / np.abs(v).max()) for k, v in expected.items())


def test_small_graph_equals_onnxruntime(tmp_path: Path) -> None:
    assert compare(small_network(tmp_path / "small.onnx")) < 1e-5


@pytest.mark.parametrize("kind, attributes, constants", [
    ("DepthToSpace", {"blocksize": 2, "mode": "CRD"}, []),
    ("DepthToSpace", {"blocksize": 2, "mode": "DCR"}, []),
    ("SpaceToDepth", {"blocksize": 2}, []),
    ("MaxPool", {"kernel_shape": [5, 5], "strides": [1, 1], "pads": [2, 2, 2, 2]}, []),
    ("AveragePool", {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1], "ceil_mode": 1}, []),
    ("Pad", {}, [[0, 0, 1, 2, 0, 0, 3, 4]]),
    ("Slice", {}, [[1, 0], [9, 100], [2, 1], [2, 3]]),
    ("ReduceSum", {"keepdims": 0}, [[2]]),
    ("Reshape", {}, [[1, 4, 3, -1]]),
    ("Softmax", {"axis": 2}, []),
])
def test_operator_equals_onnxruntime(
        tmp_path: Path, kind: str, attributes: dict[str, Any], constants: list[list[int]]) -> None:
    b = Builder()
    b.add(kind, ["image"] + [b.constant(c, np.int64) for c in constants], **attributes)
    model = b.model((8, 12), "y", 1)
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 12
    del model.graph.output[0].type.tensor_type.shape.dim[:]
    model.graph.output[0].type.tensor_type.ClearField("shape")
    image = b.rng.normal(size=(1, 12, 12, 8)).astype(np.float32)
    onnx.save(model, str(tmp_path / "one.onnx"))
    expected = ort.InferenceSession(model.SerializeToString()).run(None, {"image": image})[0]
    module = load_graph(tmp_path / "one.onnx")
    actual = module(torch.from_numpy(image))["y"]
    assert np.abs(actual.numpy() - expected).max() < 1e-5
    pair = module(torch.from_numpy(np.concatenate([image, -image])))["y"]
    assert pair.shape[0] == 2 and torch.equal(pair[:1], actual)


def test_unknown_operator_is_named(tmp_path: Path) -> None:
    b = Builder()
    b.add("Erf", ["image"])
    onnx.save(b.model((8, 8), "y", 3), str(tmp_path / "bad.onnx"))
    with pytest.raises(GraphError, match="Erf"):
        load_graph(tmp_path / "bad.onnx")


def test_exported_graph_equals_onnxruntime() -> None:
    assert compare(given("ROADMASK_MODEL")) < 2e-5


def test_state_is_the_initialisers(tmp_path: Path) -> None:
    path = small_network(tmp_path / "small.onnx")
    expected = {i.name: tuple(i.dims) for i in onnx.load(str(path)).graph.initializer}
    module = load_graph(path)
    assert {k: tuple(v.shape) for k, v in module.state_dict().items()} == expected
    trained = {n for n, _ in module.named_parameters()}
    assert not any(n.endswith((".mean", ".variance")) for n in trained)


def test_weights_round_trip(tmp_path: Path) -> None:
    path = small_network(tmp_path / "small.onnx")
    module = load_graph(path).to(memory_format=torch.channels_last)
    train.save_weights(module.state_dict(), tmp_path / "w.safetensors")
    assert all(torch.equal(v, module.state_dict()[k]) for k, v in load_file(str(tmp_path / "w.safetensors")).items())
    other = load_graph(path)
    with torch.no_grad():
        for value in other.parameters():
            value.zero_()
    train.load_weights(other, tmp_path / "w.safetensors")
    assert all(torch.equal(v, other.state_dict()[k]) for k, v in module.state_dict().items())


def test_wrong_weights_are_named(tmp_path: Path) -> None:
    module = load_graph(small_network(tmp_path / "small.onnx"))
    state = module.state_dict()
    state["stray"] = state.pop("fuse.weight")
    train.save_weights(state, tmp_path / "w.safetensors")
    with pytest.raises(RuntimeError, match=r"(?s)fuse\.weight.*stray"):
        train.load_weights(module, tmp_path / "w.safetensors")


def test_average_of_states() -> None:
    first = {"w": torch.tensor([1.0, 5.0]), "b": torch.zeros(1)}
    second = {"w": torch.tensor([3.0, 7.0]), "b": torch.ones(1)}
    mean = average([first, second, second])
    assert torch.allclose(mean["w"], torch.tensor([7 / 3, 19 / 3]).double())
    assert mean["b"].item() == pytest.approx(2 / 3)
    with pytest.raises(ValueError, match="different networks"):
        average([first, {"w": torch.zeros(3), "b": torch.zeros(1)}])
