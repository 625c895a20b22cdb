# SPDX-License-Identifier: Apache-2.0
"""A network for own classes, from few labelled pictures and a network that is trained already.

    python own.py train my.yaml FOLDER --start models/srm-crm.onnx --out RUN
    python own.py deploy RUN -o my.onnx

`train` builds the training form of the network in --start with the classes of my.yaml (its own names, or what its `map`
leads them to), starts it from that network's layers, and trains with a fifth of the pictures held back; it ends when
they are not labelled better any more. The same command continues. Further options are those of train.py.
`deploy` writes my.onnx and my.int8.onnx from the weights that labelled those pictures best. ROADMASK names the program.
docs/train-your-own.md shows it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import onnx
import yaml
from PIL import Image

import train
from card import build_options
from inputs import wanted
from labels import Unions
from sets import SetError, evenly

ROADMASK = os.environ.get("ROADMASK", "roadmask")
FROZEN = ("backbone.stem", "backbone.b01", "backbone.b02", "backbone.b03", "backbone.b04")
"""Layers that see edges and colours, which roads of all countries share."""
DEFAULTS = ["--hold", "0.2", "--early-stop", "4", "--score-every", "50", "--grid-every", "100", "--save-every", "50",
            "--iterations", "400", "--batch", "4", "--lr", "8e-4", "--warmup", "20", "--average", "0.98",
            "--rough", "0.3", "--scale", "0.6", "2.25"]


def roadmask(*words: str | Path) -> None:
    try:
        done = subprocess.run([ROADMASK, *words])
    except OSError as error:
        raise SetError(ROADMASK, error.strerror, "set ROADMASK to the program, as in .build/release/roadmask") from None
    if done.returncode:
        raise SystemExit(done.returncode)


def facts_of(path: Path) -> dict[str, str]:
    if not path.exists():
        raise SetError(path, "there is no such file", "models/ has the shipped networks; take one of floats or halves")
    facts = {entry.key: entry.value for entry in onnx.load(str(path)).metadata_props}
    if "roadmask.network" not in facts:
        raise SetError(path, "is no network of this family", "take one of models/, or one that 'model build' wrote")
    return facts


def own_classes(description: Path) -> list[str]:
    """The classes that a description's labels lead to, in its order. Its form is checked when it is read for good."""
    try:
        text: Any = yaml.safe_load(description.read_text())
    except (OSError, yaml.YAMLError):
        text = {}
    text = text if isinstance(text, dict) else {}
    names, mapping = text.get("colors") or (text.get("ids") or {}).values(), text.get("map") or {}
    led = [mapping.get(name, name) for name in names]
    classes = list(dict.fromkeys(one for many in led for one in (many if isinstance(many, list) else [many])))
    return [str(name) for name in classes if name != "ignore"]


def begin(options: argparse.Namespace, more: list[str]) -> None:
    facts = facts_of(options.start)
    classes = options.classes.split(",") if options.classes else own_classes(options.description)
    if len(classes) < 2:
        raise SetError(options.description, "names no classes to tell apart", "training/sets.py shows a description")
    # The description's own faults are named here, before the network is built.
    settings = argparse.Namespace(data=None, extra=None, sets=[[str(options.description), str(options.folder), "1"]])
    wanted(settings, Unions(classes))
    options.out.mkdir(parents=True, exist_ok=True)
    net = options.out / "net.onnx"
    if not net.exists():
        words = build_options(facts["roadmask.network"])
        words[words.index("--classes") + 1] = ",".join(classes)
        roadmask("model", "build", *words, "--size", options.size, "--training", "-o", net)
    frozen = [name for name in FROZEN if any(i.name.startswith(name) for i in onnx.load(str(net)).graph.initializer)]
    given = train.parse([
        "--model", str(net), "--set", str(options.description), str(options.folder), "1", "--pretrained",
        str(options.start), "--out", str(options.out), *DEFAULTS, *(["--freeze", *frozen] if frozen else []), *more])
    train.Trainer(given).run()
    print(f"next: python training/own.py deploy {options.out} -o my.onnx")


def deploy(options: argparse.Namespace) -> None:
    file = options.run / "settings.json"
    if not file.exists():
        raise SetError(options.run, "is no run", "train first: 'own.py train …' or train.py")
    settings = json.loads(file.read_text())
    net, start = Path(settings["model"]), settings["pretrained"]
    facts = facts_of(net)
    kept = [options.run / f"{name}.safetensors" for name in ("best", "latest")]
    weights = next((path for path in kept if path.exists()), None)
    if not weights:
        raise SetError(options.run, "has no weights yet", "they come with the first score or save")
    picture = options.picture
    if not picture:
        picture = facts_of(Path(start))["picture"] if str(start).endswith(".onnx") else facts["picture"]
    chosen = argparse.Namespace(data=Path(settings["data"]) if settings["data"] else None, splits=settings["splits"],
                                extra=Path(settings["extra"]) if settings["extra"] else None,
                                share=settings["share"], sets=settings["sets"])
    sets = wanted(chosen, Unions(facts["classes"].split(",")))
    output, eight = options.output, options.output.with_suffix(".int8.onnx")
    yes = ["-y"] if options.yes else []
    roadmask("model", "build", *build_options(facts["roadmask.network"]), "--picture", picture, "--weights", weights,
             "--meta", "dataset=" + "; ".join(one.set.name for one in sets),
             "--meta", "license=" + "; ".join(dict.fromkeys(one.set.terms for one in sets)), "-o", output, *yes)
    with tempfile.TemporaryDirectory() as folder:
        pairs = [(one, pair) for one in sets for part in one.parts for pair in one.set.pairs(one.folder, part)]
        for index, (one, pair) in enumerate(evenly(pairs, 100)):
            Image.fromarray(one.set.frame(*pair).image).save(Path(folder) / f"{index:03}.png", compress_level=1)
        roadmask("quantize", output, "--calib", folder, "-o", eight, *yes)
    print(f"wrote {output} and {eight} from {weights.name}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    p = verbs.add_parser("train", help="train from a network that is trained already; further options: train.py")
    p.add_argument("description", type=Path, metavar="YAML", help="what the labels are (training/sets.py)")
    p.add_argument("folder", type=Path, metavar="FOLDER", help="where pictures and labels are")
    p.add_argument("--start", type=Path, required=True, help="a network of models/ in floats or halves (.onnx)")
    p.add_argument("--out", type=Path, required=True, help="run folder")
    p.add_argument("--classes", help="names separated by commas (default: those of YAML, in its order)")
    p.add_argument("--size", default="480x384", help="of the crops, multiples of 32 (default: 480x384)")
    p = verbs.add_parser("deploy", help="write the trained network for use")
    p.add_argument("run", type=Path, metavar="RUN")
    p.add_argument("-o", "--output", type=Path, required=True, metavar="FILE.onnx")
    p.add_argument("--picture", help="size of the network's picture as WxH (default: as in the start)")
    p.add_argument("-y", dest="yes", action="store_true", help="overwrite")
    options, more = parser.parse_known_args(sys.argv[1:])
    if options.verb == "deploy":
        if more:
            parser.error(f"unknown: {' '.join(more)}")
        deploy(options)
    else:
        begin(options, more)


if __name__ == "__main__":
    main()
