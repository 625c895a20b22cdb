# SPDX-License-Identifier: Apache-2.0
"""scripts/accuracy: what it does to pictures, how it scores groups of classes, and a whole run.

ROADMASK names the program, which is run for the last.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from labels import CAMVID, CITYSCAPES, IGNORE, Unions
from sets import LabelledSet
from toys import given, tiny_data

HERE = Path(__file__).parent
SCRIPT = HERE.parent / "scripts" / "accuracy"
sys.path.append(str(SCRIPT.parent))

from corruptions import CHANGES, Change  # noqa: E402


def accuracy():
    loader = importlib.machinery.SourceFileLoader("accuracy", str(SCRIPT))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("accuracy", loader))
    sys.modules["accuracy"] = module
    loader.exec_module(module)
    return module


def picture() -> np.ndarray:
    """Flat patches with a soft edge, of middle levels."""
    rng = np.random.default_rng(2)
    return rng.integers(30, 200, (9, 12, 3), np.uint8).repeat(10, 0).repeat(10, 1)


def test_there_are_twelve_kinds_of_three_strengths() -> None:
    kinds = [c.kind for c in CHANGES]
    assert len(set(kinds)) == 12 and all(kinds.count(kind) == 3 for kind in kinds)
    assert len({c.name for c in CHANGES}) == 36


@pytest.mark.parametrize("change", CHANGES, ids=lambda c: c.name)
def test_a_change_is_the_same_each_time_and_keeps_its_input(change: Change) -> None:
    x = picture()
    before = x.copy()
    y = change.picture(x, "0001TP")
    assert y.dtype == np.uint8 and y.shape == x.shape and np.array_equal(x, before)
    assert np.array_equal(y, change.picture(x, "0001TP"))
    assert np.abs(y.astype(int) - x).mean() > 0.5
    label = np.arange(90 * 120, dtype=np.int64).reshape(90, 120) % 11
    moved = change.label(label.astype(np.uint8))
    assert moved.shape == label.shape and (np.array_equal(moved, label) != change.moves)
    assert set(np.unique(moved)) <= set(range(11)) | {IGNORE}


def test_changes_do_what_they_say() -> None:
    x = picture()
    by_name = {c.name: c for c in CHANGES}

    def changed(name: str, of: np.ndarray = x) -> np.ndarray:
        return by_name[name].picture(of, "p").astype(float)

    assert abs((changed("noise σ 16", np.full((200, 200, 3), 128, np.uint8)) - 128).std() - 16) < 0.3
    assert np.array_equal(changed("brightness ×2"), np.minimum(x.astype(float) * 2, 255))
    assert np.abs(changed("gamma 2") - 255 * (x / 255) ** 2).max() <= 0.5
    assert np.abs(changed("fog 50 %") - (x * 0.5 + 100)).max() <= 0.5
    dot = np.zeros((5, 31, 3), np.uint8)
    dot[2, 15] = 255
    blurred = changed("motion blur 5 px", dot)
    assert (blurred[2, 13:18] == 51).all() and blurred.sum() == 5 * 3 * 51
    gray = changed("colour gray")
    assert (gray[..., 0] == gray[..., 1]).all() and (gray[..., 1] == gray[..., 2]).all()
    small = by_name["lens wide ×0.5"].label(np.full((90, 120), 3, np.uint8))
    assert (small == 3).mean() == 0.25 and (small[22:67, 30:90] == 3).all() and small[0, 0] == IGNORE
    errors = [np.abs(changed(f"JPEG {q}") - x).mean() for q in (50, 20, 10)]
    assert errors == sorted(errors)


def test_strengths_grow_within_what_has_one_direction() -> None:
    x = picture()
    for kind in ("noise", "motion blur", "JPEG", "night", "rain", "fog"):
        far = [np.abs(c.picture(x, "p").astype(float) - x).mean() for c in CHANGES if c.kind == kind]
        assert far == sorted(far), kind


@pytest.mark.parametrize("classes", [CAMVID, CITYSCAPES], ids=["11", "19"])
def test_groups_of_classes(classes: tuple[str, ...]) -> None:
    """IDD-Lite: pictures whose every pixel is said right in its group, and one that is all wrong."""
    set_ = LabelledSet(HERE / "sets/idd-lite.yaml", Unions(classes))
    code = {name: c for name, c in set_.codes.items()}
    say = classes.index
    person, truck = ("pedestrian", "car") if classes == CAMVID else ("person", "truck")
    label = np.array([[code["living"], code["vehicles"], code["far"], IGNORE, code["sky"]]], np.uint8)
    groups = accuracy().Groups(set_)
    groups.add(label, np.array([[say(person), say(truck), say("building"), say("road"), say("sky")]], np.uint8))
    right = groups.scores()
    assert right["miou"] == 100 and right["accuracy"] == 100
    assert set(right["iou"]) == {"living", "vehicles", "far", "sky"}
    groups.add(label, np.array([[say("road")] * 5], np.uint8))
    half = groups.scores()
    assert half["accuracy"] == 50 and half["iou"]["far"] == 50 and half["miou"] == 50


def test_a_class_of_two_groups_is_of_the_first_listed() -> None:
    set_ = LabelledSet(HERE / "sets/idd-lite.yaml", Unions(CAMVID))
    groups = accuracy().Groups(set_)
    of = {c: groups.names[groups.of_class[CAMVID.index(c)]] for c in CAMVID}
    assert of == {"sky": "sky", "building": "far", "tree": "far", "pole": "roadside", "sign": "roadside",
                  "fence": "roadside", "road": "drivable", "pavement": "non-drivable", "car": "vehicles",
                  "pedestrian": "living", "bicyclist": "living"}


def test_a_whole_run_says_what_the_program_says(tmp_path: Path) -> None:
    program = given("ROADMASK")
    data = tiny_data(tmp_path, count=3)
    kept = tmp_path / "idd"
    for kind, tail in (("leftImg8bit", "_image.jpg"), ("gtFine", "_label.png")):
        (kept / kind / "val/7").mkdir(parents=True)
        picture = np.full((45, 60, 3), 90, np.uint8) if tail.endswith("jpg") else np.zeros((45, 60), np.uint8)
        Image.fromarray(picture).save(kept / kind / "val/7" / f"0001{tail}")
    words = [sys.executable, SCRIPT, data, "-m", "srm-crm-mobilenetv2", "--changed", "2", "--threads", "1"]
    done = subprocess.run([*words, "--json"], capture_output=True, text=True,
                          env={**os.environ, "ROADMASK": str(Path(program).resolve())})
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    result = found["results"]["srm-crm-mobilenetv2 int8"]
    assert any(line.startswith("cityscapes-256: no testB/*.jpg") for line in found["skipped"])
    assert set(result["sets"]) == {"camvid", "camvid film", "idd-lite"}
    assert set(result["sets"]["idd-lite"]["iou"]) == {"drivable"}
    assert len(result["changes"]) == 37 and result["curve"]["pictures"] == 2
    said = subprocess.run([program, "eval", "-m", "srm-crm-mobilenetv2", "--precision", "int8", "--images",
                           data / "camvid/test", "--labels", data / "camvid/testannot", "--json"],
                          capture_output=True, text=True, check=True)
    assert result["sets"]["camvid"]["miou"] == round(100 * json.loads(said.stdout)["miou"], 2)
    shares = [c["miou"] / result["curve"]["clean"] for n, c in result["changes"].items() if n != "clean"]
    assert abs(result["curve"]["mean"] - np.mean(shares)) < 1e-3 and abs(result["curve"]["worst"] - min(shares)) < 1e-3


def test_nothing_to_score_is_an_error(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, SCRIPT, tmp_path], capture_output=True, text=True)
    assert done.returncode != 0 and "no labelled set was found" in done.stderr and "skipped: camvid:" in done.stderr
