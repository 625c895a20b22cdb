# SPDX-License-Identifier: Apache-2.0
"""What a run trains on: CamVid, drawn streets and described sets, checked before anything is trained."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from labels import Frame, Unions
from sets import LabelledSet, SetError, evenly

HERE = Path(__file__).parent
SPLITS = {"train": "train", "val": "film", "test": "score"}
"""CamVid's own names for the parts of sets/camvid.yaml."""


@dataclass(frozen=True)
class Wanted:
    """A set, where it lies, which of its parts, and its part of each batch; None: the rest."""

    set: LabelledSet
    folder: Path
    parts: Sequence[str]
    share: float | None


@dataclass(frozen=True)
class Inputs:
    lists: list[tuple[list[Frame], float]]
    """Frames and their part of each batch; the first takes the rest."""
    held: list[Frame]
    """Held back from the first list."""
    scored: list[Frame]
    """What scores are of: the frames held back, else pictures that the first set keeps for it."""
    unions: Unions
    pictures: str
    terms: str
    descriptions: list[str]
    """The texts that led here, which must not change within a run."""


def read_share(text: str, what: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 < share <= 1:
        raise SetError(what, f"'{text}' is no part of a batch", "a number above 0, at most 1, as in 0.25")
    return share


def wanted(s: argparse.Namespace, unions: Unions) -> list[Wanted]:
    found = []
    if s.data:
        unknown = [split for split in s.splits if split not in SPLITS]
        if unknown:
            raise SetError("--splits", f"CamVid has no '{unknown[0]}'", f"it has {', '.join(SPLITS)}")
        found.append(Wanted(LabelledSet(HERE / "sets/camvid.yaml", unions), s.data / "camvid",
                            [SPLITS[split] for split in s.splits], None))
    if s.extra:
        found.append(Wanted(LabelledSet(HERE / "sets/street.yaml", unions), s.extra, ["train"],
                            read_share(str(s.share), "--share")))
    for path, folder, share in s.sets:
        found.append(Wanted(LabelledSet(Path(path), unions), Path(folder), ["train"],
                            read_share(share, f"--set {path}")))
    if not found:
        raise SetError("train.py", "there is nothing to train on", "give --data, --set, or both")
    total = sum(w.share for w in found if w.share)
    if s.data and total > 1:
        raise SetError("--share and --set", f"their parts of a batch are {total:g} in sum",
                       "at most 1; CamVid takes the rest")
    if not s.data:
        found = [Wanted(w.set, w.folder, w.parts, w.share / total) for w in found]
    for one in found:
        if not one.folder.is_dir():
            raise SetError(one.folder, f"is no folder; {one.set.name} should be there", "where are its pictures?")
        for part in one.parts:
            one.set.pairs(one.folder, part)
    return found


def gather(s: argparse.Namespace, classes: Sequence[str]) -> Inputs:
    """Reads all frames. `s` has the options of train.py: data, splits, extra, share, sets, hold, score_every."""
    if not 0 <= s.hold < 1:
        raise SetError("--hold", f"'{s.hold:g}' is no part of the pictures", "a number from 0, below 1")
    unions = Unions(classes)
    sets = wanted(s, unions)
    lists, told = [], []
    for one in sets:
        frames = [frame for part in one.parts for frame in one.set.read(one.folder, part)]
        lists.append((frames, one.share or 1 - sum(w.share or 0 for w in sets)))
        told.append(f"{one.set.name}: {len(frames)}, {lists[-1][1]:.0%} of each batch")
    first = lists[0][0]
    held = set(evenly(list(range(len(first))), max(1, round(s.hold * len(first))))) if s.hold else set()
    if len(held) == len(first):
        raise SetError("--hold", "leaves no picture to train on", f"{sets[0].set.name} has {len(first)}")
    kept = [frame for index, frame in enumerate(first) if index in held]
    lists[0] = ([frame for index, frame in enumerate(first) if index not in held], lists[0][1])
    scored = kept
    if not kept and s.score_every and "score" in sets[0].set.parts:
        scored = sets[0].set.read(sets[0].folder, "score")
    if kept:
        told[0] += f", {len(kept)} of them held back"
    return Inputs(lists, kept, scored, unions, "; ".join(told),
                  "; ".join(f"{one.set.name}: {one.set.terms}" for one in sets),
                  [one.set.text for one in sets])
