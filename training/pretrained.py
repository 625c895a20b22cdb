# SPDX-License-Identifier: Apache-2.0
"""Starts a network from a trained one.

* An EfficientNet-Lite `.pth` for the backbone, taken as it is.
* One with batch norm folded away: a per-channel int8 MobileNetV2 `.tflite` for the backbone, or the deployable `.onnx`
  of a trained network for every layer of the same name and shape. The BatchNormalization of the training form is set
  from measured statistics so that the folded network is reproduced: gamma = sqrt(variance + epsilon), beta = mean +
  folded bias. In evaluation mode that is exact.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from flatbuffers import encode, number_types, packer
from flatbuffers.table import Table
from onnx import numpy_helper
from torch import Tensor, fx

from graph import BatchNorm
from labels import UnknownClass, Unions

CONV, DEPTHWISE = 3, 4  # BuiltinOperator codes


class TFLite:
    """As much of the schema as convolution weights need; fields are addressed by their schema index."""

    def __init__(self, data: bytes) -> None:
        if data[4:8] != b"TFL3":
            raise ValueError("not a TFLite file")
        self.data = data
        model = Table(data, encode.Get(packer.uoffset, data, 0))
        # The builtin code is a byte up to 127 and an int beyond.
        self.codes = [max(self.number(c, 0, number_types.Int8Flags), self.number(c, 3, number_types.Int32Flags))
                      for c in self.tables(model, 1)]
        graph = self.tables(model, 2)[0]
        self.tensors = self.tables(graph, 0)
        self.operators = self.tables(graph, 3)
        self.buffers = self.tables(model, 4)

    @staticmethod
    def offset(table: Table, index: int) -> int:
        return table.Offset(4 + 2 * index)

    def number(self, table: Table, index: int, flags: Any) -> int:
        at = self.offset(table, index)
        return table.Get(flags, at + table.Pos) if at else 0

    def tables(self, table: Table, index: int) -> list[Table]:
        at = self.offset(table, index)
        start, count = (table.Vector(at), table.VectorLen(at)) if at else (0, 0)
        return [Table(self.data, table.Indirect(start + 4 * i)) for i in range(count)]

    def array(self, table: Table, index: int, dtype: Any) -> np.ndarray:
        at = self.offset(table, index)
        if not at:
            return np.zeros(0, dtype)
        return np.frombuffer(self.data, dtype, table.VectorLen(at), table.Vector(at))

    def dequantised(self, index: int) -> np.ndarray:
        """A constant tensor in float32: int8 or int32 with one scale per channel."""
        tensor = self.tensors[index]
        shape = self.array(tensor, 0, np.int32)
        dtype = {2: np.int32, 9: np.int8}[self.number(tensor, 1, number_types.Int8Flags)]
        raw = self.array(self.buffers[self.number(tensor, 2, number_types.Uint32Flags)], 0, np.uint8)
        values = raw.view(dtype).reshape(shape).astype(np.float32)
        quantisation = Table(self.data, tensor.Indirect(self.offset(tensor, 4) + tensor.Pos))
        scale = self.array(quantisation, 2, np.float32)
        zero = self.array(quantisation, 3, np.int64).astype(np.float32)
        along = [1] * len(shape)
        along[self.number(quantisation, 6, number_types.Int32Flags)] = -1
        return (values - zero.reshape(along)) * scale.reshape(along)

    def convolutions(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """(weight OIHW, bias) of every convolution in file order."""
        found = []
        for operator in self.operators:
            code = self.codes[self.number(operator, 0, number_types.Uint32Flags)]
            if code not in (CONV, DEPTHWISE):
                continue
            _, weight, bias = (int(i) for i in self.array(operator, 1, np.int32))
            # Stored as OHWI, depthwise as 1HWC.
            order = (0, 3, 1, 2) if code == CONV else (3, 0, 1, 2)
            found.append((self.dequantised(weight).transpose(order), self.dequantised(bias)))
        return found


def backbone_prefixes(names: set[str]) -> list[str]:
    """Convolutions of the trunk in the order they run."""
    order = ["backbone.stem"] + [
        f"backbone.b{i:02d}.{part}" for i in range(1, 18) for part in ("expand", "dw", "project")]
    return [p for p in order if f"{p}.weight" in names]


class Calibration(fx.Interpreter):
    """Runs once over a batch; each listed BatchNorm takes its statistics from what reaches it."""

    def __init__(self, module: fx.GraphModule, biases: list[Tensor]) -> None:
        super().__init__(module)
        self.listed = {id(b) for b in biases}

    def call_module(self, target: str, args: tuple[Tensor, ...], kwargs: dict[str, Any]) -> Any:
        x, scale, bias, mean, variance = args
        norm = self.submodules[target]
        if isinstance(norm, BatchNorm) and id(bias) in self.listed:
            var, mu = torch.var_mean(x, dim=(0, 2, 3), correction=0)
            mean.copy_(mu)
            variance.copy_(var)
            scale.copy_(torch.sqrt(var + norm.epsilon))
            bias.add_(mu)
        return super().call_module(target, args, kwargs)


Folded = dict[str, tuple[np.ndarray, np.ndarray | None]]
"""(weight, bias) by the layer's name."""


def values_of(module: fx.GraphModule) -> dict[str, Tensor]:
    return {**dict(module.named_parameters()), **dict(module.named_buffers())}


def read_tflite(path: str | Path, names: set[str]) -> Folded:
    """The trunk's layers in the order they run."""
    prefixes = backbone_prefixes(names)
    layers = TFLite(Path(path).read_bytes()).convolutions()
    if len(layers) < len(prefixes):
        raise ValueError(f"{path}: {len(layers)} convolutions, the backbone has {len(prefixes)}")
    return dict(zip(prefixes, layers))


def read_onnx(path: str | Path) -> Folded:
    arrays = {i.name: numpy_helper.to_array(i) for i in onnx.load(str(path)).graph.initializer}
    return {name.removesuffix(".weight"): (value, arrays.get(name.removesuffix(".weight") + ".bias"))
            for name, value in arrays.items() if name.endswith(".weight")}


@torch.no_grad()
def start(module: fx.GraphModule, layers: Folded, images: Tensor) -> list[str]:
    """Sets the layers and measures their statistics on `images` (normalised, [N,3,H,W]). Returns their names."""
    state, biases = values_of(module), []
    for name, (weight, bias) in layers.items():
        target = state[f"{name}.weight"]
        if tuple(target.shape) != weight.shape:
            raise ValueError(f"{name}.weight: {tuple(target.shape)} here, {weight.shape} there")
        target.copy_(torch.from_numpy(weight.copy()))
        if bias is None:
            continue
        held = state.get(f"{name}.bn.bias", state.get(f"{name}.bias"))
        held.copy_(torch.from_numpy(bias.copy()))
        if f"{name}.bn.bias" in state:
            biases.append(held)
    training = module.training
    module.eval()
    Calibration(module, biases).run(images)
    module.train(training)
    return list(layers)


def efficientnet_name(key: str) -> str | None:
    """The initialiser of a tensor in a `.pth` of EfficientNet-Lite; none for what lies behind the trunk."""
    norm = {"weight": "bn.scale", "bias": "bn.bias", "running_mean": "bn.mean", "running_var": "bn.variance"}
    match key.split("."):
        case ["_conv_stem", "weight"]:
            return "backbone.stem.weight"
        case ["_bn0", part] if part in norm:
            return f"backbone.stem.{norm[part]}"
        case ["_blocks", index, layer, part]:
            names = {"_expand_conv": "expand", "_bn0": "expand", "_depthwise_conv": "dw", "_bn1": "dw",
                     "_project_conv": "project", "_bn2": "project"}
            if layer not in names:
                raise ValueError(f"{key} is no tensor of EfficientNet-Lite")
            name = names[layer]
            held = part if layer.endswith("_conv") else norm.get(part)
            return f"backbone.b{int(index) + 1:02d}.{name}.{held}" if held else None
    return None


@torch.no_grad()
def start_from_torch(module: fx.GraphModule, path: str | Path) -> list[str]:
    """Every tensor of the backbone; one that is missing or misshapen is a `ValueError` that names it."""
    there = {efficientnet_name(k): v for k, v in torch.load(path, map_location="cpu", weights_only=True).items()}
    here = {k: v for k, v in values_of(module).items() if k.startswith("backbone.")}
    for name, target in here.items():
        if name not in there or there[name].shape != target.shape:
            shape = tuple(there[name].shape) if name in there else "nothing"
            raise ValueError(f"{path}: {name}: {tuple(target.shape)} here, {shape} there")
        target.copy_(there[name])
    return list(here)


def start_from_tflite(module: fx.GraphModule, path: str | Path, images: Tensor) -> list[str]:
    return start(module, read_tflite(path, set(values_of(module))), images)


CLASSIFIER = "tail.classifier"


def arranged(module: fx.GraphModule, path: str | Path, layers: Folded) -> Folded:
    """Where a network has other classes than the one in the file, its classifier takes the rows of those that both have,
    by name or by the view of the taxonomy; the others stay as they are."""
    facts = {entry.key: entry.value for entry in onnx.load(str(path), load_external_data=False).metadata_props}
    theirs = Unions(facts["classes"].split(",")) if "classes" in facts else None
    if CLASSIFIER not in layers or theirs is None or tuple(theirs.classes) == module.classes:
        return layers
    weight, bias = layers[CLASSIFIER]
    state = values_of(module)
    own = state[f"{CLASSIFIER}.weight"].detach().numpy().copy(), state[f"{CLASSIFIER}.bias"].detach().numpy().copy()
    if own[0].shape[1:] != weight.shape[1:]:
        return layers
    for row, name in enumerate(module.classes):
        with contextlib.suppress(UnknownClass):
            place = theirs.place(name)
            own[0][row], own[1][row] = weight[place], bias[place]
    return layers | {CLASSIFIER: own}


def start_from_onnx(module: fx.GraphModule, path: str | Path, images: Tensor,
                    parts: tuple[str, ...] = ("",)) -> list[str]:
    """Sets every layer that both have, the classifier by classes. Layers that only one of the two networks has, or in another shape, or whose names begin with none of `parts`,
    stay as they are."""
    state = values_of(module)

    def fits(name: str, weight: np.ndarray, bias: np.ndarray | None) -> bool:
        own = state.get(f"{name}.weight")
        return (name.startswith(parts) and own is not None and tuple(own.shape) == weight.shape
                and (bias is None or f"{name}.bn.bias" in state or f"{name}.bias" in state))

    layers = arranged(module, path, read_onnx(path))
    shared = {name: layer for name, layer in layers.items() if fits(name, *layer)}
    if not shared:
        raise ValueError(f"{path}: no layer of the network stands in it")
    return start(module, shared, images)
