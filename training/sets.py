# SPDX-License-Identifier: Apache-2.0
"""Labelled sets of any origin, described by a small YAML file each.

    name: Cityscapes, small copy
    terms: non-commercial, no redistribution of pictures
    images: trainB/*.jpg            # below the folder that the command names
    labels: trainA/{stem}.jpg       # of each picture; {folder}, {stem}, and `replace` below
    replace: [_leftImg8bit, _gtFine_labelIds]      # in {stem}
    score: {images: testB/*.jpg, labels: testA/{stem}.jpg}      # kept for scores, never trained on
    film: {images: …, labels: …}    # successive frames, to tell how steady labels are
    skip: [testB/1.jpg]             # pictures that have no label
    size: 512x256                   # pictures and labels are stretched to it; left out: as they are
    colors: {road: [128, 64, 128]}  # labels are pictures in these colours, the nearest within `reach` (default 0)
    reach: 30
    ids: {0: sky}                   # or labels are numbers, in one channel or a palette
    map: {parking: sidewalk, living: [person, rider, bicycle], caravan: ignore}

`map` leads the set's names to classes of the network, or to those of Cityscapes, of which a network of CamVid's classes
sees its view (labels.py); a name that is not in it is the class of that name. Several classes say "one of these": such
pixels train by the sum of their probabilities. Colours and numbers that are not listed are ignored, and named.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from PIL import Image

from labels import IGNORE, Frame, Unions, UnknownClass

COMMON = 255
"""The number that sets use for pixels without a label; it need not be listed."""


class SetError(SystemExit):
    """What is wrong with a set, named before training starts."""

    def __init__(self, place: Path | str, problem: str, hint: str) -> None:
        super().__init__(f"error: {place}: {problem}\n hint: {hint}")


@dataclass(frozen=True)
class Part:
    """Where pictures and their labels are."""

    images: str
    labels: str


KEYS = {"name", "terms", "images", "labels", "replace", "score", "film", "skip", "size", "colors", "reach", "ids",
        "map"}


class LabelledSet:
    """A description, read and checked."""

    def __init__(self, path: Path, unions: Unions) -> None:
        self.path, self.unions = path, unions
        try:
            self.text = path.read_text()
            text: Any = yaml.safe_load(self.text)
        except OSError as error:
            raise SetError(path, f"cannot be read: {error.strerror}", "training/sets/ has the descriptions") from None
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise SetError(path, f"is no YAML: {str(error).splitlines()[0]}", "training/sets.py shows one") from None
        self.check(text)
        self.name, self.terms = str(text["name"]), str(text.get("terms", "not stated"))
        self.parts = {"train": Part(text["images"], text["labels"])}
        self.parts |= {key: Part(**text[key]) for key in ("score", "film") if key in text}
        self.replace, self.skip = text.get("replace"), set(text.get("skip", []))
        self.size = self.read_size(text["size"]) if "size" in text else None
        self.has_colors = "colors" in text
        mapping = text.get("map") or {}
        self.names = list(dict.fromkeys(text["colors"] if self.has_colors else text["ids"].values()))
        for name in mapping.keys() - set(self.names):
            raise SetError(path, f"'map' names '{name}', which is no label of the set",
                           f"labels: {', '.join(self.names)}")
        self.codes = {name: self.target(name, mapping) for name in self.names}
        if all(code == IGNORE for code in self.codes.values()):
            raise SetError(path, "no label leads to a class", "look at 'map'")
        if self.has_colors:
            self.table, self.listed = color_table(text["colors"], self.codes, text.get("reach", 0))
        else:
            self.table, self.listed = id_table(text["ids"], self.codes)
        self.unlisted: Counter[Any] = Counter()

    def check(self, text: Any) -> None:
        """The form of the description; what its names mean is found later."""
        def need(good: bool, problem: str, hint: str = "training/sets.py shows one") -> None:
            if not good:
                raise SetError(self.path, problem, hint)

        def is_number(value: Any) -> bool:
            return isinstance(value, (int, float)) and not isinstance(value, bool)

        need(isinstance(text, dict), "is no mapping of keys")
        for key in text.keys() - KEYS:
            need(False, f"unknown key '{key}'", f"known: {', '.join(sorted(KEYS))}")
        for key in ("name", "images", "labels"):
            need(key in text, f"'{key}' is missing")
        need(("colors" in text) != ("ids" in text), "needs either 'colors' or 'ids'", "say what the labels are")
        for key in ("score", "film"):
            part = text.get(key, {"images": "", "labels": ""})
            need(isinstance(part, dict) and part.keys() == {"images", "labels"},
                 f"'{key}' is not 'images' and 'labels'")
        for part in (text, *(text[key] for key in ("score", "film") if key in text)):
            for key in ("images", "labels"):
                need(isinstance(part[key], str) and part[key] and not part[key].startswith("/"),
                     f"'{key}: {part[key]}' is no path below the set's folder")
            try:
                part["labels"].format(folder="", stem="")
            except (KeyError, IndexError, ValueError):
                need(False, f"'labels: {part['labels']}' has unknown braces", "{folder} and {stem} are known")
        replace = text.get("replace", ["", ""])
        need(isinstance(replace, list) and len(replace) == 2 and all(isinstance(r, str) for r in replace),
             "'replace' is not two texts")
        skip = text.get("skip", [])
        need(isinstance(skip, list) and all(isinstance(s, str) for s in skip), "'skip' is no list of pictures")
        reach = text.get("reach", 0)
        need(is_number(reach) and reach >= 0, f"'reach: {reach}' is no number from 0 on")
        for key in ("colors", "ids", "map"):
            need(isinstance(text.get(key, {}), dict), f"'{key}' is no mapping")
        for name, color in text.get("colors", {}).items():
            need(isinstance(name, str) and isinstance(color, list) and len(color) == 3
                 and all(isinstance(c, int) and 0 <= c <= 255 for c in color),
                 f"the colour of '{name}' is not three numbers of 0 to 255")
        for number, name in text.get("ids", {}).items():
            need(isinstance(number, int) and not isinstance(number, bool) and 0 <= number <= 65535,
                 f"'{number}' in 'ids' is no number of 0 to 65535")
            need(isinstance(name, str), f"'ids' has no name for {number}")
        for name, wanted in (text.get("map") or {}).items():
            words = wanted if isinstance(wanted, list) else [wanted]
            need(bool(words) and all(isinstance(w, str) for w in words), f"'map' leads '{name}' to no class",
                 "a name, [several, names], or ignore")
            need(words == ["ignore"] or "ignore" not in words,
                 f"'map' leads '{name}' to 'ignore' and to classes at once", "'ignore' stands alone")

    def read_size(self, size: Any) -> tuple[int, int]:
        parts = str(size).split("x")
        if len(parts) != 2 or not all(p.isdigit() and int(p) > 0 for p in parts):
            raise SetError(self.path, f"'size: {size}' is no size", "as in size: 512x256, width first")
        return int(parts[0]), int(parts[1])

    def target(self, name: str, mapping: dict[str, Any]) -> int:
        wanted = mapping.get(name, name)
        wanted = [wanted] if isinstance(wanted, str) else wanted
        if wanted == ["ignore"]:
            return IGNORE
        try:
            return self.unions.code(wanted)
        except UnknownClass as error:
            raise SetError(self.path, f"'{name}' leads to '{error}', which is no class of the network",
                           f"map it to one of: {', '.join(self.unions.classes)}, or to ignore") from None

    def pairs(self, root: Path, part: str = "train") -> list[tuple[Path, Path]]:
        """Pictures and their labels, in the order of the pictures' paths."""
        if part not in self.parts:
            raise SetError(self.path, f"has no '{part}'", "training/sets.py shows one")
        where = self.parts[part]
        images = sorted(p for p in root.glob(where.images) if p.relative_to(root).as_posix() not in self.skip)
        if not images:
            raise SetError(root / where.images, "no pictures", f"{self.path} says where they are")
        pairs = []
        for image in images:
            stem = image.stem.replace(*self.replace) if self.replace else image.stem
            pairs.append((image, root / where.labels.format(folder=image.parent.name, stem=stem)))
        missing = [pair for pair in pairs if not pair[1].exists()]
        if missing:
            raise SetError(missing[0][1], f"{len(missing)} of {len(pairs)} pictures have no label, "
                           f"{missing[0][0].name} first", "look at 'labels', 'replace' and 'skip'")
        return pairs

    def read(self, root: Path, part: str = "train", limit: int | None = None) -> list[Frame]:
        """All frames of a part; says what of the labels was not understood, and which classes no pixel has."""
        self.unlisted.clear()
        frames = [self.frame(*pair) for pair in self.pairs(root, part)[:limit]]
        seen = sum(np.bincount(frame.label.reshape(-1), minlength=256) for frame in frames)
        if not seen[:IGNORE].any():
            raise SetError(root, "no pixel of any label has a class", "look at 'colors' or 'ids' and 'map'")
        for line in self.notes(seen):
            print(f"note: {self.name}, {part}: {line}", file=sys.stderr)
        return frames

    def notes(self, seen: np.ndarray) -> list[str]:
        """What a user would want to know of labels. `seen`: pixels of each code."""
        notes, pixels = [], seen.sum()
        if count := self.unlisted.total():
            some = ", ".join(f"{value} ({n / pixels:.2%})" for value, n in self.unlisted.most_common(4))
            what = "colours" if self.has_colors else "numbers"
            notes.append(f"{count / pixels:.2%} of the pixels have {what} that are not listed, ignored: {some}")
        if empty := [name for name, code in self.codes.items() if code != IGNORE and not seen[code]]:
            notes.append(f"no pixel of: {', '.join(empty)}")
        return notes

    def frame(self, image: Path, label: Path) -> Frame:
        try:
            picture, map_ = Image.open(image).convert("RGB"), Image.open(label)
            map_.load()
        except (OSError, SyntaxError, ValueError) as error:
            raise SetError(image, f"it or its label cannot be read: {error}", "fetch the set again") from None
        if not self.size and picture.size != map_.size:
            raise SetError(label, f"is {map_.size[0]}x{map_.size[1]}, its picture {picture.size[0]}x{picture.size[1]}",
                           "give 'size', to which both are stretched")
        classes = Image.fromarray(self.classes(map_, label))
        if self.size:
            picture = picture.resize(self.size, Image.Resampling.BICUBIC)
            classes = classes.resize(self.size, Image.Resampling.NEAREST)
        return Frame(np.asarray(picture), np.asarray(classes))

    def classes(self, label: Image.Image, path: Path) -> np.ndarray:
        """[H,W] uint8 codes of a label picture."""
        if self.has_colors:
            if label.mode.startswith(("I", "F")):
                raise SetError(path, "has numbers where colours are expected", "describe it with 'ids'")
            rgb = np.asarray(label.convert("RGB")).astype(np.uint32)
            index = (rgb >> 2) @ np.array([4096, 64, 1], np.uint32)
            unknown = rgb[~self.listed[index]]
            if unknown.size and not self.is_lossy(label):
                values, counts = np.unique(unknown, axis=0, return_counts=True)
                self.unlisted.update({tuple(v.tolist()): int(n) for v, n in zip(values, counts)})
            return self.table[index]
        values = np.asarray(label)
        if values.ndim != 2 or values.dtype.kind == "f":
            raise SetError(path, "has colours where numbers are expected", "describe it with 'colors'")
        values = values.astype(np.int64)
        if values.size and (values.min() < 0 or values.max() >= len(self.table)):
            raise SetError(path, f"has the number {values.max() if values.max() > 0 else values.min()}",
                           "numbers are 0 to 65535; list them under 'ids'")
        counts = np.bincount(values.reshape(-1))
        self.unlisted.update({int(v): int(counts[v]) for v in np.flatnonzero(counts)
                              if not self.listed[v] and v != COMMON})
        return self.table[values]

    @staticmethod
    def is_lossy(label: Image.Image) -> bool:
        """A JPEG's edges have colours of no class; to list them says nothing."""
        return label.format == "JPEG"


def evenly(items: list[Any], count: int) -> list[Any]:
    """`count` of them, spread evenly; 0, or more than there are: all."""
    if not count or count >= len(items):
        return items
    return [items[(2 * i + 1) * len(items) // (2 * count)] for i in range(count)]


def color_table(colors: dict[str, list[int]], codes: dict[str, int],
                reach: float) -> tuple[np.ndarray, np.ndarray]:
    """Of each colour of 6 bits a channel the code of the nearest of `colors` within `reach`, and whether one is."""
    levels = np.arange(64, dtype=np.float32) * 4 + 1.5
    grid = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), -1).reshape(-1, 3)
    names = list(colors)
    distances = np.stack([np.square(grid - np.array(colors[n], np.float32)).sum(1) for n in names])
    table = np.array([codes[n] for n in names], np.uint8)[distances.argmin(0)]
    # Half a step of the grid is granted, so that a reach of 0 takes the colours themselves.
    listed = distances.min(0) <= (reach + 4) ** 2
    table[~listed] = IGNORE
    return table, listed


def id_table(ids: dict[int, str], codes: dict[str, int]) -> tuple[np.ndarray, np.ndarray]:
    """Of each number its code, and whether it is listed."""
    table, listed = np.full(65536, IGNORE, np.uint8), np.zeros(65536, bool)
    for number, name in ids.items():
        table[number], listed[number] = codes[name], True
    return table, listed
