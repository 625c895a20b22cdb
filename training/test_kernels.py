# SPDX-License-Identifier: Apache-2.0
"""`depthwise.c` and `norm.c` against the plain forms of torch in float32, of the same bfloat16 numbers."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

import graph
import kernels

pytestmark = pytest.mark.skipif(kernels.library() is None, reason="no C compiler")
INFINITE = float("inf")
ROUNDING = 2.0 ** -8
"""Of one bfloat16, relative."""


def drawn(*shape: int, seed: int = 0) -> Tensor:
    x = torch.randn(shape, generator=torch.Generator().manual_seed(seed)).bfloat16()
    return x.contiguous(memory_format=torch.channels_last) if len(shape) == 4 else x


def difference(actual: Tensor, expected: Tensor) -> float:
    """Relative, by the largest value."""
    actual, expected = actual.detach().float(), expected.detach().float()
    return float((actual - expected).abs().max() / expected.abs().max())


@pytest.fixture(params=[1, 2])
def threads(request: pytest.FixtureRequest) -> int:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


@pytest.mark.parametrize("channels, rows, columns, kernel, stride, pads", [
    (32, 11, 13, 5, 1, [2, 2, 2, 2]), (32, 12, 14, 5, 2, [1, 1, 2, 2]), (48, 12, 14, 3, 2, [0, 0, 1, 1]),
    (16, 7, 5, 3, 1, [1, 1, 1, 1]), (16, 9, 5, 5, 1, [0, 2, 0, 2]),
])
def test_depthwise_equals_torch(threads: int, channels: int, rows: int, columns: int, kernel: int, stride: int,
                                pads: list[int]) -> None:
    x, weight = drawn(2, channels, rows, columns).requires_grad_(), drawn(channels, 1, kernel, kernel, seed=1).float()
    weight.requires_grad_()
    actual = graph.conv(x, weight, None, pads, (stride, stride), (1, 1), channels)
    assert actual.grad_fn.name() == "DepthwiseBackward"
    gradient = drawn(*actual.shape, seed=2)
    actual.backward(gradient)

    plain, cells = x.detach().float().requires_grad_(), weight.detach().clone().requires_grad_()
    top, left, bottom, right = pads
    expected = F.conv2d(F.pad(plain, (left, right, top, bottom)), cells, None, stride, 0, 1, channels)
    expected.backward(gradient.float())
    assert difference(actual, expected) < ROUNDING
    assert difference(x.grad, plain.grad) < ROUNDING
    assert difference(weight.grad, cells.grad) < 1e-5


@pytest.mark.parametrize("measured", [True, False])
@pytest.mark.parametrize("limits", [(0.0, 6.0), (0.0, INFINITE), (-INFINITE, INFINITE)])
def test_normalization_equals_torch(threads: int, measured: bool, limits: tuple[float, float]) -> None:
    x = drawn(4, 32, 9, 11).mul(3).add(1).requires_grad_()
    scale, bias, mean = (drawn(32, seed=s).float() for s in (1, 2, 3))
    variance = drawn(32, seed=4).float().abs() + 0.5
    norm = graph.BatchNorm(1e-3, frozen=not measured)
    norm.limits = limits
    own = [v.clone().requires_grad_(i < 2) for i, v in enumerate((scale, bias, mean, variance))]
    actual = norm(x, *own)
    gradient = drawn(*actual.shape, seed=5)
    actual.backward(gradient)

    plain = x.detach().float().requires_grad_()
    other = [v.clone().requires_grad_(i < 2) for i, v in enumerate((scale, bias, mean, variance))]
    expected = F.batch_norm(plain, other[2], other[3], *other[:2], measured, graph.BN_MOMENTUM, 1e-3)
    expected = F.hardtanh(expected, *limits)
    expected.backward(gradient.float())
    assert difference(actual, expected) < ROUNDING
    assert difference(x.grad, plain.grad) < 2 * ROUNDING
    for a, e in zip(own[:2], other[:2]):
        assert difference(a.grad, e.grad) < 1e-5
    for a, e in zip(own[2:], other[2:]):
        assert difference(a, e) < 1e-5


def test_what_does_not_suit_is_left_to_torch() -> None:
    assert kernels.suits(drawn(1, 32, 4, 4))
    assert not kernels.suits(drawn(1, 32, 4, 4).float())
    assert not kernels.suits(drawn(1, 24, 4, 4))
    assert not kernels.suits(drawn(1, 32, 4, 4).contiguous())
