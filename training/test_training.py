# SPDX-License-Identifier: Apache-2.0
"""Batches, losses, the memory of MCIBI, and whole runs on a small network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor

import camvid
import train
from graph import GraphError, load_graph
from losses import area_loss, lattice, teacher_loss
from memory import MOMENTUM, NAME, Memory
from toys import Builder, run, small_network, tiny_data


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
    memory.update(torch.full((1, 1, 2, 2), 5.0), torch.full((1, 4, 4), camvid.IGNORE), 1.0)
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


def test_training_changes_weights_and_statistics_only(tmp_path: Path) -> None:
    small_network(tmp_path / "small.onnx")
    before = load_graph(tmp_path / "small.onnx")
    after = run(tiny_data(tmp_path), "run").module
    assert all(not torch.equal(v, after.state_dict()[k]) for k, v in before.state_dict().items())
    fixed = [k for k, _ in before.named_buffers() if k.startswith("_constants.")]
    assert fixed and all(torch.equal(before.get_buffer(k), after.get_buffer(k)) for k in fixed)


def test_crops_and_share(tmp_path: Path) -> None:
    frames = camvid.read_camvid(tiny_data(tmp_path), "train")
    assert all(set(np.unique(f.label)) <= set(range(11)) | {camvid.IGNORE} for f in frames)
    extra = [camvid.Frame(np.full((90, 120, 3), 200, np.uint8), np.full((90, 120), 3, np.uint8))]
    batches = camvid.Batches(frames, 4, 1, camvid.Augmentation(size=(480, 384)), [(extra, 0.5)])
    images, labels = batches.make(5)
    assert images.shape == (4, 3, 384, 480) and labels.shape == (4, 384, 480)
    outside = labels == camvid.IGNORE
    assert float(images.abs().max()) <= 1 and bool(outside[:, -1].any())
    assert all(torch.equal(a, b) for a, b in zip(batches.make(5), (images, labels)))
    only_road = sum(set(l.unique().tolist()) <= {3, camvid.IGNORE} for i in range(10) for l in batches.make(i)[1])
    assert 8 <= only_road <= 32


def test_picture_and_label_stay_aligned() -> None:
    label = np.zeros((360, 480), np.uint8)
    label[100:260, 150:330] = 3
    image = np.repeat((label > 0)[..., None], 3, axis=2).astype(np.uint8) * 255
    for seed in range(8):
        rng = np.random.default_rng(seed)
        pixels, classes = camvid.augment(rng, camvid.Frame(image, label), camvid.Augmentation(blur=0))
        bright = pixels[0] > (pixels[0].max() + pixels[0].min()) / 2
        wrong = (bright != (classes == 3)) & (classes != camvid.IGNORE)
        assert wrong.mean() < 0.005


def test_area_loss_of_settled_pixels_is_the_iou_lost() -> None:
    """Where every pixel is sure of one class, the Lovász extension is 1 - IoU itself."""
    target = torch.randint(0, 3, (2, 9, 9), generator=torch.Generator().manual_seed(1))
    target[0, :2] = camvid.IGNORE
    said = target.clamp(max=2).roll(1, 2)
    full = 200.0 * torch.nn.functional.one_hot(said, 3).permute(0, 3, 1, 2).float()
    matrix = camvid.confusion(target.numpy().reshape(-1), said.numpy().reshape(-1))
    expected = float(np.mean(1 - camvid.iou(matrix)[:3]))
    assert abs(float(area_loss(full, target)) - expected) < 1e-5
    right = 200.0 * torch.nn.functional.one_hot(target.clamp(max=2), 3).permute(0, 3, 1, 2).float()
    assert float(area_loss(right, target)) < 1e-6
    assert float(area_loss(full, torch.full_like(target, camvid.IGNORE))) == 0


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
    label = np.array([[0, 1, 1, camvid.IGNORE]], np.uint8)
    matrix = camvid.confusion(label, np.array([[0, 1, 0, 5]]))
    assert matrix.sum() == 3
    assert np.allclose(camvid.iou(matrix)[:2], [0.5, 0.5])


def test_score_ignores_padding(tmp_path: Path) -> None:
    frames = camvid.read_camvid(tiny_data(tmp_path), "test")
    module = load_graph(small_network(tmp_path / "small.onnx")).eval()
    matrix = camvid.score(lambda images: module(images)["logits"], frames, batch=3)
    assert matrix.sum() == sum(int((f.label != camvid.IGNORE).sum()) for f in frames)
