# SPDX-License-Identifier: Apache-2.0
"""Depthwise convolution and batch normalization by `depthwise.c` and `norm.c`.

They stand in where torch is slow on a CPU: bfloat16, channels last. Compiled at first use; without a compiler, for
other types and on a GPU the plain forms of torch are taken.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import os
import subprocess
import tempfile
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

LANES = 16


@functools.cache
def library() -> ctypes.CDLL | None:
    header, *sources = (Path(__file__).with_name(name) for name in ("kernels.h", "depthwise.c", "norm.c"))
    text = b"".join(path.read_bytes() for path in (header, *sources))
    name = f"roadmask-training-{os.getuid()}-{hashlib.sha256(text).hexdigest()[:16]}.so"
    built = Path(tempfile.gettempdir()) / name
    if not built.exists():
        aside = built.with_suffix(f".{os.getpid()}")
        command = ["cc", "-O3", "-march=native", "-fPIC", "-shared", "-pthread", *map(str, sources),
                   "-o", str(aside)]
        try:
            subprocess.run(command, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            warnings.warn(f"the kernels were not compiled, training will be two to three times slower: {error}")
            return None
        os.replace(aside, built)
    return ctypes.CDLL(str(built))


def suits(x: Tensor) -> bool:
    """Whether the kernels can take this map, [N,C,H,W]."""
    return (x.dtype == torch.bfloat16 and x.device.type == "cpu" and x.shape[1] % LANES == 0
            and x.is_contiguous(memory_format=torch.channels_last) and library() is not None)


def last(x: Tensor) -> Tensor:
    return x.contiguous(memory_format=torch.channels_last)


def like(x: Tensor) -> Tensor:
    return torch.empty_like(x, memory_format=torch.channels_last)


def at(x: Tensor) -> ctypes.c_void_p:
    return ctypes.c_void_p(x.data_ptr())


def sums(dtype: torch.dtype, *shape: int) -> Tensor:
    """A row for each thread."""
    return torch.zeros((threads(), *shape), dtype=dtype)


def threads() -> int:
    return min(64, torch.get_num_threads())


# Depthwise convolution ------------------------------------------------------------------------------------------


class Window(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int64) for name in (
        "images", "rows", "columns", "channels", "outRows", "outColumns", "kernel", "stride", "top", "left")]


class Depthwise(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, pads: list[int], stride: int) -> Tensor:
        top, left, bottom, right = pads
        n, c, h, w = x.shape
        k = weight.shape[2]
        rows, columns = (h + top + bottom - k) // stride + 1, (w + left + right - k) // stride + 1
        ctx.window = Window(n, h, w, c, rows, columns, k, stride, top, left)
        cells = weight.detach().float().reshape(c, k * k).t().contiguous()
        out = torch.empty((n, c, rows, columns), dtype=x.dtype, memory_format=torch.channels_last)
        library().depthwise_forward(ctypes.byref(ctx.window), at(x), at(cells), at(out), threads())
        ctx.save_for_backward(x, cells)
        ctx.shape, ctx.dtype = weight.shape, weight.dtype
        return out

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, cells = ctx.saved_tensors
        gradient, window = last(gradient), ctypes.byref(ctx.window)
        dx = dw = None
        if ctx.needs_input_grad[0]:
            dx = like(x)
            library().depthwise_input(window, at(gradient), at(cells), at(dx), threads())
        if ctx.needs_input_grad[1]:
            parts = sums(torch.float32, *cells.shape)
            library().depthwise_weight(window, at(x), at(gradient), at(parts), threads())
            dw = parts.sum(0).t().reshape(ctx.shape).to(ctx.dtype)
        return dx, dw, None, None


# Batch normalization --------------------------------------------------------------------------------------------


class Norm(torch.autograd.Function):
    """clamp(scale * (x - mean) / sqrt(variance + epsilon) + bias, low, high).

    With `momentum` the statistics are the batch's, and the running ones move towards them.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, scale: Tensor, bias: Tensor, mean: Tensor, variance: Tensor, epsilon: float,
                momentum: float | None, low: float, high: float) -> Tensor:
        n, c, h, w = x.shape
        count = n * h * w
        mu, var = mean.double(), variance.double()
        if momentum is not None:
            parts = sums(torch.float64, 2, c)
            library().norm_moments(ctypes.c_int64(count), ctypes.c_int64(c), at(x), at(parts), threads())
            mu, squares = parts.sum(0) / count
            var = (squares - mu * mu).clamp_(min=0)
            mean.lerp_(mu.float(), momentum)
            variance.lerp_((var * (count / max(1, count - 1))).float(), momentum)
        root = (var + epsilon).rsqrt()
        factor = (scale.double() * root).float()
        shift = (bias.double() - mu * scale.double() * root).float()
        out = like(x)
        library().norm_apply(ctypes.c_int64(count), ctypes.c_int64(c), at(x), at(factor), at(shift),
                             ctypes.c_float(low), ctypes.c_float(high), at(out), threads())
        ctx.save_for_backward(x, mu, root, factor, shift)
        ctx.limits, ctx.measured = (ctypes.c_float(low), ctypes.c_float(high)), momentum is not None
        return out

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor | None, ...]:
        x, mu, root, factor, shift = ctx.saved_tensors
        n, c, h, w = x.shape
        dy, count = last(dy), n * h * w
        given = (ctypes.c_int64(count), ctypes.c_int64(c), at(x), at(dy), at(factor), at(shift), *ctx.limits)
        parts = sums(torch.float64, 2, c)
        library().norm_gradient_sums(*given, at(parts), threads())
        total, products = parts.sum(0)
        # Of dz times the normalised input.
        products = (products - mu * total) * root
        constant = slope = torch.zeros_like(mu)
        if ctx.measured:
            slope = -factor.double() * products * root / count
            constant = -factor.double() * total / count - slope * mu
        constant, slope = constant.float(), slope.float()
        dx = like(x)
        library().norm_input_gradient(*given, at(constant), at(slope), at(dx), threads())
        return dx, products.float(), total.float(), None, None, None, None, None, None
