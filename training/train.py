# SPDX-License-Identifier: Apache-2.0
"""Trains the initialisers of an ONNX training form on CamVid, other labelled sets, or both.

    python train.py --model net.onnx --data DATA --pretrained mobilenet.tflite --out RUN

RUN receives `latest.safetensors` (averaged weights, keyed by initialiser name), `checkpoint.pt`, `log.jsonl`,
`settings.json`, grids of predictions, and a card with curves; with --hold also `best.safetensors`, the weights that
scored best on the pictures held back. Running the same command again continues from the checkpoint.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, fx

from card import write_card
from crops import RARE, Augmentation, Batches, class_weights, frequencies
from graph import load_graph
from grid import colors, draw_grid
from inputs import gather
from losses import area_loss, lattice, pixel_loss, teacher_loss
from memory import Memory, has_memory
from pretrained import start_from_onnx, start_from_tflite, start_from_torch
from score import Predict, iou, score
from sets import SetError, evenly


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--model", type=Path, required=True, help="training form (.onnx)")
    p.add_argument("--data", type=Path, help="folder that holds camvid/")
    p.add_argument("--out", type=Path, required=True, help="run folder")
    p.add_argument("--init", type=Path, help="start from these weights (.safetensors)")
    p.add_argument("--pretrained", type=Path,
                   help="MobileNetV2 .tflite or EfficientNet-Lite .pth for the backbone, or the .onnx of a trained "
                        "network of this family; overrules --init where it has a layer")
    p.add_argument("--parts", nargs="+", default=[""], metavar="NAME",
                   help="take only the layers of the trained network whose names begin so, such as backbone.")
    p.add_argument("--extra", type=Path, help="more labelled frames: images/ and labels/")
    p.add_argument("--share", type=float, default=0.15, help="part of each batch taken from --extra")
    p.add_argument("--set", nargs=3, action="append", default=[], metavar=("YAML", "FOLDER", "SHARE"), dest="sets",
                   help="another labelled set (training/sets/): its description, where it lies, its part of each batch")
    p.add_argument("--hold", type=float, default=0.0, metavar="SHARE",
                   help="hold this part of the first set's pictures back: scores are of them")
    p.add_argument("--early-stop", type=int, default=0, metavar="N",
                   help="stop after N scores without a better one; needs --hold")
    p.add_argument("--rough", type=float, default=0.0,
                   help="part of the crops changed as weather, night and cheap cameras do (weather.py)")
    p.add_argument("--splits", nargs="+", default=["train", "val"])
    p.add_argument("--iterations", type=int, default=2400)
    p.add_argument("--stop", type=int, help="stop early at this iteration, schedule unchanged")
    p.add_argument("--batch", type=int, default=8)
    p.add_argument("--lr", type=float, default=2e-3, help="of the head; the backbone takes half")
    p.add_argument("--warmup", type=int, default=50)
    p.add_argument("--decay", type=float, default=1e-2, help="weight decay, of convolution weights only")
    p.add_argument("--area", type=float, default=1.0, help="weight of the loss on areas (IoU); 0: pixels alone")
    p.add_argument("--teacher", type=Path, help="deployed network (.onnx) of the same classes to learn from as well")
    p.add_argument("--teach", type=float, default=1.0, help="weight of the loss against the teacher")
    p.add_argument("--scale", type=float, nargs=2, default=[0.6, 2.0])
    p.add_argument("--freeze", nargs="+", default=[], metavar="NAME",
                   help="leave initialisers alone whose names begin so, such as backbone.stem")
    p.add_argument("--average", type=float, default=0.995, help="decay of the weight average")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--threads", type=int, default=0, help="0: all cores")
    p.add_argument("--save-every", type=int, default=100)
    p.add_argument("--score-every", type=int, default=300, help="0: never")
    p.add_argument("--grid-every", type=int, default=300, help="pictures with predictions, into RUN; 0: never")
    p.add_argument("--float32", action="store_true", help="no bfloat16")
    return p.parse_args(arguments)


AUXILIARY = 0.4
"""Weight of the loss on the first guess of MCIBI's classes."""

# Weights --------------------------------------------------------------------------------------------------------


def save_weights(state: dict[str, Tensor], path: Path) -> None:
    """Written aside and moved, so a reader never sees half a file."""
    plain = {k: v.detach().float().cpu().clone(memory_format=torch.contiguous_format) for k, v in state.items()}
    aside = path.with_suffix(".part")
    save_file(plain, str(aside))
    os.replace(aside, path)


def load_weights(module: fx.GraphModule, path: Path) -> None:
    """Missing, extra or misshapen tensors are errors that name the tensor."""
    module.load_state_dict(load_file(str(path)), strict=True)


class Average:
    """Exponential average of weights and running statistics."""

    def __init__(self, module: fx.GraphModule, decay: float) -> None:
        self.decay = decay
        self.state = {k: v.detach().clone() for k, v in module.state_dict().items()}

    @torch.no_grad()
    def update(self, module: fx.GraphModule, iteration: int) -> None:
        decay = min(self.decay, (1 + iteration) / (10 + iteration))
        values = module.state_dict()
        torch._foreach_lerp_(list(self.state.values()), [values[k].detach() for k in self.state], 1 - decay)


# Training -------------------------------------------------------------------------------------------------------


class Trainer:
    def __init__(self, settings: argparse.Namespace) -> None:
        self.settings = s = settings
        s.out.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(s.seed)
        if s.threads:
            torch.set_num_threads(s.threads)
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.module = load_graph(s.model, tuple(s.freeze))
        self.classes = self.module.classes
        if not self.classes:
            raise SetError(s.model, "says no names of classes", "build it with 'roadmask model build --training'")
        if s.early_stop and not (s.hold and s.score_every):
            raise SetError("--early-stop", "needs pictures to judge by", "--hold 0.2 holds some back")
        self.inputs = gather(s, self.classes)
        shares = frequencies(self.inputs.lists, len(self.classes))
        augmentation = Augmentation(size=self.module.input_size, scale=tuple(s.scale), rough=s.rough,
                                    wanted=tuple(np.flatnonzero(shares < RARE).tolist()))
        self.batches = Batches(self.inputs.lists[0][0], s.batch, s.seed, augmentation, self.inputs.lists[1:])
        self.memory = Memory(self.module) if has_memory(self.module) else None
        self.initialise()
        self.module.to(self.device, memory_format=torch.channels_last)
        self.teacher = None
        if s.teacher:
            self.teacher = load_graph(s.teacher).eval().requires_grad_(False)
            if self.teacher.classes != self.classes:
                raise SetError(s.teacher, "has other classes than the network", "a teacher needs the same, in order")
            self.teacher.to(self.device, memory_format=torch.channels_last)
        self.weights = class_weights(shares).to(self.device)
        unions = self.inputs.unions
        self.unions = torch.from_numpy(unions.matrix()).to(self.device) if unions.members else None
        self.optimizer = torch.optim.AdamW(self.groups(), fused=True)
        self.average = Average(self.module, s.average)
        self.iteration = 0
        self.best = (0, 0.0)  # iteration and mIoU of the best score
        self.restore()

    def initialise(self) -> None:
        s = self.settings
        if s.init:
            load_weights(self.module, s.init)
        if s.pretrained:
            # Two batches of training crops, as the network will see them.
            images = torch.cat([self.batches.make(i)[0] for i in range(2)])
            if s.pretrained.suffix == ".onnx":
                start_from_onnx(self.module, s.pretrained, images, tuple(s.parts))
            elif s.pretrained.suffix == ".pth":
                start_from_torch(self.module, s.pretrained)
            else:
                start_from_tflite(self.module, s.pretrained, images)
        if self.memory and not s.init:
            self.memory.clear()

    def groups(self) -> list[dict[str, Any]]:
        groups: dict[tuple[bool, bool], list[Tensor]] = {}
        for name, value in self.module.named_parameters():
            if not value.requires_grad:
                continue
            groups.setdefault((name.startswith("backbone."), value.dim() > 1), []).append(value)
        s = self.settings
        return [{"params": values, "lr": s.lr, "factor": 0.5 if backbone else 1.0,
                 "weight_decay": s.decay if matrix else 0.0} for (backbone, matrix), values in groups.items()]

    def learning_rate(self) -> float:
        s = self.settings
        return s.lr * min(1.0, (self.iteration + 1) / s.warmup) * (1 - self.iteration / s.iterations) ** 0.9

    def forward(self, images: Tensor, module: fx.GraphModule | None = None) -> dict[str, Tensor]:
        images = images.to(self.device, memory_format=torch.channels_last)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=not self.settings.float32):
            return (module or self.module)(images)

    def loss(self, logits: Tensor, target: Tensor) -> Tensor:
        logits, target = lattice(logits, target, self.iteration)
        loss = pixel_loss(logits, target, self.weights, self.unions)
        if self.settings.area:
            loss = loss + self.settings.area * area_loss(logits, target)
        return loss

    def step(self, images: Tensor, labels: Tensor) -> float:
        rate = self.learning_rate()
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group["factor"]
        outputs = self.forward(images)
        target = labels.to(self.device, torch.long)
        loss = self.loss(outputs["logits"], target)
        if self.memory:
            loss = loss + AUXILIARY * self.loss(outputs["aux.mcibi.logits"], target)
        if self.teacher:
            taught = self.forward(images, self.teacher)["logits"]
            loss = loss + self.settings.teach * teacher_loss(outputs["logits"], taught)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        if self.memory:
            self.memory.update(outputs["aux.mcibi.features"], target, rate / self.settings.lr)
        self.optimizer.step()
        self.average.update(self.module, self.iteration)
        self.iteration += 1
        return loss.item()

    def run(self) -> None:
        s = self.settings
        self.module.train()
        end = min(s.stop or s.iterations, s.iterations)
        began, losses = time.monotonic(), []
        for images, labels in self.batches.stream(self.iteration, end):
            if self.is_settled():
                print(f"stopped: no better score since iteration {self.best[0]}", flush=True)
                break
            losses.append(self.step(images, labels))
            if self.iteration % 20 == 0:
                pace = (time.monotonic() - began) / len(losses)
                self.tell(sum(losses) / len(losses), pace, end)
                began, losses = time.monotonic(), []
            if s.score_every and (self.iteration % s.score_every == 0 or self.iteration == s.iterations):
                self.score()
                began, losses = time.monotonic(), []
            if s.save_every and self.iteration % s.save_every == 0 and self.iteration < end:
                self.save()
            if s.grid_every and (self.iteration % s.grid_every == 0 or self.iteration == s.iterations):
                self.grid()
                began, losses = time.monotonic(), []
        self.save()

    def is_settled(self) -> bool:
        s = self.settings
        return bool(s.early_stop) and self.iteration >= self.best[0] + s.early_stop * s.score_every

    def tell(self, loss: float, pace: float, end: int) -> None:
        self.log(loss=round(loss, 4), lr=round(self.learning_rate(), 6), seconds=round(pace, 3))
        minutes = pace * (end - self.iteration) / 60
        print(f"iteration {self.iteration} of {end}  loss {loss:.3f}  {pace:.2f} s each  "
              f"{int(minutes) // 60}:{int(minutes) % 60:02} h left", flush=True)

    def averaged(self, work: Callable[[Predict], Any]) -> Any:
        """What `work` gives with the averaged weights in evaluation mode; training goes on as if it had not been."""
        current = {k: v.clone() for k, v in self.module.state_dict().items()}
        self.module.load_state_dict(self.average.state)
        self.module.eval()
        result = work(lambda images: self.forward(images)["logits"])
        self.module.load_state_dict(current)
        self.module.train()
        return result

    def score(self) -> None:
        """Logs the result on the scored pictures. By those held back, and by no others, the best weights are kept."""
        if not self.inputs.scored:
            return
        values = iou(self.averaged(lambda predict: score(predict, self.inputs.scored, len(self.classes),
                                                        self.module.input_size)))
        miou = round(100 * float(np.nanmean(values)), 2)
        self.log(miou=miou, iou={c: None if np.isnan(v) else round(100 * float(v), 1)
                                 for c, v in zip(self.classes, values)})
        better = bool(self.inputs.held) and miou > self.best[1]
        print(f"iteration {self.iteration}: mIoU {miou:.2f} on {len(self.inputs.scored)} pictures "
              + ("held back" + ", the best so far" * better if self.inputs.held else "kept for scores"), flush=True)
        if better:
            self.best = (self.iteration, miou)
            save_weights(self.average.state, self.settings.out / "best.safetensors")

    def grid(self) -> None:
        """Predictions of six pictures, of those that are scored if there are any."""
        frames = evenly(self.inputs.scored or self.inputs.lists[0][0], 6)
        path = self.settings.out / f"grid-{self.iteration:06}.png"
        table = colors(self.module.palette, self.inputs.unions)
        self.averaged(lambda predict: draw_grid(predict, frames, self.module.input_size, table, path))

    def log(self, **entry: Any) -> None:
        with open(self.settings.out / "log.jsonl", "a") as file:
            file.write(json.dumps({"iteration": self.iteration, **entry}) + "\n")

    # Checkpoints ------------------------------------------------------------------------------------------------

    def save(self) -> None:
        out = self.settings.out
        save_weights(self.average.state, out / "latest.safetensors")
        state = {"iteration": self.iteration, "module": self.module.state_dict(), "average": self.average.state,
                 "optimizer": self.optimizer.state_dict(), "settings": self.described(), "best": list(self.best)}
        torch.save(state, out / "checkpoint.part")
        os.replace(out / "checkpoint.part", out / "checkpoint.pt")
        threads = torch.get_num_threads()
        write_card(out, describe(self.settings), self.iteration, command(self.settings), {
            "parameters": f"{sum(p.numel() for p in self.module.parameters()) / 1e6:.1f} M",
            "pictures": self.inputs.pictures,
            "device": f"{self.device.type}, {threads} thread{'s' * (threads > 1)}, "
                      + ("float32" if self.settings.float32 else "bfloat16")}, self.inputs.terms)

    def described(self) -> dict[str, Any]:
        return describe(self.settings) | {"descriptions": self.inputs.descriptions}

    def restore(self) -> None:
        s = self.settings
        path = s.out / "checkpoint.pt"
        if not path.exists():
            self.write_settings()
            return
        state = torch.load(path, map_location=self.device, weights_only=True)
        before, now = fixed(state["settings"]), fixed(self.described())
        if other := sorted(key for key in before.keys() | now.keys() if before.get(key) != now.get(key)):
            raise SetError(path, f"belongs to a run with other settings: {', '.join(other)}",
                           "take another --out, or the same command and the same descriptions of sets")
        self.iteration = state["iteration"]
        self.module.load_state_dict(state["module"])
        self.average.state = state["average"]
        self.optimizer.load_state_dict(state["optimizer"])
        self.best = tuple(state["best"])
        self.write_settings()

    def write_settings(self) -> None:
        (self.settings.out / "settings.json").write_text(json.dumps(self.described(), indent=1) + "\n")


def describe(settings: argparse.Namespace) -> dict[str, Any]:
    return {k: str(v) if isinstance(v, Path) else v for k, v in vars(settings).items() if k != "out"}


def command(settings: argparse.Namespace) -> str:
    """The command line of these settings, without options that have their defaults."""
    given, defaults = vars(settings), vars(parse(["--model", "?", "--out", "?"]))
    words = ["python", "training/train.py"]
    for name, value in given.items():
        if value == defaults[name]:
            continue
        if name == "sets":
            words += [word for described in value for word in ("--set", *described)]
            continue
        words.append("--" + name.replace("_", "-"))
        if value is not True:
            words += [str(v) for v in (value if isinstance(value, list) else [value])]
    return shlex.join(words)


def fixed(settings: dict[str, Any]) -> dict[str, Any]:
    """What must agree when a run is continued. A changed length bends the rest of the schedule to end there."""
    free = ("iterations", "stop", "threads", "save_every", "score_every", "grid_every", "early_stop")
    return {k: v for k, v in settings.items() if k not in free}


if __name__ == "__main__":
    Trainer(parse()).run()
