# SPDX-License-Identifier: Apache-2.0
"""What a network is punished for: wrong pixels, wrong areas, and another mind than its teacher's."""

from __future__ import annotations

import functools

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from labels import IGNORE


@functools.cache
def stretch(size: int, full: int) -> Tensor:
    """[full, size]: bilinear weights that bring `size` values to `full` ones, half-pixel centres."""
    return F.interpolate(torch.eye(size)[None], size=full, mode="linear", align_corners=False)[0].T.contiguous()


def lattice(logits: Tensor, target: Tensor, iteration: int, step: int = 3) -> tuple[Tensor, Tensor]:
    """Logits of any size, brought to the target's, at every `step`-th pixel of both axes, and the labels there.

    Another set of pixels in each iteration, all in turn; to compute all in each would take a fifth of the training.
    logits: [N,K,h,w]; target: [N,H,W]. Returns [N,K,H/step,W/step] in float32 and [N,H/step,W/step].
    """
    y, x = iteration % step, iteration // step % step
    rows = stretch(logits.shape[2], target.shape[1])[y::step].to(logits.device)
    columns = stretch(logits.shape[3], target.shape[2])[x::step].to(logits.device)
    return rows @ logits.float() @ columns.T, target[:, y::step, x::step]


def pixel_loss(logits: Tensor, target: Tensor, weights: Tensor, unions: Tensor | None = None) -> Tensor:
    """Cross-entropy by class weight. logits: [N,K,H,W]; target: [N,H,W], IGNORE left out.

    `unions`: [codes,K], 1 where a label from K on may be of a class. Such a pixel's loss is that of the sum of the
    probabilities of its classes, and its weight their mean, so that coarse labels teach what they say and no more.
    """
    k = logits.shape[1]
    coarse = (target >= k) & (target != IGNORE)
    if unions is None or not coarse.any():
        return F.cross_entropy(logits, target, weights, ignore_index=IGNORE)
    fine = target.masked_fill(coarse, IGNORE)
    total = F.cross_entropy(logits, fine, weights, ignore_index=IGNORE, reduction="sum")
    members = unions[target[coarse]]
    scores = logits.movedim(1, -1)[coarse]
    missed = scores.logsumexp(1) - scores.masked_fill(members == 0, -torch.inf).logsumexp(1)
    shares = members @ weights / members.sum(1)
    known = fine[fine != IGNORE]
    return (total + missed @ shares) / (weights[known].sum() + shares.sum())


def area_loss(logits: Tensor, target: Tensor) -> Tensor:
    """The mean over classes present of the Lovász extension of 1 - IoU (arXiv 1705.08790, section 3).

    logits: [N,K,H,W]; target: [N,H,W]; IGNORE and labels that stand for several classes are left out.
    """
    labels = target.reshape(-1)
    scored = labels < logits.shape[1]
    shares, labels = logits.transpose(0, 1).flatten(1)[:, scored].softmax(0), labels[scored]
    losses = []
    for c in labels.unique().tolist():
        own = (labels == c).float()
        errors = (own - shares[c]).abs()
        with torch.no_grad():
            order = falling(errors)
            own = own[order]
            # IoU lost once the first 1, 2, … pixels are wrong; its steps weigh the errors.
            missed, added = own.cumsum(0), (1 - own).cumsum(0)
            lost = 1 - (own.sum() - missed) / (own.sum() + added)
            steps = torch.empty_like(errors).scatter_(0, order, torch.cat([lost[:1], lost.diff()]))
        losses.append(errors @ steps)
    return torch.stack(losses).mean() if losses else logits.sum() * 0


def falling(values: Tensor) -> Tensor:
    """Indices of a vector's values, largest first. On a CPU by NumPy, whose sort is five times as fast as torch's."""
    if values.device.type == "cpu":
        return torch.from_numpy(np.argsort(-values.numpy()))
    return values.argsort(descending=True)


def teacher_loss(logits: Tensor, taught: Tensor) -> Tensor:
    """Divergence of the classes from a teacher's, mean over pixels (arXiv 1503.02531). Both [N,K,h,w]."""
    own, other = (x.float().log_softmax(1) for x in (logits, taught))
    return F.kl_div(own, other, reduction="none", log_target=True).sum(1).mean()
