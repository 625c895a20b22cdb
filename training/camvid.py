# SPDX-License-Identifier: Apache-2.0
"""CamVid (SegNet form) in memory, training crops, and the score.

A batch is a function of (seed, iteration) alone, so a resumed run sees the same pictures.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageFilter
from torch import Tensor, nn

from weather import roughen

CLASSES = ("sky", "building", "pole", "road", "pavement", "tree", "sign", "fence", "car", "pedestrian", "bicyclist")
RARE = (2, 6, 7, 9, 10)
IGNORE = 255
MIDDLE = 127.5  # normalises to zero; fills everything outside the picture


@dataclass(frozen=True)
class Frame:
    image: np.ndarray  # [H,W,3] uint8
    label: np.ndarray  # [H,W] uint8, IGNORE where not scored


def read_frame(image: Path, label: Path) -> Frame:
    classes = np.array(Image.open(label))
    classes[classes >= len(CLASSES)] = IGNORE
    return Frame(np.array(Image.open(image).convert("RGB")), classes)


def read_folder(images: Path, labels: Path) -> list[Frame]:
    """Pairs by file stem; every picture needs a label."""
    pictures = sorted(p for p in images.iterdir() if p.suffix in (".png", ".jpg"))
    if not pictures:
        raise FileNotFoundError(f"no pictures in {images}")
    return [read_frame(p, labels / f"{p.stem}.png") for p in pictures]


def read_camvid(root: Path, *splits: str) -> list[Frame]:
    return [f for s in splits for f in read_folder(root / "camvid" / s, root / "camvid" / f"{s}annot")]


def read_extra(root: Path) -> list[Frame]:
    """A folder with `images/` and `labels/`, in CamVid's classes."""
    return read_folder(root / "images", root / "labels")


def normalise(image: np.ndarray) -> np.ndarray:
    """[H,W,3] in 0...255 -> [3,H,W] float32 in -1...1."""
    return np.ascontiguousarray(((image.astype(np.float32) - MIDDLE) / MIDDLE).transpose(2, 0, 1))


def class_weights(frames: list[Frame]) -> Tensor:
    """1 / log(1.10 + frequency)."""
    counts = sum(np.bincount(f.label.reshape(-1), minlength=256)[:len(CLASSES)] for f in frames)
    return torch.tensor(1 / np.log(1.10 + counts / counts.sum()), dtype=torch.float32)


# Augmentation ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Augmentation:
    size: tuple[int, int] = (480, 384)  # width, height of a crop
    scale: tuple[float, float] = (0.6, 2.0)  # uniform
    rare: float = 0.5  # share of crops picked, of two, for showing more of the rare classes
    blur: float = 0.1
    rough: float = 0.0  # share of crops changed as weather, night and cheap cameras do


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


def rare_pixels(frame: Frame, window: Window) -> float:
    left, top, right, bottom = (int(v) for v in window.box())
    part = frame.label[top:bottom:2, left:right:2]
    return float(np.isin(part, RARE).mean())


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
        window = max(window, draw_window(rng, frame, a), key=lambda w: rare_pixels(frame, w))
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


# Score ----------------------------------------------------------------------------------------------------------


def padded(image: np.ndarray, multiple: int = 32) -> np.ndarray:
    """Missing rows and columns go below and right, with the value that normalises to zero."""
    rows, columns = (-n % multiple for n in image.shape[:2])
    return np.pad(image.astype(np.float32), ((0, rows), (0, columns), (0, 0)), constant_values=MIDDLE)


def confusion(label: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    """[label, prediction] counts of the scored pixels."""
    k, scored = len(CLASSES), label != IGNORE
    return np.bincount(label[scored].astype(np.int64) * k + prediction[scored], minlength=k * k).reshape(k, k)


def iou(matrix: np.ndarray) -> np.ndarray:
    union = matrix.sum(0) + matrix.sum(1) - np.diag(matrix)
    return np.diag(matrix) / np.maximum(union, 1)


@torch.no_grad()
def score(predict: Callable[[Tensor], Tensor] | nn.Module, frames: list[Frame], batch: int = 8) -> np.ndarray:
    """Confusion matrix over frames of one size; `predict` maps images to logits at a quarter of their size."""
    total = np.zeros((len(CLASSES), len(CLASSES)), np.int64)
    for start in range(0, len(frames), batch):
        part = frames[start:start + batch]
        images = torch.from_numpy(np.stack([normalise(padded(f.image)) for f in part]))
        logits = F.interpolate(predict(images).float(), size=images.shape[2:], mode="bilinear", align_corners=False)
        rows, columns = part[0].label.shape
        classes = logits[:, :, :rows, :columns].argmax(1).cpu().numpy()
        total += sum(confusion(f.label, c) for f, c in zip(part, classes))
    return total
