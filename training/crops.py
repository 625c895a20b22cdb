# SPDX-License-Identifier: Apache-2.0
"""Training crops and batches.

A batch is a function of (seed, iteration) alone, so a resumed run sees the same pictures.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image, ImageFilter
from torch import Tensor

from labels import IGNORE, Frame
from weather import roughen

RARE = 0.02
"""Classes of fewer of the pixels are rare."""

MIDDLE = 127.5  # normalises to zero; fills everything outside the picture


def normalise(image: np.ndarray) -> np.ndarray:
    """[H,W,3] in 0...255 -> [3,H,W] float32 in -1...1."""
    return np.ascontiguousarray(((image.astype(np.float32) - MIDDLE) / MIDDLE).transpose(2, 0, 1))


def frequencies(lists: Sequence[tuple[Sequence[Frame], float]], classes: int) -> np.ndarray:
    """The share of each class among the labelled pixels of the first list; of classes that it lacks, among those of all
    lists by their parts of a batch. Labels that stand for several classes are left out."""
    shares = []
    for frames, _ in lists:
        counts = sum(np.bincount(f.label.reshape(-1), minlength=256)[:classes] for f in frames)
        shares.append(counts / max(counts.sum(), 1))
    mixed = sum(share * part for share, (_, part) in zip(shares, lists))
    return np.where(shares[0] > 0, shares[0], mixed)


def class_weights(shares: np.ndarray) -> Tensor:
    """1 / log(1.10 + frequency)."""
    return torch.tensor(1 / np.log(1.10 + shares), dtype=torch.float32)


# Augmentation ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Augmentation:
    size: tuple[int, int] = (480, 384)  # width, height of a crop
    scale: tuple[float, float] = (0.6, 2.0)  # uniform
    rare: float = 0.5  # share of crops picked, of two, for showing more of the rare classes
    blur: float = 0.1
    rough: float = 0.0  # share of crops changed as weather, night and cheap cameras do
    wanted: tuple[int, ...] = ()  # the rare classes


@dataclass(frozen=True)
class Window:
    """A rectangle of the scaled picture and where it lands in the crop."""

    scale: float
    x: int
    y: int
    width: int
    height: int
    left: int

    def box(self) -> tuple[float, float, float, float]:
        """The same rectangle in picture coordinates."""
        return (self.x / self.scale, self.y / self.scale,
                (self.x + self.width) / self.scale, (self.y + self.height) / self.scale)


def draw_window(rng: np.random.Generator, frame: Frame, a: Augmentation) -> Window:
    """Pictures of any height count as 360 rows. Missing rows are below, as in use; missing columns on both sides."""
    rows, columns = frame.label.shape
    scale = rng.uniform(*a.scale) * 360 / rows
    width, height = min(a.size[0], int(columns * scale)), min(a.size[1], int(rows * scale))
    x = rng.integers(0, int(columns * scale) - width + 1)
    y = rng.integers(0, int(rows * scale) - height + 1)
    return Window(scale, int(x), int(y), width, height, int(rng.integers(0, a.size[0] - width + 1)))


def rare_pixels(frame: Frame, window: Window, wanted: tuple[int, ...]) -> float:
    left, top, right, bottom = (int(v) for v in window.box())
    part = frame.label[top:bottom:2, left:right:2]
    return float(np.isin(part, wanted).mean())


def colour(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """Brightness, contrast, saturation and white balance."""
    x = image.astype(np.float32)
    grey = x.mean(axis=2, keepdims=True)
    x = grey + (x - grey) * np.float32(rng.uniform(0.6, 1.4))
    gain = rng.uniform(0.65, 1.35) * rng.uniform(0.93, 1.07, 3)
    contrast = rng.uniform(0.75, 1.25)
    x = (x * gain.astype(np.float32) - MIDDLE) * np.float32(contrast) + np.float32(MIDDLE + rng.uniform(-15, 15))
    return np.clip(x, 0, 255)


def augment(rng: np.random.Generator, frame: Frame, a: Augmentation) -> tuple[np.ndarray, np.ndarray]:
    """One training crop: [3,h,w] float32 and [h,w] uint8."""
    window = draw_window(rng, frame, a)
    if rng.random() < a.rare:
        window = max(window, draw_window(rng, frame, a), key=lambda w: rare_pixels(frame, w, a.wanted))
    size, box = (window.width, window.height), window.box()
    image = Image.fromarray(frame.image).resize(size, Image.Resampling.BILINEAR, box)
    label = Image.fromarray(frame.label).resize(size, Image.Resampling.NEAREST, box)
    if rng.random() < a.blur:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 1.2)))
    pixels = np.full((a.size[1], a.size[0], 3), MIDDLE, np.float32)
    classes = np.full((a.size[1], a.size[0]), IGNORE, np.uint8)
    columns = slice(window.left, window.left + window.width)
    inside = colour(rng, np.asarray(image))
    if rng.random() < a.rough:
        inside = roughen(rng, inside)
    pixels[:window.height, columns] = inside
    classes[:window.height, columns] = np.asarray(label)
    if rng.random() < 0.5:
        pixels, classes = pixels[:, ::-1], classes[:, ::-1]
    return normalise(pixels), np.ascontiguousarray(classes)


class Batches:
    """Training batches by iteration number, prepared ahead in a thread."""

    def __init__(self, frames: list[Frame], batch: int, seed: int, augmentation: Augmentation,
                 others: Sequence[tuple[list[Frame], float]] = ()) -> None:
        """`others`: further frames, each list with its part of each batch; `frames` take the rest."""
        self.frames, self.batch, self.seed, self.augmentation = frames, batch, seed, augmentation
        self.others = [(list(f), share) for f, share in others]

    def frame(self, position: int) -> Frame:
        """Position in an endless sequence of shuffled epochs."""
        epoch, index = divmod(position, len(self.frames))
        order = np.random.default_rng([self.seed, 1, epoch]).permutation(len(self.frames))
        return self.frames[order[index]]

    def other(self, rng: np.random.Generator) -> Frame | None:
        if not self.others:
            return None
        draw = rng.random()
        for frames, share in self.others:
            if draw < share:
                return frames[rng.integers(len(frames))]
            draw -= share
        return None

    def make(self, iteration: int) -> tuple[Tensor, Tensor]:
        rng = np.random.default_rng([self.seed, 2, iteration])
        pairs = []
        for slot in range(self.batch):
            frame = self.other(rng) or self.frame(iteration * self.batch + slot)
            pairs.append(augment(rng, frame, self.augmentation))
        images, labels = zip(*pairs)
        return torch.from_numpy(np.stack(images)), torch.from_numpy(np.stack(labels))

    def stream(self, start: int, end: int, ahead: int = 4) -> Iterator[tuple[Tensor, Tensor]]:
        ready: queue.Queue = queue.Queue(ahead)

        def work() -> None:
            try:
                for iteration in range(start, end):
                    ready.put(self.make(iteration))
            except Exception as error:  # handed to the consumer
                ready.put(error)

        threading.Thread(target=work, daemon=True).start()
        for _ in range(start, end):
            item = ready.get()
            if isinstance(item, Exception):
                raise item
            yield item
