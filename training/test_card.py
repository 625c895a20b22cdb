# SPDX-License-Identifier: Apache-2.0
"""Tests of what a run leaves for people. ROADMASK names the program, for the one that builds a network."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import onnx

import train
from card import read_log
from toys import given, run, small_network, tiny_data


def test_a_log_that_was_continued_counts_once(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    lines = [{"iteration": 20, "loss": 2.0}, {"iteration": 40, "loss": 1.5}, {"iteration": 40, "miou": 10.0, "iou": {}},
             {"iteration": 40, "loss": 1.4}, {"iteration": 60, "loss": 1.0}]
    log.write_text("\n".join(json.dumps(line) for line in lines) + '\n{"iteration": 80, "lo')
    assert [(e["iteration"], e.get("loss")) for e in read_log(log)] == [(20, 2.0), (40, 1.4), (40, None), (60, 1.0)]


def test_a_card_tells_what_was_done_and_how_it_went(tmp_path: Path) -> None:
    small_network(tmp_path / "small.onnx")
    run(tiny_data(tmp_path), "run", "--iterations", "40", "--score-every", "20", "--freeze", "backbone.stem")
    card = (tmp_path / "run" / "card.md").read_text()
    scores = [e for e in read_log(tmp_path / "run" / "log.jsonl") if "miou" in e]
    assert len(scores) == 2
    for entry in scores:
        assert f"| {entry['iteration']} | **{entry['miou']:.2f}** | {entry['iou']['sky']} |" in card
    assert "| iterations | 40 of 40, batch 2, seed 1 |" in card
    assert "| left alone | backbone.stem |" in card
    assert "| start | random weights |" in card
    assert "non-commercial" in card
    drawn = ElementTree.parse(tmp_path / "run" / "curves.svg").getroot()
    assert drawn.tag.endswith("svg")


def test_a_card_before_the_first_score_says_so(tmp_path: Path) -> None:
    small_network(tmp_path / "small.onnx")
    run(tiny_data(tmp_path), "run", "--stop", "3")
    card = (tmp_path / "run" / "card.md").read_text()
    assert "None was measured." in card and "| iterations | 3 of 8, batch 2, seed 1 |" in card


def test_the_command_of_a_card_is_the_one_that_was_given() -> None:
    words = ["--model", "a net.onnx", "--data", "d", "--out", "run", "--lr", "0.001", "--splits", "train", "--float32",
             "--scale", "0.5", "1.5", "--freeze", "backbone.stem", "backbone.b01", "--teacher", "large.onnx"]
    settings = train.parse(words)
    said = shlex.split(train.command(settings))
    assert said[:2] == ["python", "training/train.py"]
    assert train.parse(said[2:]) == settings
    assert "--batch" not in said


def test_the_network_of_a_card_is_built_by_its_words(tmp_path: Path) -> None:
    net = tmp_path / "net.onnx"
    program = given("ROADMASK")
    options = ["--backbone", "mobilenetv2-0.5", "--width", "32", "--size", "64x64"]
    subprocess.run([program, "model", "build", "rsp", *options, "--training", "-o", net], check=True,
                   capture_output=True)
    settings = train.parse(["--model", str(net), "--data", str(tiny_data(tmp_path)), "--out", str(tmp_path / "run"),
                            "--iterations", "1", "--batch", "2", "--score-every", "0"])
    train.Trainer(settings).run()
    card = (tmp_path / "run" / "card.md").read_text()
    build = next(line for line in card.splitlines() if line.startswith("roadmask model build") and "--training" in line)
    again = tmp_path / "again.onnx"
    words = shlex.split(build.replace(str(net), str(again)))
    subprocess.run([program, *words[1:]], check=True, capture_output=True)
    assert onnx.load(again) == onnx.load(net)
