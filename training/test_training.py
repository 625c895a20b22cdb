# SPDX-License-Identifier: Apache-2.0
"""Tests of training/. Those that need data take it from the environment and say so when it is absent:

ROADMASK_MODEL    a training form with a MobileNetV2 backbone, 480x384 (`roadmask model build`)
ROADMASK_TFLITE   MobileNetV2-1.0, per-channel int8
ROADMASK          the program
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor, fx

import camvid
import train
from average import average
from graph import BatchNorm, GraphError, load_graph
from losses import area_loss, lattice, teacher_loss
from memory import MOMENTUM, NAME, Memory
from pretrained import (
    TFLite, backbone_prefixes, start_from_onnx, start_from_tflite, start_from_torch, values_of)

ort = pytest.importorskip("onnxruntime")


def given(name: str) -> Path:
    path = os.environ.get(name)
    if not path or not Path(path).exists():
        pytest.skip(f"{name} is not set to a file")
    return Path(path)


# A small network with every kind of node the SRM/CRM graph has ----------------------------------------------------


class Builder:
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
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


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


# The pretrained start ---------------------------------------------------------------------------------------------


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


# The memory of MCIBI ----------------------------------------------------------------------------------------------


def memory_of(rows: Tensor) -> Memory:
    root = torch.nn.Module()
    owner = root
    for part in NAME.split(".")[:-1]:
        owner.add_module(part, torch.nn.Module())
        owner = getattr(owner, part)
    owner.register_parameter(NAME.split(".")[-1], torch.nn.Parameter(rows))
    return Memory(root)  # type: ignore[arg-type]


def test_memory_begins_with_the_mean_and_moves_towards_unlike_pixels() -> None:
    memory = memory_of(torch.zeros(3, 2))
    features = torch.tensor([[[[1.0, 3.0]], [[0.0, 0.0]]]])  # [1,2,1,2]: pixels (1,0) and (3,0)
    memory.update(features, torch.tensor([[[1, 1]]]), 1.0)
    assert memory.rows.tolist() == [[0, 0], [2, 0], [0, 0]]
    # (1,0) is like the row and weighs nothing; (0,4) is at a right angle and weighs all.
    features = torch.tensor([[[[1.0, 0.0]], [[0.0, 4.0]]]])
    memory.update(features, torch.tensor([[[1, 1]]]), 0.5)
    share = 0.5 * MOMENTUM
    assert torch.allclose(memory.rows[1], torch.tensor([2 * (1 - share), 4 * share]))
    assert not memory.rows.requires_grad


def test_memory_ignores_void_and_absent_classes() -> None:
    memory = memory_of(torch.ones(2, 1))
    memory.update(torch.full((1, 1, 2, 2), 5.0), torch.full((1, 4, 4), camvid.IGNORE), 1.0)
    assert memory.rows.tolist() == [[1], [1]]


# Data and training ------------------------------------------------------------------------------------------------


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
        "--iterations", "8", "--score-every", "0", "--save-every", "0", "--warmup", "2", "--threads", "1", *options]))
    trainer.run()
    return trainer


def test_a_teacher_is_followed_and_left_alone(tmp_path: Path) -> None:
    """With the teacher's weight far above the labels', the network comes nearer to it."""
    small_network(tmp_path / "small.onnx")
    tiny_data(tmp_path)
    b = Builder(seed=7)
    x = b.conv("image", "only", (11, 3, 5, 5), bias=True, strides=[4, 4], pads=[1, 1, 0, 0])
    b.add("Clip", [x, b.constant(-9), b.constant(9)])
    onnx.save(b.model((64, 64), "logits", 11), str(tmp_path / "teacher.onnx"))

    def distance(trainer: train.Trainer) -> float:
        trainer.module.eval()
        images = trainer.batches.make(99)[0]
        with torch.no_grad():
            return float(teacher_loss(trainer.forward(images)["logits"], taught(images)["logits"]))

    taught = load_graph(tmp_path / "teacher.onnx")
    alone = run(tmp_path, "alone", "--iterations", "30", "--lr", "1e-2")
    led = run(tmp_path, "led", "--iterations", "30", "--lr", "1e-2", "--teacher", str(tmp_path / "teacher.onnx"),
              "--teach", "100")
    assert distance(led) < 0.7 * distance(alone)
    for name, value in taught.state_dict().items():
        assert torch.equal(value, led.teacher.state_dict()[name]), name


def test_one_run_gives_the_head_and_another_network_the_backbone(tmp_path: Path) -> None:
    small_network(tmp_path / "small.onnx")
    tiny_data(tmp_path)
    given = {name: value + 1 for name, value in load_graph(tmp_path / "small.onnx").state_dict().items()}
    train.save_weights(given, tmp_path / "given.safetensors")
    started = run(tmp_path, "run", "--iterations", "0", "--init", str(tmp_path / "given.safetensors"),
                  "--pretrained", str(tmp_path / "small.onnx"), "--parts", "backbone.").module.state_dict()
    for name, value in given.items():
        if name.endswith("weight"):
            assert torch.allclose(started[name], value - int(name.startswith("backbone.")), atol=1e-6), name


def test_resuming_equals_not_stopping(tmp_path: Path) -> None:
    small_network(tmp_path / "small.onnx")
    tiny_data(tmp_path)
    straight = run(tmp_path, "straight")
    run(tmp_path, "parts", "--stop", "3")
    resumed = run(tmp_path, "parts")
    assert resumed.iteration == 8
    for name, value in straight.module.state_dict().items():
        assert torch.equal(value, resumed.module.state_dict()[name]), name
        assert torch.equal(straight.average.state[name], resumed.average.state[name]), name


def test_other_settings_do_not_resume(tmp_path: Path) -> None:
    small_network(tmp_path / "small.onnx")
    tiny_data(tmp_path)
    run(tmp_path, "run", "--stop", "2")
    with pytest.raises(SystemExit, match="other settings"):
        run(tmp_path, "run", "--lr", "1e-3")


def test_training_changes_weights_and_statistics_only(tmp_path: Path) -> None:
    small_network(tmp_path / "small.onnx")
    before = load_graph(tmp_path / "small.onnx")
    after = run(tiny_data(tmp_path), "run").module
    assert all(not torch.equal(v, after.state_dict()[k]) for k, v in before.state_dict().items())
    fixed = [k for k, _ in before.named_buffers() if k.startswith("_constants.")]
    assert fixed and all(torch.equal(before.get_buffer(k), after.get_buffer(k)) for k in fixed)


def test_crops_and_share(tmp_path: Path) -> None:
    frames = camvid.read_camvid(tiny_data(tmp_path), "train")
    assert all(set(np.unique(f.label)) <= set(range(11)) | {camvid.IGNORE} for f in frames)
    extra = [camvid.Frame(np.full((90, 120, 3), 200, np.uint8), np.full((90, 120), 3, np.uint8))]
    batches = camvid.Batches(frames, 4, 1, camvid.Augmentation(size=(480, 384)), extra, share=0.5)
    images, labels = batches.make(5)
    assert images.shape == (4, 3, 384, 480) and labels.shape == (4, 384, 480)
    outside = labels == camvid.IGNORE
    assert float(images.abs().max()) <= 1 and bool(outside[:, -1].any())
    assert all(torch.equal(a, b) for a, b in zip(batches.make(5), (images, labels)))
    only_road = sum(set(l.unique().tolist()) <= {3, camvid.IGNORE} for i in range(10) for l in batches.make(i)[1])
    assert 8 <= only_road <= 32


def test_picture_and_label_stay_aligned() -> None:
    label = np.zeros((360, 480), np.uint8)
    label[100:260, 150:330] = 3
    image = np.repeat((label > 0)[..., None], 3, axis=2).astype(np.uint8) * 255
    for seed in range(8):
        rng = np.random.default_rng(seed)
        pixels, classes = camvid.augment(rng, camvid.Frame(image, label), camvid.Augmentation(blur=0))
        bright = pixels[0] > (pixels[0].max() + pixels[0].min()) / 2
        wrong = (bright != (classes == 3)) & (classes != camvid.IGNORE)
        assert wrong.mean() < 0.005


def test_area_loss_of_settled_pixels_is_the_iou_lost() -> None:
    """Where every pixel is sure of one class, the Lovász extension is 1 - IoU itself."""
    target = torch.randint(0, 3, (2, 9, 9), generator=torch.Generator().manual_seed(1))
    target[0, :2] = camvid.IGNORE
    said = target.clamp(max=2).roll(1, 2)
    full = 200.0 * torch.nn.functional.one_hot(said, 3).permute(0, 3, 1, 2).float()
    matrix = camvid.confusion(target.numpy().reshape(-1), said.numpy().reshape(-1))
    expected = float(np.mean(1 - camvid.iou(matrix)[:3]))
    assert abs(float(area_loss(full, target)) - expected) < 1e-5
    right = 200.0 * torch.nn.functional.one_hot(target.clamp(max=2), 3).permute(0, 3, 1, 2).float()
    assert float(area_loss(right, target)) < 1e-6
    assert float(area_loss(full, torch.full_like(target, camvid.IGNORE))) == 0


def test_losses_see_all_pixels_in_turn() -> None:
    """Nine iterations together see what one interpolation to full size gives."""
    logits = torch.randn(2, 3, 4, 5, generator=torch.Generator().manual_seed(1))
    target = torch.arange(2 * 16 * 20).reshape(2, 16, 20)
    full = torch.nn.functional.interpolate(logits, size=(16, 20), mode="bilinear", align_corners=False)
    seen = torch.zeros(2 * 16 * 20, 3)
    for iteration in range(9):
        points, labels = lattice(logits, target, iteration)
        seen[labels.reshape(-1)] = points.permute(0, 2, 3, 1).reshape(-1, 3)
    assert torch.allclose(seen.reshape(2, 16, 20, 3).permute(0, 3, 1, 2), full, atol=1e-5)


def test_frozen_layers_keep_their_values(tmp_path: Path) -> None:
    network = small_network(tmp_path / "small.onnx")
    beginning = load_graph(network).state_dict()
    first = "backbone.stem"
    settings = train.parse(["--model", str(network), "--data", str(tiny_data(tmp_path)), "--out", str(tmp_path / "run"),
                      "--iterations", "2", "--score-every", "0", "--freeze", first])
    trainer = train.Trainer(settings)
    trainer.run()
    after = trainer.module.state_dict()
    changed = {k for k in after if not torch.equal(after[k], beginning[k])}
    assert changed and not any(k.startswith(first) for k in changed)
    with pytest.raises(GraphError, match="nosuch"):
        load_graph(network, ("nosuch",))


def test_score() -> None:
    label = np.array([[0, 1, 1, camvid.IGNORE]], np.uint8)
    matrix = camvid.confusion(label, np.array([[0, 1, 0, 5]]))
    assert matrix.sum() == 3
    assert np.allclose(camvid.iou(matrix)[:2], [0.5, 0.5])


def test_score_ignores_padding(tmp_path: Path) -> None:
    frames = camvid.read_camvid(tiny_data(tmp_path), "test")
    module = load_graph(small_network(tmp_path / "small.onnx")).eval()
    matrix = camvid.score(lambda images: module(images)["logits"], frames, batch=3)
    assert matrix.sum() == sum(int((f.label != camvid.IGNORE).sum()) for f in frames)
