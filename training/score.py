# SPDX-License-Identifier: Apache-2.0
"""How right labels are: the confusion matrix of frames, and IoU."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from crops import MIDDLE, normalise
from labels import Frame


def fitted(image: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, int, int]:
    """A picture scaled to fit `size` (width, height), and the width and height that it then has. Missing rows and
    columns go below and right, with the value that normalises to zero."""
    rows, columns = image.shape[:2]
    factor = min(size[0] / columns, size[1] / rows)
    width, height = min(size[0], round(columns * factor)), min(size[1], round(rows * factor))
    if (width, height) != (columns, rows):
        image = np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BILINEAR))
    return (np.pad(image.astype(np.float32), ((0, size[1] - height), (0, size[0] - width), (0, 0)),
                   constant_values=MIDDLE), width, height)


def confusion(label: np.ndarray, prediction: np.ndarray, classes: int) -> np.ndarray:
    """[label, prediction] counts of the pixels whose label is one class."""
    scored = label < classes
    return np.bincount(label[scored].astype(np.int64) * classes + prediction[scored],
                       minlength=classes * classes).reshape(classes, classes)


def iou(matrix: np.ndarray) -> np.ndarray:
    """Of each class; NaN where no pixel has it."""
    union = matrix.sum(0) + matrix.sum(1) - np.diag(matrix)
    return np.where(matrix.sum(1) > 0, np.diag(matrix) / np.maximum(union, 1), np.nan)


Predict = Callable[[Tensor], Tensor] | nn.Module
"""Images [N,3,H,W] to logits at a quarter of their size."""


@torch.no_grad()
def predict_classes(predict: Predict, frames: Sequence[Frame], size: tuple[int, int]) -> list[np.ndarray]:
    """What a network whose input has this width and height says of each frame, in the frame's size."""
    pictures = [fitted(f.image, size) for f in frames]
    images = torch.from_numpy(np.stack([normalise(image) for image, _, _ in pictures]))
    logits = F.interpolate(predict(images).float(), size=images.shape[2:], mode="bilinear", align_corners=False)
    said = []
    for frame, (_, width, height), classes in zip(frames, pictures, logits.argmax(1).cpu().numpy()):
        rows, columns = frame.label.shape
        part = classes[:height, :width].astype(np.uint8)
        said.append(part if part.shape == (rows, columns)
                    else np.asarray(Image.fromarray(part).resize((columns, rows), Image.Resampling.NEAREST)))
    return said


def score(predict: Predict, frames: Sequence[Frame], classes: int, size: tuple[int, int], batch: int = 8) -> np.ndarray:
    """Confusion matrix over frames of any sizes."""
    total = np.zeros((classes, classes), np.int64)
    for start in range(0, len(frames), batch):
        part = frames[start:start + batch]
        total += sum(confusion(f.label, c, classes) for f, c in zip(part, predict_classes(predict, part, size)))
    return total
