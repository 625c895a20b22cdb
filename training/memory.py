# SPDX-License-Identifier: Apache-2.0
"""The class means of DatasetContext (MCIBI, arXiv 2108.11819): updated by what the network sees, without gradient."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, fx

NAME = "context.mcibi.memory"
MOMENTUM = 0.9
"""Of the first iteration; it follows the learning rate down to a hundredth."""


class Memory:
    """Row c is a running mean of the features of class c, [classes, channels]."""

    def __init__(self, module: fx.GraphModule) -> None:
        self.rows = module.get_parameter(NAME).requires_grad_(False)

    def clear(self) -> None:
        """A row of zeros is filled by the first pixels of its class."""
        self.rows.zero_()

    @torch.no_grad()
    def update(self, features: Tensor, labels: Tensor, progress: float) -> None:
        """Moves every row whose class is present towards its pixels, unlike ones first (section 3.2 of the paper).

        features: [N,C,h,w]; labels: [N,H,W], where IGNORE and labels that stand for several classes are left out;
        progress: learning rate over its greatest, 0...1.
        """
        # Labels at the features' size, where the paper's code upsamples the features.
        near = F.interpolate(labels[:, None].float(), size=features.shape[2:], mode="nearest-exact")[:, 0].long()
        pixels = features.float().permute(0, 2, 3, 1)
        share = MOMENTUM * max(progress, 0.01)
        for c in near.unique().tolist():
            if c >= len(self.rows):
                continue
            own, row = pixels[near == c], self.rows[c]
            if not row.any():
                row.copy_(own.mean(0))
                continue
            weight = 1 - F.cosine_similarity(own, row[None])
            total = weight.sum()
            mean = (weight[:, None] * own).sum(0) / total if total > 1e-6 else own.mean(0)
            row.lerp_(mean, share)


def has_memory(module: fx.GraphModule) -> bool:
    return any(name == NAME for name, _ in module.named_parameters())
