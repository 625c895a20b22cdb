# SPDX-License-Identifier: Apache-2.0
"""ONNX training form -> torch module.

The network is defined once, by the file that `roadmask model build` writes. This module turns that file into a
`torch.fx.GraphModule` whose `state_dict()` keys are the file's initialiser names, so weights move by name alone.

* Float initialisers are parameters; a BatchNormalization's mean and variance are buffers.
* Constant nodes are fixed: never trained, never saved.
* The file says batch 1; the module takes any batch.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import numpy_helper
from torch import Tensor, fx, nn

import kernels

BN_MOMENTUM = 0.1
UNLIMITED = (-float("inf"), float("inf"))


class GraphError(ValueError):
    """The file uses something outside the closed operator set."""


class BatchNorm(nn.Module):
    """Batch statistics when training (updating mean and variance in place), stored ones otherwise and where frozen.

    What follows may be taken in as `limits`: a Relu or Clip.
    """

    def __init__(self, epsilon: float, frozen: bool) -> None:
        super().__init__()
        self.epsilon = epsilon
        self.frozen = frozen
        self.limits = UNLIMITED

    def forward(self, x: Tensor, scale: Tensor, bias: Tensor, mean: Tensor, variance: Tensor) -> Tensor:
        measured = self.training and not self.frozen
        if kernels.suits(x):
            momentum = BN_MOMENTUM if measured else None
            return kernels.Norm.apply(x, scale, bias, mean, variance, self.epsilon, momentum, *self.limits)
        y = F.batch_norm(x, mean, variance, scale, bias, measured, BN_MOMENTUM, self.epsilon)
        return y if self.limits == UNLIMITED else F.hardtanh(y, *self.limits)


# Torch forms of the operators -----------------------------------------------------------------------------------


def conv(x: Tensor, weight: Tensor, bias: Tensor | None, pads: list[int], stride: tuple[int, int],
         dilation: tuple[int, int], groups: int) -> Tensor:
    top, left, bottom, right = pads
    size = tuple(weight.shape[2:])
    if (groups == x.shape[1] == weight.shape[0] and bias is None and size in ((3, 3), (5, 5)) and dilation == (1, 1)
            and stride[0] == stride[1] and x.shape[3] >= size[1] and kernels.suits(x)):
        return kernels.Depthwise.apply(x, weight, pads, stride[0])
    padding = (top, left)
    if top != bottom or left != right:
        x, padding = F.pad(x, (left, right, top, bottom)), (0, 0)
    if groups == x.shape[1] and stride != (1, 1) and x.requires_grad and x.device.type == "cpu":
        # oneDNN 3.x takes up to a second for the input gradient of a strided depthwise convolution in bfloat16.
        every = F.conv2d(x, weight, bias, 1, padding, dilation, groups)
        return every[:, :, ::stride[0], ::stride[1]]
    return F.conv2d(x, weight, bias, stride, padding, dilation, groups)


def grid_sample(x: Tensor, grid: Tensor, padding_mode: str, align_corners: bool) -> Tensor:
    """Coordinates need float32: in bfloat16 they are wrong by up to half a pixel."""
    out = F.grid_sample(x.float(), grid.float(), "bilinear", padding_mode, align_corners)
    return out.to(x.dtype)


def reshape(x: Tensor, shape: list[int]) -> Tensor:
    """A leading 1 (or 0) in the file is the batch."""
    if shape[0] in (0, 1):
        shape = [x.shape[0]] + shape[1:]
    return x.reshape([x.shape[i] if n == 0 else n for i, n in enumerate(shape)])


def depth_to_space(x: Tensor, block: int, mode: str) -> Tensor:
    n, c, h, w = x.shape
    c //= block * block
    if mode == "DCR":
        y = x.reshape(n, block, block, c, h, w).permute(0, 3, 4, 1, 5, 2)
    else:
        y = x.reshape(n, c, block, block, h, w).permute(0, 1, 4, 2, 5, 3)
    return y.reshape(n, c, h * block, w * block)


def space_to_depth(x: Tensor, block: int) -> Tensor:
    n, c, h, w = x.shape
    y = x.reshape(n, c, h // block, block, w // block, block).permute(0, 3, 5, 1, 2, 4)
    return y.reshape(n, c * block * block, h // block, w // block)


def take_slice(x: Tensor, starts: list[int], ends: list[int], axes: list[int], steps: list[int]) -> Tensor:
    index = [slice(None)] * x.dim()
    for start, end, axis, step in zip(starts, ends, axes, steps):
        index[axis] = slice(start, end, step)
    return x[tuple(index)]


# Translation ----------------------------------------------------------------------------------------------------


@dataclass
class Translator:
    """Walks the ONNX nodes once and writes the fx graph."""

    root: nn.Module
    frozen: tuple[str, ...] = ()
    graph: fx.Graph = field(default_factory=fx.Graph)
    values: dict[str, fx.Node] = field(default_factory=dict)
    constants: dict[str, np.ndarray] = field(default_factory=dict)
    count: int = 0

    def operand(self, name: str) -> fx.Node | None:
        """The fx node of a value; a constant becomes an unsaved buffer on first use."""
        if not name:
            return None
        if name not in self.values:
            path = f"_constants.c{len(self.constants)}_{len(self.values)}"
            plant(self.root, path, torch.from_numpy(self.constants[name].copy()), "constant")
            self.values[name] = self.graph.get_attr(path)
        return self.values[name]

    def fixed(self, name: str) -> list[int] | None:
        """A constant operand as plain integers (shapes, axes, pads)."""
        if not name:
            return None
        if name not in self.constants:
            raise GraphError(f"operand '{name}' must be a Constant")
        return [int(v) for v in self.constants[name].reshape(-1)]

    def scalar(self, name: str, default: float) -> float:
        return float(self.constants[name]) if name else default

    def call(self, function: Callable[..., Tensor], *args: Any, **kwargs: Any) -> fx.Node:
        return self.graph.call_function(function, args, kwargs)

    def batch_norm(self, names: list[str], epsilon: float) -> fx.Node:
        path = f"_norms.n{self.count}"
        self.count += 1
        plant(self.root, path, BatchNorm(epsilon, names[1].startswith(self.frozen)), "module")
        return self.graph.call_module(path, tuple(self.operand(n) for n in names))

    def node(self, node: onnx.NodeProto) -> None:
        if node.op_type == "Constant":
            value = onnx.helper.get_attribute_value(node.attribute[0])
            if not isinstance(value, onnx.TensorProto):
                raise GraphError(f"Constant '{node.output[0]}' is not a tensor")
            self.constants[node.output[0]] = numpy_helper.to_array(value)
            return
        rule = RULES.get(node.op_type)
        if rule is None:
            raise GraphError(f"operator {node.op_type} (of '{node.output[0]}') is outside the training set")
        self.values[node.output[0]] = rule(self, node, Attributes(node))


class Attributes:
    """Node attributes with defaults; strings decoded."""

    def __init__(self, node: onnx.NodeProto) -> None:
        self.values = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        if self.get("auto_pad", "NOTSET") != "NOTSET":
            raise GraphError(f"auto_pad is not supported ('{node.output[0]}')")

    def get(self, name: str, default: Any) -> Any:
        value = self.values.get(name, default)
        return value.decode() if isinstance(value, bytes) else value


def inputs(node: onnx.NodeProto, count: int) -> list[str]:
    """Input names, missing optional ones as ''."""
    return list(node.input) + [""] * (count - len(node.input))


def rule_conv(t: Translator, node: onnx.NodeProto, a: Attributes) -> fx.Node:
    x, w, b = (t.operand(n) for n in inputs(node, 3))
    return t.call(
        conv, x, w, b, a.get("pads", [0, 0, 0, 0]),
        stride=tuple(a.get("strides", [1, 1])), dilation=tuple(a.get("dilations", [1, 1])), groups=a.get("group", 1),
    )


def rule_norm(t: Translator, node: onnx.NodeProto, a: Attributes) -> fx.Node:
    return t.batch_norm(list(node.input), a.get("epsilon", 1e-5))


def rule_clip(t: Translator, node: onnx.NodeProto, a: Attributes) -> fx.Node:
    x, low, high = inputs(node, 3)
    return t.call(F.hardtanh, t.operand(x), t.scalar(low, -float("inf")), t.scalar(high, float("inf")))


def rule_concat(t: Translator, node: onnx.NodeProto, a: Attributes) -> fx.Node:
    return t.call(torch.cat, [t.operand(n) for n in node.input], dim=a.get("axis", 1))


def rule_resize(t: Translator, node: onnx.NodeProto, a: Attributes) -> fx.Node:
    x, _, scales, sizes = inputs(node, 4)
    options: dict[str, Any] = {"size": t.fixed(sizes)[2:]} if sizes else {
        "scale_factor": [float(s) for s in t.constants[scales].reshape(-1)[2:]]}
    mode, where = a.get("mode", "nearest"), a.get("coordinate_transformation_mode", "half_pixel")
    if mode == "linear" and where in ("half_pixel", "align_corners"):
        options |= {"mode": "bilinear", "align_corners": where == "align_corners"}
    elif mode == "nearest" and where == "half_pixel":
        options |= {"mode": "nearest-exact"}
    elif mode == "nearest" and where == "asymmetric" and a.get("nearest_mode", "") == "floor":
        options |= {"mode": "nearest"}
    else:
        raise GraphError(f"Resize '{node.output[0]}': {mode}/{where} is not supported")
    return t.call(F.interpolate, t.operand(x), **options)


def rule_pool(t: Translator, node: onnx.NodeProto, a: Attributes) -> fx.Node:
    pads = a.get("pads", [0, 0, 0, 0])
    if pads[:2] != pads[2:]:
        raise GraphError(f"{node.op_type} '{node.output[0]}': padding must be symmetric")
    size = a.get("kernel_shape", None)
    options: dict[str, Any] = {
        "stride": a.get("strides", [1, 1]), "padding": pads[:2], "ceil_mode": bool(a.get("ceil_mode", 0))}
    if node.op_type == "AveragePool":
        options["count_include_pad"] = bool(a.get("count_include_pad", 0))
        return t.call(F.avg_pool2d, t.operand(node.input[0]), size, **options)
    return t.call(F.max_pool2d, t.operand(node.input[0]), size, **options)


def rule_grid_sample(t: Translator, node: onnx.NodeProto, a: Attributes) -> fx.Node:
    if a.get("mode", "bilinear") != "bilinear":
        raise GraphError(f"GridSample '{node.output[0]}': only bilinear")
    x, grid = (t.operand(n) for n in node.input)
    return t.call(grid_sample, x, grid, a.get("padding_mode", "zeros"), bool(a.get("align_corners", 0)))


def rule_pad(t: Translator, node: onnx.NodeProto, a: Attributes) -> fx.Node:
    x, pads, value = inputs(node, 3)[:3]
    if a.get("mode", "constant") != "constant":
        raise GraphError(f"Pad '{node.output[0]}': only constant")
    p = t.fixed(pads)
    half = len(p) // 2
    order = [v for i in reversed(range(half)) for v in (p[i], p[half + i])]
    return t.call(F.pad, t.operand(x), order, value=t.scalar(value, 0.0))


def rule_slice(t: Translator, node: onnx.NodeProto, a: Attributes) -> fx.Node:
    x, starts, ends, axes, steps = inputs(node, 5)
    first = t.fixed(starts)
    return t.call(
        take_slice, t.operand(x), first, t.fixed(ends),
        t.fixed(axes) or list(range(len(first))), t.fixed(steps) or [1] * len(first),
    )


def rule_reduce_sum(t: Translator, node: onnx.NodeProto, a: Attributes) -> fx.Node:
    x, axes = inputs(node, 2)
    return t.call(torch.sum, t.operand(x), dim=t.fixed(axes), keepdim=bool(a.get("keepdims", 1)))


def simple(function: Callable[..., Tensor]) -> Callable[..., fx.Node]:
    """An operator whose operands map one to one."""
    return lambda t, node, a: t.call(function, *(t.operand(n) for n in node.input))


RULES: dict[str, Callable[[Translator, onnx.NodeProto, Attributes], fx.Node]] = {
    "Conv": rule_conv,
    "BatchNormalization": rule_norm,
    "Relu": simple(F.relu),
    "Clip": rule_clip,
    "Add": simple(torch.add),
    "Mul": simple(torch.mul),
    "MatMul": simple(torch.matmul),
    "Sigmoid": simple(torch.sigmoid),
    "Concat": rule_concat,
    "Resize": rule_resize,
    "AveragePool": rule_pool,
    "MaxPool": rule_pool,
    "GlobalAveragePool": lambda t, n, a: t.call(torch.mean, t.operand(n.input[0]), dim=(2, 3), keepdim=True),
    "Softmax": lambda t, n, a: t.call(torch.softmax, t.operand(n.input[0]), dim=a.get("axis", -1)),
    "Reshape": lambda t, n, a: t.call(reshape, t.operand(n.input[0]), t.fixed(n.input[1])),
    "Transpose": lambda t, n, a: t.call(torch.permute, t.operand(n.input[0]), tuple(a.get("perm", None))),
    "GridSample": rule_grid_sample,
    "Pad": rule_pad,
    "Slice": rule_slice,
    "ReduceSum": rule_reduce_sum,
    "DepthToSpace": lambda t, n, a: t.call(
        depth_to_space, t.operand(n.input[0]), a.get("blocksize", 2), a.get("mode", "DCR")),
    "SpaceToDepth": lambda t, n, a: t.call(space_to_depth, t.operand(n.input[0]), a.get("blocksize", 2)),
}


def take_in_curves(module: fx.GraphModule) -> None:
    """A Relu or Clip that alone follows a normalization becomes its limits."""
    for node in list(module.graph.nodes):
        if node.op != "call_function" or node.target not in (F.relu, F.hardtanh):
            continue
        source = node.args[0]
        norm = module.get_submodule(source.target) if source.op == "call_module" else None
        if not isinstance(norm, BatchNorm) or len(source.users) > 1:
            continue
        norm.limits = node.args[1:] if node.target is F.hardtanh else (0.0, float("inf"))
        node.replace_all_uses_with(source)
        module.graph.erase_node(node)
    module.recompile()


def plant(root: nn.Module, path: str, item: Tensor | nn.Module, kind: str) -> None:
    """Puts a parameter, buffer, constant or module at a dotted path, making the modules on the way."""
    *parents, leaf = path.split(".")
    for part in parents:
        if part not in root._modules:
            root.add_module(part, nn.Module())
        root = root._modules[part]
    if kind == "module":
        root.add_module(leaf, item)
    elif kind == "parameter":
        root.register_parameter(leaf, nn.Parameter(item))
    else:
        root.register_buffer(leaf, item, persistent=kind == "buffer")


def load_graph(path: str | Path, frozen: tuple[str, ...] = ()) -> fx.GraphModule:
    """The network of an ONNX training form; `module(image)` returns {output name: tensor}. It has `classes`, their
    colours as `palette`, and `input_size` (width, height), as the file says.

    `frozen`: beginnings of the names of initialisers that take no gradient, as running statistics and MCIBI's memory
    never do; their normalizations keep their statistics. One that names nothing is a `GraphError`.
    """
    file = onnx.load(str(path))
    graph = file.graph
    statistics = {n for node in graph.node if node.op_type == "BatchNormalization" for n in node.input[3:5]}
    for beginning in frozen:
        if not any(item.name.startswith(beginning) for item in graph.initializer):
            raise GraphError(f"no initialiser begins with '{beginning}'")
    translator = Translator(nn.Module(), frozen)
    for entry in graph.input:
        translator.values[entry.name] = translator.graph.placeholder(entry.name)
    for item in graph.initializer:
        trained = not (item.name in statistics or item.name.endswith(".memory") or item.name.startswith(frozen))
        value = torch.from_numpy(numpy_helper.to_array(item).copy())
        plant(translator.root, item.name, value, "parameter" if trained else "buffer")
        translator.values[item.name] = translator.graph.get_attr(item.name)
    for node in graph.node:
        translator.node(node)
    translator.graph.output({o.name: translator.values[o.name] for o in graph.output})
    module = fx.GraphModule(translator.root, translator.graph)
    take_in_curves(module)
    facts = {entry.key: entry.value for entry in file.metadata_props}
    module.classes = tuple(facts["classes"].split(",")) if "classes" in facts else ()
    colors = facts["palette"].split(",") if "palette" in facts else []
    module.palette = [tuple(bytes.fromhex(color[1:])) for color in colors]
    module.input_size = tuple(d.dim_value for d in graph.input[0].type.tensor_type.shape.dim)[:1:-1]
    return module
