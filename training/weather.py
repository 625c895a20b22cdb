# SPDX-License-Identifier: Apache-2.0
"""What weather, night and cheap cameras do to a picture.

Each function takes a picture [H,W,3] float32 in 0...255 and gives another; labels stay, since nothing moves.
`roughen` draws one of them, or two, at random.
"""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

Rng = np.random.Generator


def image_of(x: np.ndarray) -> Image.Image:
    return Image.fromarray(np.clip(x + 0.5, 0, 255).astype(np.uint8))


def pixels_of(image: Image.Image) -> np.ndarray:
    return np.asarray(image).astype(np.float32)


def noise(rng: Rng, x: np.ndarray, sigma: float, grain: int = 1) -> np.ndarray:
    """Gaussian noise of `sigma` levels; with `grain` 2, in blotches as a camera's own smoothing leaves them."""
    rows, columns = (-(-n // grain) for n in x.shape[:2])
    field = rng.standard_normal((rows, columns, 3), np.float32) * np.float32(sigma)
    if grain > 1:
        field = field.repeat(grain, 0).repeat(grain, 1)[:x.shape[0], :x.shape[1]]
    return x + field


def motion_blur(x: np.ndarray, length: float, angle: float) -> np.ndarray:
    """The mean along a line of `length` pixels; `angle` in radians from the horizontal."""
    steps = max(2, int(round(length)))
    total = np.zeros_like(x)
    padded = np.pad(x, ((steps, steps), (steps, steps), (0, 0)), mode="edge")
    for offset in np.linspace(-length / 2, length / 2, steps):
        dy, dx = int(round(offset * np.sin(angle))), int(round(offset * np.cos(angle)))
        total += padded[steps + dy:steps + dy + x.shape[0], steps + dx:steps + dx + x.shape[1]]
    return total / steps


def defocus(x: np.ndarray, radius: float) -> np.ndarray:
    return pixels_of(image_of(x).filter(ImageFilter.GaussianBlur(radius)))


def jpeg(x: np.ndarray, quality: int) -> np.ndarray:
    file = io.BytesIO()
    image_of(x).save(file, "JPEG", quality=quality)
    return pixels_of(Image.open(file))


def half(x: np.ndarray, factor: float) -> np.ndarray:
    """As a camera of fewer pixels gives it: smaller by `factor`, and back."""
    rows, columns = x.shape[:2]
    small = image_of(x).resize((max(1, int(columns / factor)), max(1, int(rows / factor))), Image.Resampling.BOX)
    return pixels_of(small.resize((columns, rows), Image.Resampling.BILINEAR))


def night(rng: Rng, x: np.ndarray, gain: float, sigma: float) -> np.ndarray:
    """Little light, of a street lamp's colour, and what the camera's gain makes of it."""
    tint = np.array([1.08, 1.0, 0.88], np.float32) ** np.float32(rng.uniform(-0.5, 1.5))
    return noise(rng, x * np.float32(gain) * tint, sigma)


def fog(rng: Rng, x: np.ndarray, density: float) -> np.ndarray:
    """Light scattered on the way: more from far off, which is above the lower edge; 0 none, 1 nothing else."""
    rows = np.linspace(1, 0, x.shape[0], dtype=np.float32)[:, None, None]
    share = np.float32(density) * (np.float32(0.75) + np.float32(0.25) * rows)
    light = np.array([1, 1, 1], np.float32) * np.float32(rng.uniform(170, 235))
    return x * (1 - share) + light * share


def rain(rng: Rng, x: np.ndarray, drops: int, length: float, strength: float) -> np.ndarray:
    """Streaks of one direction, out of focus, over a picture that has lost contrast."""
    rows, columns = x.shape[:2]
    layer = Image.new("L", (columns, rows))
    draw = ImageDraw.Draw(layer)
    slant = rng.uniform(-0.35, 0.35)
    for left, top, size in zip(rng.uniform(-20, columns + 20, drops), rng.uniform(-length, rows, drops),
                               rng.uniform(0.4, 1.2, drops)):
        reach = length * size
        draw.line((left, top, left + slant * reach, top + reach), fill=int(rng.integers(120, 256)), width=1)
    streaks = np.asarray(layer.filter(ImageFilter.GaussianBlur(0.6))).astype(np.float32)[..., None]
    dull = 120 + (x - 120) * np.float32(1 - 0.45 * strength) - np.float32(18 * strength)
    return dull + (235 - dull) * streaks / 255 * np.float32(strength)


def low_sun(rng: Rng, x: np.ndarray, strength: float) -> np.ndarray:
    """A bright patch above the horizon whose light veils the picture around it."""
    rows, columns = x.shape[:2]
    cy, cx = rng.uniform(0, 0.5) * rows, rng.uniform(0, 1) * columns
    y, x_ = np.mgrid[:rows, :columns].astype(np.float32)
    distance = np.hypot(y - np.float32(cy), x_ - np.float32(cx)) / np.float32(columns)
    veil = np.float32(strength) * np.exp(-(distance / np.float32(rng.uniform(0.15, 0.4))) ** 2)[..., None]
    return x + (np.array([255, 248, 225], np.float32) - x) * veil


def gamma(x: np.ndarray, exponent: float) -> np.ndarray:
    return 255 * np.clip(x / 255, 0, 1) ** np.float32(exponent)


def contrast(x: np.ndarray, factor: float) -> np.ndarray:
    return (x - 127.5) * np.float32(factor) + 127.5


def rolling_exposure(rng: Rng, x: np.ndarray, depth: float) -> np.ndarray:
    """Bands that lamps of the mains leave where rows are exposed one after the other."""
    phase = np.arange(x.shape[0], dtype=np.float32) / np.float32(x.shape[0]) * np.float32(rng.uniform(4, 20))
    return x * (1 + np.float32(depth) * np.sin(phase + np.float32(rng.uniform(0, 6.28))))[:, None, None]


KINDS: dict[str, tuple[float, Callable[[Rng, np.ndarray], np.ndarray]]] = {
    "noise": (3, lambda r, x: noise(r, x, r.uniform(3, 30), int(r.integers(1, 3)))),
    "motion blur": (2.5, lambda r, x: motion_blur(x, r.uniform(3, 14), r.uniform(0, np.pi))),
    "defocus": (1, lambda r, x: defocus(x, r.uniform(0.8, 2.5))),
    "jpeg": (2, lambda r, x: jpeg(x, int(r.integers(8, 50)))),
    "half": (0.7, lambda r, x: half(x, r.uniform(1.5, 3))),
    "night": (2.5, lambda r, x: night(r, x, r.uniform(0.12, 0.5), r.uniform(2, 10))),
    "fog": (1.5, lambda r, x: fog(r, x, r.uniform(0.2, 0.8))),
    "rain": (2, lambda r, x: rain(r, x, int(r.integers(150, 1400)), r.uniform(8, 40), r.uniform(0.3, 0.95))),
    "low sun": (0.7, lambda r, x: low_sun(r, x, r.uniform(0.4, 1))),
    "gamma": (1, lambda r, x: gamma(x, r.choice([r.uniform(0.4, 0.8), r.uniform(1.3, 2.5)]))),
    "contrast": (1, lambda r, x: contrast(x, r.choice([r.uniform(0.4, 0.7), r.uniform(1.3, 2)]))),
    "rolling exposure": (0.5, lambda r, x: rolling_exposure(r, x, r.uniform(0.05, 0.25))),
}
"""Name: how often, among the others, and the change with strengths drawn at random."""


def roughen(rng: Rng, x: np.ndarray, second: float = 0.25) -> np.ndarray:
    """One change of KINDS, and with the probability `second` another upon it; within 0...255."""
    names = list(KINDS)
    shares = np.array([KINDS[n][0] for n in names])
    for _ in range(2 if rng.random() < second else 1):
        x = np.clip(KINDS[names[rng.choice(len(names), p=shares / shares.sum())]][1](rng, x), 0, 255)
    return x.astype(np.float32)
