# SPDX-License-Identifier: Apache-2.0
"""What a network is punished for: wrong pixels, and wrong areas."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from camvid import IGNORE


def pixel_loss(full: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """Cross-entropy by class weight. full: logits [N,K,H,W]; target: [N,H,W], IGNORE left out."""
    return F.cross_entropy(full, target, weights, ignore_index=IGNORE)


def area_loss(full: Tensor, target: Tensor, iteration: int, step: int = 3) -> Tensor:
    """The mean over classes present of the Lovász extension of 1 - IoU (arXiv 1705.08790, section 3).

    Every `step`-th pixel of both axes counts, another set of them in each iteration; sorting all would take longer
    than the network. full: logits [N,K,H,W]; target: [N,H,W], IGNORE left out.
    """
    y, x = iteration % step, iteration // step % step
    labels = target[:, y::step, x::step].reshape(-1)
    logits = full[:, :, y::step, x::step].permute(0, 2, 3, 1).reshape(-1, full.shape[1])
    scored = labels != IGNORE
    shares, labels = logits[scored].softmax(1), labels[scored]
    losses = []
    for c in labels.unique().tolist():
        own = (labels == c).float()
        errors, order = (own - shares[:, c]).abs().sort(descending=True)
        own = own[order]
        # IoU lost once the first 1, 2, … pixels are wrong; its steps weigh the errors.
        missed, added = own.cumsum(0), (1 - own).cumsum(0)
        lost = 1 - (own.sum() - missed) / (own.sum() + added)
        losses.append(errors @ torch.cat([lost[:1], lost.diff()]))
    return torch.stack(losses).mean() if losses else full.sum() * 0
