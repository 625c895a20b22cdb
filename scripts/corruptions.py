# SPDX-License-Identifier: Apache-2.0
"""What scripts/accuracy does to pictures: twelve kinds of change at three strengths, the same in every run.

A change takes a picture [H,W,3] uint8 and a random generator that the caller seeds by picture and change. None shares
code or draws with training/weather.py, so that what is taught is not exactly what is scored. Levels are 0...255, pixels
those of CamVid's 480x360. docs/accuracy.md has the table of strengths for people.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from labels import IGNORE

Picture = np.ndarray
Rng = np.random.Generator


def rounded(x: np.ndarray) -> Picture:
    return np.clip(np.rint(x), 0, 255).astype(np.uint8)


def noise(x: Picture, rng: Rng, sigma: float) -> Picture:
    """Gaussian, independent of pixel and channel."""
    return rounded(x + rng.normal(0, sigma, x.shape))


def motion_blur(x: Picture, rng: Rng, length: int) -> Picture:
    """The mean of `length` (odd) neighbours along a row, as of a camera that turns."""
    half = length // 2
    wide = np.pad(x.astype(np.float64), ((0, 0), (half + 1, half), (0, 0)), mode="edge").cumsum(1)
    return rounded((wide[:, length:] - wide[:, :-length]) / length)


def jpeg(x: Picture, rng: Rng, quality: int) -> Picture:
    """libjpeg's quality, 4:2:0."""
    file = io.BytesIO()
    Image.fromarray(x).save(file, "JPEG", quality=quality, subsampling=2)
    return np.asarray(Image.open(file))


def night(x: Picture, rng: Rng, gain: float, sigma: float) -> Picture:
    """Little light, then what a sensor adds."""
    return rounded(x * gain + rng.normal(0, sigma, x.shape))


def rain(x: Picture, rng: Rng, drops: int, length: int, veil: float) -> Picture:
    """Bright streaks, all slanting alike, before a picture that a veil of `veil` has made grayer and darker."""
    rows, columns = x.shape[:2]
    layer = np.zeros((rows + 2 * length, columns + 2 * length))
    steps = np.arange(length)
    slant = rng.uniform(-0.3, 0.3)
    tops, lefts = rng.integers(0, rows + length, drops), rng.integers(0, columns + 2 * length, drops)
    bright = rng.uniform(0.15, 0.5, drops)
    for top, left, light in zip(tops, lefts, bright):
        across = np.clip(np.rint(left + slant * steps).astype(int), 0, layer.shape[1] - 1)
        layer[top + steps, across] = np.maximum(layer[top + steps, across], light)
    streaks = layer[length:length + rows, length:length + columns]
    streaks = (2 * streaks + np.roll(streaks, 1, 1) + np.roll(streaks, -1, 1)) / 3
    gray = (x * (1 - veil) + 110 * veil) * (1 - 0.25 * veil)
    return rounded(gray + (225 - gray) * np.minimum(streaks, 1)[..., None])


def fog(x: Picture, rng: Rng, density: float) -> Picture:
    """An even veil of light gray."""
    return rounded(x * (1 - density) + 200 * density)


def gamma(x: Picture, rng: Rng, exponent: float) -> Picture:
    """Above 1 darker, below lighter, in the middle tones."""
    return rounded(255 * (x / 255) ** exponent)


def contrast(x: Picture, rng: Rng, factor: float) -> Picture:
    return rounded((x - 127.5) * factor + 127.5)


def brightness(x: Picture, rng: Rng, factor: float) -> Picture:
    return rounded(x * float(factor))


def tint(x: Picture, rng: Rng, red: float, blue: float) -> Picture:
    """White balance that is off."""
    return rounded(x * np.array([red, 1, blue]))


def gray(x: Picture, rng: Rng) -> Picture:
    return rounded((x @ np.array([0.299, 0.587, 0.114]))[..., None].repeat(3, 2))


def resolution(x: Picture, rng: Rng, factor: float) -> Picture:
    """As of a camera with fewer pixels: smaller by `factor`, and back."""
    rows, columns = x.shape[:2]
    small = Image.fromarray(x).resize((round(columns / factor), round(rows / factor)), Image.Resampling.BOX)
    return np.asarray(small.resize((columns, rows), Image.Resampling.BILINEAR))


def tele(x: np.ndarray, rng: Rng, factor: float) -> np.ndarray:
    """The middle, enlarged; for labels (2-dimensional) without mixing."""
    rows, columns = x.shape[:2]
    box = (columns * (1 - 1 / factor) / 2, rows * (1 - 1 / factor) / 2,
           columns * (1 + 1 / factor) / 2, rows * (1 + 1 / factor) / 2)
    how = Image.Resampling.NEAREST if x.ndim == 2 else Image.Resampling.BILINEAR
    return np.asarray(Image.fromarray(x).resize((columns, rows), how, box))


def wide(x: np.ndarray, rng: Rng, factor: float) -> np.ndarray:
    """All things smaller, as a lens of a shorter focal length draws them; around it gray, without labels."""
    rows, columns = x.shape[:2]
    size = round(columns * factor), round(rows * factor)
    how = Image.Resampling.NEAREST if x.ndim == 2 else Image.Resampling.BOX
    whole = np.full_like(x, IGNORE if x.ndim == 2 else 127)
    left, top = (columns - size[0]) // 2, (rows - size[1]) // 2
    whole[top:top + size[1], left:left + size[0]] = np.asarray(Image.fromarray(x).resize(size, how))
    return whole


@dataclass(frozen=True)
class Change:
    kind: str
    strength: str
    function: Callable[..., Picture]
    values: tuple[float, ...]
    moves: bool = False
    """Labels move with the picture."""

    @property
    def name(self) -> str:
        return f"{self.kind} {self.strength}"

    def picture(self, x: Picture, name: str) -> Picture:
        """`name` is the picture's: the same draws in every run, on every machine."""
        return self.function(x, np.random.default_rng(zlib.crc32(f"{self.name}/{name}".encode())), *self.values)

    def label(self, x: np.ndarray) -> np.ndarray:
        return self.function(x, np.random.default_rng(0), *self.values) if self.moves else x


CHANGES = [
    *(Change("noise", f"σ {s}", noise, (s,)) for s in (8, 16, 32)),
    *(Change("motion blur", f"{n} px", motion_blur, (n,)) for n in (5, 9, 15)),
    *(Change("JPEG", str(q), jpeg, (q,)) for q in (50, 20, 10)),
    *(Change("night", f"×{g}, σ {s}", night, (g, s)) for g, s in ((0.4, 5), (0.25, 8), (0.15, 10))),
    *(Change("rain", n, rain, v) for n, v in (("light", (250, 10, 0.2)), ("steady", (500, 14, 0.35)),
                                              ("heavy", (900, 18, 0.5)))),
    *(Change("fog", f"{d} %", fog, (d / 100,)) for d in (30, 50, 70)),
    *(Change("gamma", str(g), gamma, (g,)) for g in (0.5, 2, 3)),
    *(Change("contrast", f"×{f}", contrast, (f,)) for f in (0.5, 1.8, 2.5)),
    *(Change("brightness", f"×{f}", brightness, (f,)) for f in (0.5, 1.5, 2)),
    Change("colour", "warm", tint, (1.2, 0.75)),
    Change("colour", "blue", tint, (0.75, 1.2)),
    Change("colour", "gray", gray, ()),
    *(Change("resolution", f"1/{f}", resolution, (f,)) for f in (1.5, 2, 3)),
    Change("lens", "wide ×0.5", wide, (0.5,), moves=True),
    Change("lens", "tele ×1.5", tele, (1.5,), moves=True),
    Change("lens", "tele ×2", tele, (2,), moves=True),
]
"""Twelve kinds, three strengths each."""
