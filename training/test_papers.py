# SPDX-License-Identifier: Apache-2.0
"""The networks that `roadmask model build` writes, against decoders written here from the papers alone.

Each decoder takes the backbone's four maps and the weights by name, in the plainest form of its paper: gathered
neighbours where the graph shifts whole maps, one-hot mixtures where the graph folds them. Skipped without the program,
which ROADMASK names.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
import torch
import torch.nn.functional as F
from onnx import helper
from torch import Tensor

from graph import load_graph

SIZE = (128, 96)  # width, height
TAPS = ("backbone.b03.add", "backbone.b06.add", "backbone.b13.add", "backbone.b17.project.bn")
Weights = dict[str, Tensor]
Maps = list[Tensor]


# What all decoders are made of ------------------------------------------------------------------------------------


def conv(w: Weights, name: str, x: Tensor) -> Tensor:
    weight = w[f"{name}.weight"]
    return F.conv2d(x, weight, w.get(f"{name}.bias"), padding=weight.shape[-1] // 2)


def norm(w: Weights, name: str, x: Tensor) -> Tensor:
    parts = [w[f"{name}.bn.{part}"][:, None, None] for part in ("scale", "bias", "mean", "variance")]
    return (x - parts[2]) / torch.sqrt(parts[3] + 1e-5) * parts[0] + parts[1]


def layer(w: Weights, name: str, x: Tensor) -> Tensor:
    return norm(w, name, conv(w, name, x)).relu()


def twice(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


def top_down(w: Weights, maps: Maps, coarse: Tensor, merge: Callable[[str, Tensor, Tensor], Tensor]) -> Tensor:
    for stride, fine in ((16, maps[2]), (8, maps[1]), (4, maps[0])):
        name = f"merge.s{stride}"
        coarse = layer(w, f"{name}.fuse", merge(name, coarse, layer(w, f"{name}.lateral", fine)))
    return conv(w, "tail.classifier", coarse)


# SRM and CRM (arXiv 2412.08671) -----------------------------------------------------------------------------------


def refined_context(w: Weights, maps: Maps) -> Tensor:
    name, size = "context.crm", maps[3].shape[2:]
    x = torch.cat([F.adaptive_avg_pool2d(m, size) for m in maps[:3]] + [maps[3]], 1)
    x = layer(w, f"{name}.reduce", x)
    gate = conv(w, f"{name}.channel.squeeze", x.mean((2, 3), keepdim=True)).relu()
    x = x * conv(w, f"{name}.channel.expand", gate).sigmoid()
    x = x * conv(w, f"{name}.spatial", x).sigmoid()
    return layer(w, f"{name}.project", x)


def sampled(source: Tensor, row: float, column: float) -> Tensor:
    """[C]: bilinear, at a place in source pixels, clamped to the border."""
    rows, columns = source.shape[1:]
    row, column = min(max(row, 0.0), rows - 1.0), min(max(column, 0.0), columns - 1.0)
    y, x = int(row), int(column)
    below, right = min(y + 1, rows - 1), min(x + 1, columns - 1)
    south, east = row - y, column - x
    return ((1 - south) * ((1 - east) * source[:, y, x] + east * source[:, y, right])
            + south * ((1 - east) * source[:, below, x] + east * source[:, below, right]))


def semantic_refinement(w: Weights, name: str, coarse: Tensor, fine: Tensor) -> Tensor:
    name = f"{name}.srm"
    hidden = layer(w, f"{name}.transform", torch.cat([twice(coarse), fine], 1))
    offsets = conv(w, f"{name}.offset", hidden).clamp(-7.9375, 7.9375)[0]
    mask = conv(w, f"{name}.mask", hidden).softmax(1)[0]
    rows, columns = fine.shape[2:]
    padded = F.pad(offsets, (1, 1, 1, 1))
    result = torch.empty_like(fine)
    for i in range(rows):
        for j in range(columns):
            near = padded[:, i:i + 3, j:j + 3].reshape(2, 9)
            dx, dy = (near * mask[:, i, j]).sum(1).tolist()
            result[0, :, i, j] = sampled(coarse[0], (i + 0.5 + dy) / 2 - 0.5, (j + 0.5 + dx) / 2 - 0.5)
    return result + fine


def srm_crm(w: Weights, maps: Maps) -> Tensor:
    return top_down(w, maps, refined_context(w, maps), lambda name, g, x: semantic_refinement(w, name, g, x))


# RSP (arXiv 2106.01744) -------------------------------------------------------------------------------------------


def related_semantics(w: Weights, name: str, coarse: Tensor, fine: Tensor) -> Tensor:
    prefix = f"{name}.rsp"
    query, key, value = (conv(w, f"{prefix}.{part}", x)[0]
                         for part, x in (("query", fine), ("key", coarse), ("value", coarse)))
    bias = w[f"{prefix}.bias"].reshape(4, 9)
    key, value = F.pad(key, (1, 1, 1, 1)), F.pad(value, (1, 1, 1, 1))
    result = torch.empty(1, value.shape[0], *fine.shape[2:])
    for i in range(fine.shape[2]):
        for j in range(fine.shape[3]):
            region = slice(i // 2, i // 2 + 3), slice(j // 2, j // 2 + 3)
            keys, values = key[:, *region].reshape(-1, 9), value[:, *region].reshape(-1, 9)
            scores = query[:, i, j] @ keys / query.shape[0] ** 0.5 + bias[i % 2 * 2 + j % 2]
            result[0, :, i, j] = values @ scores.softmax(0)
    return torch.cat([fine, result], 1)


def rsp(w: Weights, maps: Maps) -> Tensor:
    return top_down(w, maps, layer(w, "context.lateral", maps[3]),
                    lambda name, g, x: related_semantics(w, name, g, x))


# RefineNet (arXiv 1611.06612) and its light form (arXiv 1810.03272) -----------------------------------------------


def linear(w: Weights, name: str, x: Tensor) -> Tensor:
    return norm(w, name, conv(w, name, x))


def chained_pooling(w: Weights, name: str, x: Tensor, stages: int) -> Tensor:
    top = x
    for n in range(1, stages + 1):
        top = linear(w, f"{name}.crp{n}", F.max_pool2d(top, 5, 1, 2))
        x = x + top
    return x


def refinenet_light(w: Weights, maps: Maps) -> Tensor:
    x = chained_pooling(w, "refine.s32", layer(w, "context.lateral", maps[3]), 2)
    for stride, fine in ((16, maps[2]), (8, maps[1]), (4, maps[0])):
        name = f"merge.s{stride}"
        x = (twice(linear(w, f"{name}.coarse", x)) + linear(w, f"{name}.lateral", fine)).clamp(0, 6)
        x = chained_pooling(w, f"refine.s{stride}", x, 4)
    return conv(w, "tail.classifier", x)


def residual_units(w: Weights, name: str, x: Tensor, count: int) -> Tensor:
    for n in range(1, count + 1):
        x = x + linear(w, f"{name}.rcu{n}.conv2", linear(w, f"{name}.rcu{n}.conv1", x.relu()).relu())
    return x


def refinenet(w: Weights, maps: Maps) -> Tensor:
    x = layer(w, "context.lateral", maps[3])
    x = residual_units(w, "refine.s32", chained_pooling(w, "refine.s32", x, 2), 3)
    for stride, fine in ((16, maps[2]), (8, maps[1]), (4, maps[0])):
        name = f"merge.s{stride}"
        fine = linear(w, f"{name}.fine", residual_units(w, name, linear(w, f"{name}.lateral", fine), 2))
        x = (twice(linear(w, f"{name}.coarse", x)) + fine).relu()
        name = f"refine.s{stride}"
        x = residual_units(w, name, chained_pooling(w, name, x, 2), 3)
    return conv(w, "tail.classifier", x)


# MCIBI (arXiv 2108.11819) -----------------------------------------------------------------------------------------


def dataset_context(w: Weights, x: Tensor) -> Tensor:
    name = "context.mcibi"
    shares = conv(w, f"{name}.classifier", layer(w, f"{name}.stage1", x)).softmax(1)
    mixture = torch.einsum("nkhw,kc->nchw", shares, w[f"{name}.memory"])
    query = layer(w, f"{name}.query2", layer(w, f"{name}.query1", x)).flatten(2)
    key = layer(w, f"{name}.key2", layer(w, f"{name}.key1", mixture)).flatten(2)
    value = layer(w, f"{name}.value", mixture).flatten(2)
    weights = (query.transpose(1, 2) @ key / query.shape[1] ** 0.5).softmax(-1)
    context = (value @ weights.transpose(1, 2)).reshape(1, -1, *x.shape[2:])
    return layer(w, f"{name}.fuse", torch.cat([x, layer(w, f"{name}.expand", context)], 1))


def mcibi(w: Weights, maps: Maps) -> Tensor:
    x = layer(w, "context.lateral", maps[3])
    for stride, fine in ((16, maps[2]), (8, maps[1]), (4, maps[0])):
        name = f"merge.s{stride}"
        x = layer(w, f"{name}.fuse", twice(x) + layer(w, f"{name}.lateral", fine))
        x = dataset_context(w, x) if stride == 16 else x
    return conv(w, "tail.classifier", x)


# The comparison ---------------------------------------------------------------------------------------------------


def built(preset: str, folder: Path) -> Path:
    program = os.environ.get("ROADMASK")
    if not program:
        pytest.skip("ROADMASK names no program")
    path = folder / f"{preset}.onnx"
    subprocess.run([program, "model", "build", preset, "--size", "x".join(map(str, SIZE)), "--training", "-o", path],
                   check=True, capture_output=True)
    # The backbone's maps come out too.
    model = onnx.load(str(path))
    model.graph.output.extend(helper.make_tensor_value_info(t, onnx.TensorProto.FLOAT, None) for t in TAPS)
    onnx.save(model, str(path))
    return path


@pytest.mark.parametrize("decoder", [srm_crm, rsp, refinenet_light, refinenet, mcibi], ids=lambda d: d.__name__)
@torch.no_grad()
def test_decoder_is_the_paper_s(decoder: Callable[[Weights, Maps], Tensor], tmp_path: Path) -> None:
    module = load_graph(built(decoder.__name__.replace("_", "-"), tmp_path)).eval()
    torch.manual_seed(3)
    weights = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    for name, value in weights.items():  # nothing that a fresh network leaves at zero or one
        if name.endswith((".bias", ".mean", ".memory")):
            value.copy_(0.3 * torch.randn_like(value))
        elif name.endswith((".scale", ".variance")):
            value.copy_(0.7 + 0.6 * torch.rand_like(value))
    outputs = module(torch.randn(1, 3, SIZE[1], SIZE[0]))
    expected = decoder(weights, [outputs[t] for t in TAPS])
    error = (outputs["logits"] - expected).abs().max() / expected.abs().max()
    assert error < 1e-5, f"{error:.2e} of the largest logit"
