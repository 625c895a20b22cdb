# SPDX-License-Identifier: Apache-2.0
"""Pictures, their true labels and what the network says of them, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from labels import Frame, Unions
from score import Predict, predict_classes

HEIGHT = 200


def colors(palette: Sequence[tuple[int, int, int]], unions: Unions) -> np.ndarray:
    """[256,3] uint8: a class's colour, of a label for several their mean; black where nothing is labelled."""
    table = np.zeros((256, 3), np.uint8)
    table[:len(palette)] = palette
    for index, group in enumerate(unions.members):
        table[len(palette) + index] = table[list(group)].mean(0)
    return table


def draw_grid(predict: Predict, frames: Sequence[Frame], size: tuple[int, int], table: np.ndarray,
              path: Path) -> None:
    """One row for each frame: picture, truth, prediction. `size`: of the network's input; `table`: by `colors`."""
    rows = []
    for frame in frames:
        said = predict_classes(predict, [frame], size)[0]
        cell = round(frame.image.shape[1] * HEIGHT / frame.image.shape[0]), HEIGHT
        cells = [Image.fromarray(frame.image).resize(cell, Image.Resampling.BOX)]
        cells += [Image.fromarray(table[codes]).resize(cell, Image.Resampling.NEAREST) for codes in (frame.label, said)]
        rows.append(np.concatenate([np.asarray(c) for c in cells], 1))
    width = max(row.shape[1] for row in rows)
    Image.fromarray(np.concatenate([np.pad(r, ((0, 4), (0, width - r.shape[1]), (0, 0))) for r in rows])).save(path)
