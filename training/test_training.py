# SPDX-License-Identifier: Apache-2.0
"""Batches, losses, the memory of MCIBI, and whole runs on a small network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor

import crops
import train
from graph import GraphError, load_graph
from labels import CAMVID, IGNORE, Frame, Unions
from losses import area_loss, lattice, teacher_loss
from memory import MOMENTUM, NAME, Memory
from score import confusion, iou, score
from sets import LabelledSet
from toys import Builder, run, small_network, tiny_data


def camvid_frames(root: Path, part: str) -> list[Frame]:
    return LabelledSet(Path(__file__).parent / "sets/camvid.yaml", Unions(CAMVID)).read(root / "camvid", part)


def memory_of(rows: Tensor) -> Memory:
    root = torch.nn.Module()
    owner = root
    for part in NAME.split(".")[:-1]:
        owner.add_module(part, torch.nn.Module())
        owner = getattr(owner, part)
    owner.register_parameter(NAME.split(".")[-1], torch.nn.Parameter(rows))
    return Memory(root)  # type: ignore[arg-type]


def test_memory_begins_with_the_mean_and_moves_towards_unlike_pixels() -> None:
    memory = memory_of(torch.zeros(3, 2))
    features = torch.tensor([[[[1.0, 3.0]], [[0.0, 0.0]]]])  # [1,2,1,2]: pixels (1,0) and (3,0)
    memory.update(features, torch.tensor([[[1, 1]]]), 1.0)
    assert memory.rows.tolist() == [[0, 0], [2, 0], [0, 0]]
    # (1,0) is like the row and weighs nothing; (0,4) is at a right angle and weighs all.
    features = torch.tensor([[[[1.0, 0.0]], [[0.0, 4.0]]]])
    memory.update(features, torch.tensor([[[1, 1]]]), 0.5)
    share = 0.5 * MOMENTUM
    assert torch.allclose(memory.rows[1], torch.tensor([2 * (1 - share), 4 * share]))
    assert not memory.rows.requires_grad


def test_memory_ignores_void_and_absent_classes() -> None:
    memory = memory_of(torch.ones(2, 1))
    memory.update(torch.full((1, 1, 2, 2), 5.0), torch.full((1, 4, 4), IGNORE), 1.0)
    assert memory.rows.tolist() == [[1], [1]]


def test_memory_leaves_labels_of_several_classes_out() -> None:
    memory = memory_of(torch.ones(2, 1))
    memory.update(torch.full((1, 1, 2, 2), 5.0), torch.tensor([[[2, 2], [2, 7]]]), 1.0)
    assert memory.rows.tolist() == [[1], [1]]


def test_a_teacher_is_followed_and_left_alone(tmp_path: Path) -> None:
    """With the teacher's weight far above the labels', the network comes nearer to it."""
    small_network(tmp_path / "small.onnx")
    tiny_data(tmp_path)
    b = Builder(seed=7)
    x = b.conv("image", "only", (11, 3, 5, 5), bias=True, strides=[4, 4], pads=[1, 1, 0, 0])
    b.add("Clip", [x, b.constant(-9), b.constant(9)])
    onnx.save(b.model((64, 64), "logits", 11), str(tmp_path / "teacher.onnx"))

    def distance(trainer: train.Trainer) -> float:
        trainer.module.eval()
        images = trainer.batches.make(99)[0]
        with torch.no_grad():
            return float(teacher_loss(trainer.forward(images)["logits"], taught(images)["logits"]))

    taught = load_graph(tmp_path / "teacher.onnx")
    alone = run(tmp_path, "alone", "--iterations", "30", "--lr", "1e-2")
    led = run(tmp_path, "led", "--iterations", "30", "--lr", "1e-2", "--teacher", str(tmp_path / "teacher.onnx"),
              "--teach", "100")
    assert distance(led) < 0.7 * distance(alone)
    for name, value in taught.state_dict().items():
        assert torch.equal(value, led.teacher.state_dict()[name]), name


def test_one_run_gives_the_head_and_another_network_the_backbone(tmp_path: Path) -> None:
    small_network(tmp_path / "small.onnx")
    tiny_data(tmp_path)
    given = {name: value + 1 for name, value in load_graph(tmp_path / "small.onnx").state_dict().items()}
    train.save_weights(given, tmp_path / "given.safetensors")
    started = run(tmp_path, "run", "--iterations", "0", "--init", str(tmp_path / "given.safetensors"),
                  "--pretrained", str(tmp_path / "small.onnx"), "--parts", "backbone.").module.state_dict()
    for name, value in given.items():
        if name.endswith("weight"):
            assert torch.allclose(started[name], value - int(name.startswith("backbone.")), atol=1e-6), name


def test_resuming_equals_not_stopping(tmp_path: Path) -> None:
    small_network(tmp_path / "small.onnx")
    tiny_data(tmp_path)
    straight = run(tmp_path, "straight")
    run(tmp_path, "parts", "--stop", "3")
    resumed = run(tmp_path, "parts")
    assert resumed.iteration == 8
    for name, value in straight.module.state_dict().items():
        assert torch.equal(value, resumed.module.state_dict()[name]), name
        assert torch.equal(straight.average.state[name], resumed.average.state[name]), name


def test_other_settings_do_not_resume(tmp_path: Path) -> None:
    small_network(tmp_path / "small.onnx")
    tiny_data(tmp_path)
    run(tmp_path, "run", "--stop", "2")
    with pytest.raises(SystemExit, match="other settings"):
        run(tmp_path, "run", "--lr", "1e-3")


def street(root: Path, numbers: tuple[int, ...] = (3, 0), count: int = 5) -> list[str]:
    """A small set of its own classes' numbers; the options that train on it."""
    for kind in ("images", "labels"):
        (root / "own" / kind).mkdir(parents=True)
    for i in range(count):
        label = np.array(numbers, np.uint8).repeat(1200 // len(numbers)).reshape(30, 40)
        Image.fromarray(label).save(root / "own/labels" / f"{i}.png")
        Image.fromarray(np.stack([label * 60 + i] * 3, -1)).save(root / "own/images" / f"{i}.png")
    (root / "own.yaml").write_text("name: own\nimages: images/*.png\nlabels: labels/{stem}.png\n"
                                   "ids: {0: sky, 3: road, 5: thing}\nmap: {thing: [pole, sign]}\n")
    return [str(root / "own.yaml"), str(root / "own")]


def test_a_changed_description_does_not_resume(tmp_path: Path) -> None:
    small_network(tmp_path / "small.onnx")
    tiny_data(tmp_path)
    own = ["--set", *street(tmp_path), "0.5"]
    run(tmp_path, "run", "--stop", "2", *own)
    (tmp_path / "own.yaml").write_text((tmp_path / "own.yaml").read_text().replace("[pole, sign]", "[pole, fence]"))
    with pytest.raises(SystemExit, match="other settings: descriptions"):
        run(tmp_path, "run", *own)


def test_labels_of_several_classes_train(tmp_path: Path) -> None:
    """With what a network of MCIBI and area losses makes of such labels; all pixels are of one of two classes."""
    small_network(tmp_path / "small.onnx")
    tiny_data(tmp_path)
    trainer = run(tmp_path, "run", "--set", *street(tmp_path, (5,)), "1")
    assert all(torch.isfinite(v).all() for v in trainer.module.state_dict().values())


@pytest.mark.parametrize("share, word", [("much", "'much' is no part"), ("-0.1", "no part"), ("0", "no part"),
                                         ("nan", "no part"), ("1.5", "no part"), ("0.9", "are 1.1 in sum")])
def test_wrong_shares_are_named(tmp_path: Path, share: str, word: str) -> None:
    small_network(tmp_path / "small.onnx")
    tiny_data(tmp_path)
    own = street(tmp_path)
    with pytest.raises(SystemExit, match=word):
        run(tmp_path, "run", "--set", *own, share, "--set", *own, "0.2")


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    small_network(tmp_path / "small.onnx")
    tiny_data(tmp_path)
    (tmp_path / "empty").mkdir()
    own = street(tmp_path)
    for options, word in ((["--splits", "all"], "no 'all'"),
                          (["--set", own[0], str(tmp_path / "none"), "1"], "no folder"),
                          (["--set", own[0], str(tmp_path / "empty"), "1"], "no pictures"),
                          (["--hold", "1"], "no part of the pictures"), (["--early-stop", "2"], "to judge by")):
        with pytest.raises(SystemExit, match=word):
            run(tmp_path, "run", *options)
    (tmp_path / "camvid/trainannot/2.png").unlink()
    with pytest.raises(SystemExit, match="1 of 4 pictures have no label, 2.png first"):
        run(tmp_path, "run")


def test_a_run_on_an_own_set_holds_pictures_back_and_stops(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without CamVid; the score cannot rise for long on pictures of two flat halves, so the run ends early."""
    small_network(tmp_path / "small.onnx")
    own = street(tmp_path)
    options = ["--model", str(tmp_path / "small.onnx"), "--set", *own, "1", "--hold", "0.4", "--score-every", "4",
               "--early-stop", "3", "--grid-every", "4", "--iterations", "400", "--batch", "2", "--threads", "1",
               "--save-every", "0", "--lr", "1e-2", "--warmup", "2", "--out", str(tmp_path / "run")]
    trainer = train.Trainer(train.parse(options))
    assert len(trainer.inputs.held) == 2 and len(trainer.inputs.lists[0][0]) == 3
    trainer.run()
    assert 12 <= trainer.iteration < 400 and trainer.iteration == trainer.best[0] + 12
    assert "no better score since" in capsys.readouterr().out
    best = load_file(str(tmp_path / "run/best.safetensors"))
    assert best.keys() == trainer.module.state_dict().keys()
    grid = Image.open(tmp_path / "run/grid-000004.png")
    assert grid.size == (3 * 267, 2 * 204)
    again = train.Trainer(train.parse(options))
    assert again.best == trainer.best
    again.run()
    assert again.iteration == trainer.iteration


def test_training_changes_weights_and_statistics_only(tmp_path: Path) -> None:
    small_network(tmp_path / "small.onnx")
    before = load_graph(tmp_path / "small.onnx")
    after = run(tiny_data(tmp_path), "run").module
    assert all(not torch.equal(v, after.state_dict()[k]) for k, v in before.state_dict().items())
    fixed = [k for k, _ in before.named_buffers() if k.startswith("_constants.")]
    assert fixed and all(torch.equal(before.get_buffer(k), after.get_buffer(k)) for k in fixed)


def test_crops_and_share(tmp_path: Path) -> None:
    frames = camvid_frames(tiny_data(tmp_path), "train")
    assert all(set(np.unique(f.label)) <= set(range(11)) | {IGNORE} for f in frames)
    extra = [Frame(np.full((90, 120, 3), 200, np.uint8), np.full((90, 120), 3, np.uint8))]
    batches = crops.Batches(frames, 4, 1, crops.Augmentation(size=(480, 384)), [(extra, 0.5)])
    images, labels = batches.make(5)
    assert images.shape == (4, 3, 384, 480) and labels.shape == (4, 384, 480)
    outside = labels == IGNORE
    assert float(images.abs().max()) <= 1 and bool(outside[:, -1].any())
    assert all(torch.equal(a, b) for a, b in zip(batches.make(5), (images, labels)))
    only_road = sum(set(l.unique().tolist()) <= {3, IGNORE} for i in range(10) for l in batches.make(i)[1])
    assert 8 <= only_road <= 32


def test_picture_and_label_stay_aligned() -> None:
    label = np.zeros((360, 480), np.uint8)
    label[100:260, 150:330] = 3
    image = np.repeat((label > 0)[..., None], 3, axis=2).astype(np.uint8) * 255
    for seed in range(8):
        rng = np.random.default_rng(seed)
        pixels, classes = crops.augment(rng, Frame(image, label), crops.Augmentation(blur=0))
        bright = pixels[0] > (pixels[0].max() + pixels[0].min()) / 2
        wrong = (bright != (classes == 3)) & (classes != IGNORE)
        assert wrong.mean() < 0.005


def test_area_loss_of_settled_pixels_is_the_iou_lost() -> None:
    """Where every pixel is sure of one class, the Lovász extension is 1 - IoU itself."""
    target = torch.randint(0, 3, (2, 9, 9), generator=torch.Generator().manual_seed(1))
    target[0, :2] = IGNORE
    said = target.clamp(max=2).roll(1, 2)
    full = 200.0 * torch.nn.functional.one_hot(said, 3).permute(0, 3, 1, 2).float()
    matrix = confusion(target.numpy().reshape(-1), said.numpy().reshape(-1), 11)
    expected = float(np.mean(1 - iou(matrix)[:3]))
    assert abs(float(area_loss(full, target)) - expected) < 1e-5
    right = 200.0 * torch.nn.functional.one_hot(target.clamp(max=2), 3).permute(0, 3, 1, 2).float()
    assert float(area_loss(right, target)) < 1e-6
    assert float(area_loss(full, torch.full_like(target, IGNORE))) == 0


def test_losses_see_all_pixels_in_turn() -> None:
    """Nine iterations together see what one interpolation to full size gives."""
    logits = torch.randn(2, 3, 4, 5, generator=torch.Generator().manual_seed(1))
    target = torch.arange(2 * 16 * 20).reshape(2, 16, 20)
    full = torch.nn.functional.interpolate(logits, size=(16, 20), mode="bilinear", align_corners=False)
    seen = torch.zeros(2 * 16 * 20, 3)
    for iteration in range(9):
        points, labels = lattice(logits, target, iteration)
        seen[labels.reshape(-1)] = points.permute(0, 2, 3, 1).reshape(-1, 3)
    assert torch.allclose(seen.reshape(2, 16, 20, 3).permute(0, 3, 1, 2), full, atol=1e-5)


def test_frozen_layers_keep_their_values(tmp_path: Path) -> None:
    network = small_network(tmp_path / "small.onnx")
    beginning = load_graph(network).state_dict()
    first = "backbone.stem"
    settings = train.parse(["--model", str(network), "--data", str(tiny_data(tmp_path)), "--out", str(tmp_path / "run"),
                      "--iterations", "2", "--score-every", "0", "--freeze", first])
    trainer = train.Trainer(settings)
    trainer.run()
    after = trainer.module.state_dict()
    changed = {k for k in after if not torch.equal(after[k], beginning[k])}
    assert changed and not any(k.startswith(first) for k in changed)
    with pytest.raises(GraphError, match="nosuch"):
        load_graph(network, ("nosuch",))


def test_score() -> None:
    label = np.array([[0, 1, 1, IGNORE]], np.uint8)
    matrix = confusion(label, np.array([[0, 1, 0, 5]]), 11)
    assert matrix.sum() == 3
    assert np.allclose(iou(matrix)[:2], [0.5, 0.5])


def test_pictures_of_other_sizes_are_scored_in_theirs() -> None:
    """A network that tells light from dark, on pictures larger than its input and of another shape."""
    frames = []
    for rows, columns in ((90, 64), (50, 200), (64, 64)):
        label = (np.arange(columns) >= columns // 4).astype(np.uint8)[None].repeat(rows, 0)
        frames.append(Frame(np.stack([label * 255] * 3, -1), label))

    def predict(images: Tensor) -> Tensor:
        light = torch.nn.functional.avg_pool2d(images[:, :1], 4)
        return torch.cat([-light, light], 1)

    matrix = score(predict, frames, 2, (64, 64))
    assert matrix.sum() == sum(f.label.size for f in frames)
    assert np.diag(matrix).sum() > 0.97 * matrix.sum()


def test_score_ignores_padding(tmp_path: Path) -> None:
    frames = camvid_frames(tiny_data(tmp_path), "score")
    module = load_graph(small_network(tmp_path / "small.onnx")).eval()
    matrix = score(lambda images: module(images)["logits"], frames, 11, module.input_size, batch=3)
    assert matrix.sum() == sum(int((f.label != IGNORE).sum()) for f in frames)
