# SPDX-License-Identifier: Apache-2.0
"""What a run leaves for people: `card.md`, which says what was trained on what and how, and `curves.svg`."""

from __future__ import annotations

import json
import shlex
import statistics
from pathlib import Path
from typing import Any

import onnx
from matplotlib.figure import Figure

TERMS = """\
Weights trained on pictures are bound by the terms of these: research and non-commercial use only, where one set says
so."""


def read_log(path: Path) -> list[dict[str, Any]]:
    """Entries by iteration. Of those that a continued run repeated the later stay; lines cut short by a kill go."""
    entries: dict[tuple[int, bool], dict[str, Any]] = {}
    for line in path.read_text().splitlines() if path.exists() else []:
        try:
            entry = json.loads(line)
        except json.JSONDecodeError:
            continue
        entries[entry["iteration"], "miou" in entry] = entry
    return [entries[key] for key in sorted(entries)]


def draw_curves(log: list[dict[str, Any]], path: Path) -> None:
    """Loss, and mIoU where it was scored, over iterations."""
    figure = Figure(figsize=(7, 3.5), layout="constrained")
    losses = figure.add_subplot(xlabel="iteration", ylabel="loss")
    trained = [e for e in log if "loss" in e]
    losses.plot([e["iteration"] for e in trained], [e["loss"] for e in trained], color="#1f5fa8")
    losses.set_ylim(bottom=0)
    scored = [e for e in log if "miou" in e]
    if scored:
        scores = losses.twinx()
        scores.set_ylabel("mIoU, %", color="#c0392b")
        scores.plot([e["iteration"] for e in scored], [e["miou"] for e in scored], "o-", color="#c0392b")
    figure.savefig(path)


def form(model: Path) -> tuple[str, str]:
    """The network's description, as its file has it, and the width and height of its input."""
    file = onnx.load(str(model))
    described = {p.key: p.value for p in file.metadata_props}.get("roadmask.network", "")
    height, width = (d.dim_value for d in file.graph.input[0].type.tensor_type.shape.dim[2:])
    return described, f"{width}x{height}"


def build_options(described: str) -> list[str]:
    """The options of `roadmask model build` that a network's description in its file stands for."""
    parts = (part.partition("=") for part in shlex.split(described))
    return [word for key, _, value in parts for word in (f"--{key}", value)]


def table(rows: list[tuple[Any, ...]]) -> str:
    lines = ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join([lines[0], "|---" * len(rows[0]) + "|", *lines[1:]])


def write_card(run: Path, settings: dict[str, Any], iteration: int, command: str, about: dict[str, Any],
               terms: str) -> None:
    """Writes both files into `run`.

    `settings` are the run's as `settings.json` has them, `iteration` how far it is, `command` what starts it, and
    `about` further rows: the numbers of parameters and pictures, and the device. `terms` are those of the pictures.
    """
    log = read_log(run / "log.jsonl")
    draw_curves(log, run / "curves.svg")
    described, size = form(Path(settings["model"]))
    paces = [e["seconds"] for e in log if "seconds" in e]
    facts = [
        ("", ""),
        ("network", described or settings["model"]),
        ("input", f"{size}, RGB, (x − 127.5) / 127.5"),
        *about.items(),
        ("start", " + ".join(str(settings[k]) for k in ("init", "pretrained") if settings[k]) or "random weights"),
        ("taught by", settings["teacher"] or "labels alone"),
        ("iterations", f"{iteration} of {settings['iterations']}, batch {settings['batch']}, seed {settings['seed']}"),
        ("learning rate", f"{settings['lr']:g}, backbone half"),
        ("left alone", ", ".join(settings["freeze"]) or "nothing"),
        ("seconds an iteration", f"{statistics.median(paces):.2f}" if paces else "–"),
    ]
    scored = [e for e in log if "miou" in e]
    scores = "None was measured."
    if scored:
        rows = [("iteration", "mIoU", *scored[-1]["iou"])]
        rows += [(e["iteration"], f"**{e['miou']:.2f}**", *e["iou"].values()) for e in scored]
        scores = table(rows)
    build = shlex.join(["roadmask", "model", "build", *build_options(described)])
    (run / "card.md").write_text(f"""# {run.name}

{table(facts)}

## Scores

Averaged weights, IoU in percent. The number to quote is that of `scripts/accuracy` on the deployed network.

{scores}

![Loss and mIoU](curves.svg)

## Make it again

```sh
{build} --size {size} --training -o {shlex.quote(settings["model"])}
{command}
```

## Use it

```sh
{build} --picture 480x360 --weights latest.safetensors -o network.onnx
roadmask quantize network.onnx --to fp16 -o network.fp16.onnx
roadmask quantize network.onnx --calib PICTURES -o network.int8.onnx      # a folder of training pictures
scripts/accuracy DATA -m network.int8.onnx
```

## Terms

{terms}.

{TERMS}
""")
