# SPDX-License-Identifier: Apache-2.0
"""What labels mean: the classes that sets and networks share, and labels that stand for several of them.

docs/taxonomy.md has the same as a page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

CITYSCAPES = ("road", "sidewalk", "building", "wall", "fence", "pole", "traffic light", "traffic sign", "vegetation",
              "terrain", "sky", "person", "rider", "car", "truck", "bus", "train", "motorcycle", "bicycle")
"""The taxonomy: what descriptions of sets lead to."""

CAMVID = ("sky", "building", "pole", "road", "pavement", "tree", "sign", "fence", "car", "pedestrian", "bicyclist")

VIEW = {"sidewalk": "pavement", "wall": "building", "traffic light": "sign", "traffic sign": "sign",
        "vegetation": "tree", "terrain": "tree", "person": "pedestrian", "rider": "bicyclist", "truck": "car",
        "bus": "car", "train": "car", "motorcycle": "bicyclist", "bicycle": "bicyclist"}
"""What a class of the taxonomy is to a network of CamVid's classes; the others have the same name in both."""

IGNORE = 255


@dataclass(frozen=True)
class Frame:
    image: np.ndarray  # [H,W,3] uint8
    label: np.ndarray  # [H,W] uint8, IGNORE where not scored


class UnknownClass(ValueError):
    """A name that is neither a class of the network nor one of the taxonomy that it has in its view."""


@dataclass
class Unions:
    """Labels beyond the classes: each says that a pixel is of one of several. Shared by all sets of a run."""

    classes: Sequence[str]
    members: list[frozenset[int]] = field(default_factory=list)

    def place(self, name: str) -> int:
        """The class of that name, or that which the taxonomy's is in the network's view."""
        for one in (name, VIEW.get(name)):
            if one in self.classes:
                return self.classes.index(one)
        raise UnknownClass(name)

    def code(self, names: Sequence[str]) -> int:
        """A class, or a number behind the last one for several."""
        group = frozenset(self.place(n) for n in names)
        if len(group) == 1:
            return next(iter(group))
        if group not in self.members:
            if len(self.classes) + len(self.members) >= IGNORE:
                raise ValueError("more labels than 255 in all")
            self.members.append(group)
        return len(self.classes) + self.members.index(group)

    def group(self, code: int) -> frozenset[int]:
        """The classes that a code stands for."""
        return frozenset([code]) if code < len(self.classes) else self.members[code - len(self.classes)]

    def matrix(self) -> np.ndarray:
        """[codes, classes]: 1 where a code's pixels may be of a class; codes below the classes are these."""
        k = len(self.classes)
        rows = np.zeros((k + len(self.members), k), np.float32)
        rows[:k] = np.eye(k, dtype=np.float32)
        for row, group in zip(rows[k:], self.members):
            row[list(group)] = 1
        return rows
