# SPDX-License-Identifier: Apache-2.0
"""Labelled sets of any origin, described by a small YAML file each, in the classes of one network.

    name: Cityscapes, small copy
    terms: non-commercial, no redistribution of pictures
    images: trainB/*.jpg            # below the folder that the command names
    labels: trainA/{stem}.jpg       # of each picture; {folder}, {stem}, and `replace` below
    replace: [_leftImg8bit, _gtFine_labelIds]      # in {stem}
    size: 512x256                   # pictures and labels are stretched to it; left out: as they are
    colors: {road: [128, 64, 128]}  # labels are pictures in these colours, the nearest within `reach` (default 0)
    reach: 30
    ids: {0: sky}                   # or labels are numbers, in one channel or a palette
    map: {terrain: tree, living: [pedestrian, bicyclist], caravan: ignore}

`map` leads the set's names to the network's classes; a name that is not in it is the class of that name. Several
classes say "one of these": such pixels train by the sum of their probabilities.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from PIL import Image

from camvid import IGNORE, Frame


class SetError(SystemExit):
    """What is wrong with a set, named before training starts."""

    def __init__(self, place: Path | str, problem: str, hint: str) -> None:
        super().__init__(f"error: {place}: {problem}\n hint: {hint}")


@dataclass
class Unions:
    """Labels beyond the classes: each says that a pixel is of one of several. Shared by all sets of a run."""

    classes: Sequence[str]
    members: list[frozenset[int]] = field(default_factory=list)

    def code(self, names: Sequence[str]) -> int:
        group = frozenset(self.classes.index(n) for n in names)
        if len(group) == 1:
            return next(iter(group))
        if group not in self.members:
            self.members.append(group)
        return len(self.classes) + self.members.index(group)

    def matrix(self) -> np.ndarray:
        """[codes, classes]: 1 where a code's pixels may be of a class; codes below the classes are these."""
        k = len(self.classes)
        rows = np.zeros((k + len(self.members), k), np.float32)
        rows[:k] = np.eye(k, dtype=np.float32)
        for row, group in zip(rows[k:], self.members):
            row[list(group)] = 1
        return rows


KEYS = {"name", "terms", "images", "labels", "replace", "size", "colors", "reach", "ids", "map"}


class LabelledSet:
    """A description, read and checked."""

    def __init__(self, path: Path, unions: Unions) -> None:
        self.path = path
        text: Any = yaml.safe_load(path.read_text())
        if not isinstance(text, dict):
            raise SetError(path, "is no mapping of keys", "training/sets.py shows one")
        for key in text.keys() - KEYS:
            raise SetError(path, f"unknown key '{key}'", f"known: {', '.join(sorted(KEYS))}")
        for key in {"name", "images", "labels"} - text.keys():
            raise SetError(path, f"'{key}' is missing", "training/sets.py shows one")
        if ("colors" in text) == ("ids" in text):
            raise SetError(path, "needs either 'colors' or 'ids'", "say what the labels are")
        self.name, self.terms = text["name"], text.get("terms", "not stated")
        self.images, self.labels = text["images"], text["labels"]
        self.replace = text.get("replace")
        self.size = tuple(int(n) for n in text["size"].split("x")) if "size" in text else None
        names = list(text["colors"] if "colors" in text else dict.fromkeys(text["ids"].values()))
        for name in text.get("map", {}).keys() - set(names):
            raise SetError(path, f"'map' names '{name}', which is no label of the set", f"labels: {', '.join(names)}")
        codes = {name: self.target(name, text.get("map", {}), unions) for name in names}
        if all(code == IGNORE for code in codes.values()):
            raise SetError(path, "no label leads to a class", "look at 'map'")
        self.table = (color_table(text["colors"], codes, text.get("reach", 0)) if "colors" in text
                      else id_table(text["ids"], codes))
        self.has_colors = "colors" in text

    def target(self, name: str, mapping: dict[str, Any], unions: Unions) -> int:
        wanted = mapping.get(name, name)
        wanted = [wanted] if isinstance(wanted, str) else wanted
        if wanted == ["ignore"]:
            return IGNORE
        for one in wanted:
            if one not in unions.classes:
                raise SetError(self.path, f"'{name}' leads to '{one}', which is no class of the network",
                               f"map it to one of: {', '.join(unions.classes)}, or to ignore")
        return unions.code(wanted)

    def label_of(self, image: Path, root: Path) -> Path:
        stem = image.stem.replace(*self.replace) if self.replace else image.stem
        return root / self.labels.format(folder=image.parent.name, stem=stem)

    def pairs(self, root: Path) -> list[tuple[Path, Path]]:
        images = sorted(root.glob(self.images))
        if not images:
            raise SetError(root / self.images, "no pictures", f"{self.path} says where they are")
        pairs = [(i, self.label_of(i, root)) for i in images]
        missing = [l for _, l in pairs if not l.exists()]
        if missing:
            raise SetError(missing[0], f"{len(missing)} of {len(pairs)} pictures have no label",
                           "look at 'labels' and 'replace'")
        return pairs

    def read(self, root: Path, limit: int | None = None) -> list[Frame]:
        pairs = self.pairs(root)
        frames = [self.frame(*pair) for pair in pairs[:limit]]
        seen = np.zeros(256, np.int64)
        for frame in frames:
            seen += np.bincount(frame.label.reshape(-1), minlength=256)
        if not seen[:IGNORE].any():
            raise SetError(root, "no pixel of any label has a class", "look at 'colors' or 'ids' and 'map'")
        return frames

    def frame(self, image: Path, label: Path) -> Frame:
        try:
            picture, map_ = Image.open(image).convert("RGB"), Image.open(label)
            map_.load()
        except OSError as error:
            raise SetError(image, f"cannot be read: {error}", "fetch the set again") from None
        if not self.size and picture.size != map_.size:
            raise SetError(label, f"is {map_.size[0]}x{map_.size[1]}, its picture {picture.size[0]}x{picture.size[1]}",
                           "give 'size', to which both are stretched")
        classes = Image.fromarray(self.classes(map_, label))
        if self.size:
            picture = picture.resize(self.size, Image.Resampling.BICUBIC)
            classes = classes.resize(self.size, Image.Resampling.NEAREST)
        return Frame(np.asarray(picture), np.asarray(classes))

    def classes(self, label: Image.Image, path: Path) -> np.ndarray:
        if self.has_colors:
            rgb = np.asarray(label.convert("RGB")).astype(np.uint32) >> 2
            return self.table[rgb[..., 0] << 12 | rgb[..., 1] << 6 | rgb[..., 2]]
        values = np.asarray(label)
        if values.ndim != 2:
            raise SetError(path, "has colours where numbers are expected", "describe it with 'colors'")
        if values.size and values.max() >= len(self.table):
            raise SetError(path, f"has the number {values.max()}", "numbers are 0 to 65535; list them under 'ids'")
        return self.table[values]


def color_table(colors: dict[str, list[int]], codes: dict[str, int], reach: float) -> np.ndarray:
    """The code of each colour of 6 bits a channel: that of the nearest of `colors` within `reach`."""
    levels = np.arange(64, dtype=np.float32) * 4 + 1.5
    grid = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), -1).reshape(-1, 3)
    names = list(colors)
    distances = np.stack([np.square(grid - np.array(colors[n], np.float32)).sum(1) for n in names])
    nearest = distances.argmin(0)
    table = np.array([codes[n] for n in names], np.uint8)[nearest]
    # Half a step of the grid is granted, so that a reach of 0 takes the colours themselves.
    table[distances.min(0) > (reach + 4) ** 2] = IGNORE
    return table


def id_table(ids: dict[int, str], codes: dict[str, int]) -> np.ndarray:
    table = np.full(65536, IGNORE, np.uint8)
    for number, name in ids.items():
        table[number] = codes[name]
    return table
