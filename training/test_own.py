# SPDX-License-Identifier: Apache-2.0
"""Networks for own classes. ROADMASK names the program, which builds and deploys them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import helper
from PIL import Image

import own
from graph import load_graph
from labels import CAMVID
from pretrained import start_from_onnx
from toys import given, small_network

HERE = Path(__file__).parent
TEXT = """\
name: own
terms: mine
images: images/*.png
labels: labels/{stem}.png
ids: {0: lane, 3: sky, 4: thing, 9: void}
map: {thing: [lamp, sky], void: ignore}
"""


def own_set(root: Path) -> Path:
    for kind in ("images", "labels"):
        (root / "own" / kind).mkdir(parents=True)
    for i in range(6):
        label = np.array([3, 0], np.uint8).repeat(2400).reshape(60, 80)
        Image.fromarray(label).save(root / "own/labels" / f"{i}.png")
        Image.fromarray(np.stack([label * 60 + i] * 3, -1)).save(root / "own/images" / f"{i}.png")
    (root / "own.yaml").write_text(TEXT)
    return root / "own.yaml"


def test_classes_are_what_labels_lead_to(tmp_path: Path) -> None:
    assert own.own_classes(own_set(tmp_path)) == ["lane", "sky", "lamp"]
    assert len(own.own_classes(HERE / "sets/cityscapes.yaml")) == 19
    assert own.own_classes(tmp_path / "none.yaml") == []


def test_a_classifier_keeps_the_rows_of_classes_that_both_have(tmp_path: Path) -> None:
    """By name, or by the view of the taxonomy: a person was a pedestrian."""
    start, other = small_network(tmp_path / "start.onnx"), small_network(tmp_path / "other.onnx")
    model = onnx.load(other)
    names = ["lamp", "person", "sky", *(f"x{i}" for i in range(8))]
    helper.set_model_props(model, {"classes": ",".join(names)})
    for value in model.graph.initializer:
        if value.name == "tail.classifier.weight":
            value.raw_data = (np.ones(list(value.dims), np.float32) * 7).tobytes()
    onnx.save(model, other)
    module = load_graph(other)
    start_from_onnx(module, start, torch.zeros(1, 3, 64, 64))
    rows, before = module.state_dict()["tail.classifier.weight"], load_graph(start).state_dict()["tail.classifier.weight"]
    assert torch.equal(rows[1], before[CAMVID.index("pedestrian")]) and torch.equal(rows[2], before[CAMVID.index("sky")])
    assert (rows[0] == 7).all() and (rows[3:] == 7).all()
    same = load_graph(start)
    start_from_onnx(same, start, torch.zeros(1, 3, 64, 64))
    assert torch.equal(same.state_dict()["tail.classifier.weight"], before)


@pytest.mark.parametrize("words, said", [
    (["train", "none.yaml", ".", "--start", "none.onnx"], "there is no such file"),
    (["train", "none.yaml", ".", "--start", "start.onnx"], "is no network of this family"),
    (["deploy", "nowhere", "-o", "my.onnx"], "is no run"),
])
def test_what_is_wrong_is_named(tmp_path: Path, words: list[str], said: str) -> None:
    small_network(tmp_path / "start.onnx")
    tail = ["--out", "run"] if words[0] == "train" else []
    done = subprocess.run([sys.executable, HERE / "own.py", *words, *tail], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1 and said in done.stderr and "hint:" in done.stderr and "Traceback" not in done.stderr


def test_from_own_pictures_to_a_network_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = given("ROADMASK").resolve()
    monkeypatch.setenv("ROADMASK", str(program))
    description = own_set(tmp_path)
    start = HERE.parent / "models/srm-crm-mobilenetv2.fp16.onnx"

    def call(*words: str | Path) -> subprocess.CompletedProcess:
        return subprocess.run([sys.executable, HERE / "own.py", *words], cwd=tmp_path, capture_output=True, text=True)

    trained = call("train", description, "own", "--start", start, "--out", "run", "--size", "64x64", "--iterations", "4",
                   "--score-every", "2", "--batch", "2", "--threads", "1", "--grid-every", "4")
    assert trained.returncode == 0, trained.stderr
    assert "mIoU" in trained.stdout and "held back" in trained.stdout
    assert (tmp_path / "run/grid-000004.png").exists() and (tmp_path / "run/best.safetensors").exists()
    made = call("deploy", "run", "-o", "my.onnx")
    assert made.returncode == 0, made.stderr
    facts = {p.key: p.value for p in onnx.load(tmp_path / "my.int8.onnx").metadata_props}
    assert facts["classes"] == "lane,sky,lamp" and facts["license"] == "mine" and facts["dataset"] == "own"
    scored = subprocess.run([sys.executable, HERE.parent / "scripts/accuracy", "--set", description, "own", "-m",
                             "my.int8.onnx", "--json"], cwd=tmp_path, capture_output=True, text=True)
    assert scored.returncode == 0, scored.stderr
    result = json.loads(scored.stdout)["results"]["my.int8.onnx auto"]["sets"]["own"]
    assert result["pictures"] == 6 and set(result["iou"]) == {"lane", "sky"}
    again = call("deploy", "run", "-o", "my.onnx")
    assert again.returncode != 0 and "exists" in again.stderr
