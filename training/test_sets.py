# SPDX-License-Identifier: Apache-2.0
"""Labelled sets by description, losses of labels that stand for several classes, and what weather does to a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from crops import Augmentation, Batches
from labels import CAMVID, CITYSCAPES, IGNORE, VIEW, Frame, Unions
from losses import pixel_loss
from sets import LabelledSet, SetError
from weather import KINDS, roughen

HERE = Path(__file__).parent
COLORS = """\
name: drawn
images: images/*.png
labels: labels/{stem}_x.png
replace: [_image, _label]
reach: 30
colors:
  lane: [128, 64, 128]
  plant: [0, 200, 0]
  thing: [200, 0, 0]
map:
  lane: road
  plant: tree
  thing: [pole, sign, fence]
"""


def write(root: Path, text: str, label: np.ndarray, size: tuple[int, int] = (8, 4)) -> Path:
    for folder in ("images", "labels"):
        (root / folder).mkdir(exist_ok=True)
    Image.new("RGB", size, (9, 9, 9)).save(root / "images" / "a_image.png")
    Image.fromarray(label).save(root / "labels" / "a_label_x.png")
    (root / "set.yaml").write_text(text)
    return root / "set.yaml"


def colors() -> np.ndarray:
    label = np.zeros((4, 8, 3), np.uint8)
    label[:2] = (120, 70, 125)  # not quite a lane's
    label[2] = (0, 200, 0)
    label[3, :4] = (200, 0, 0)
    label[3, 4:] = (90, 90, 90)  # far from all
    return label


def test_colours_lead_to_the_nearest_class_within_reach(tmp_path: Path) -> None:
    unions = Unions(CAMVID)
    frames = LabelledSet(write(tmp_path, COLORS, colors()), unions).read(tmp_path)
    label = frames[0].label
    assert (label[:2] == CAMVID.index("road")).all() and (label[2] == CAMVID.index("tree")).all()
    assert (label[3, :4] == len(CAMVID)).all() and (label[3, 4:] == IGNORE).all()
    row = unions.matrix()[len(CAMVID)]
    assert {CAMVID[i] for i in np.flatnonzero(row)} == {"pole", "sign", "fence"}


def test_numbers_lead_to_classes(tmp_path: Path) -> None:
    text = "name: n\nimages: images/*.png\nlabels: labels/{stem}_x.png\nreplace: [_image, _label]\n" \
           "ids: {0: road, 7: sky, 900: car}\n"
    ids = np.zeros((4, 8), np.uint16)
    ids[0], ids[1], ids[2] = 7, 900, 3
    label = LabelledSet(write(tmp_path, text, ids), Unions(CAMVID)).read(tmp_path)[0].label
    assert [int(v) for v in label[:, 0]] == [CAMVID.index("sky"), CAMVID.index("car"), IGNORE, CAMVID.index("road")]


@pytest.mark.parametrize("change, word", [
    (("thing: [pole, sign, fence]", "thing: lamp"), "no class of the network"),
    (("  plant: tree", "  plants: tree"), "no label of the set"),
    (("name: drawn\n", ""), "'name' is missing"),
    (("reach: 30", "reech: 30"), "unknown key"),
    (("_x.png", "_y.png"), "have no label"),
    (("images/*.png", "pictures/*.png"), "no pictures"),
    (("colors:", "ids: {0: road}\ncolors:"), "either"),
    (("lane: road\n  plant: tree\n  thing: [pole, sign, fence]", "lane: ignore\n  plant: ignore\n  thing: ignore"),
     "no label leads"),
    (("", ""), "no pixel"),
    (("reach: 30", "reach: -4"), "no number from 0 on"),
    (("reach: 30", "reach: far"), "no number from 0 on"),
    (("reach: 30", "size: 512"), "'size: 512' is no size"),
    (("reach: 30", "size: 0x8"), "no size"),
    (("name: drawn", "name: [drawn"), "is no YAML"),
    (("[128, 64, 128]", "[128, 64]"), "three numbers"),
    (("[128, 64, 128]", "[128, 64, 256]"), "three numbers"),
    (("lane: road", "lane: [ignore, road]"), "to 'ignore' and to classes at once"),
    (("lane: road", "lane: []"), "to no class"),
    (("lane: road", "lane: 3"), "to no class"),
    (("{stem}_x", "{name}_x"), "unknown braces"),
    (("[_image, _label]", "_image"), "not two texts"),
    (("images: images", "images: /images"), "no path below"),
    (("reach: 30", "score: {images: a}"), "not 'images' and 'labels'"),
])
def test_what_is_wrong_is_named(tmp_path: Path, change: tuple[str, str], word: str) -> None:
    path = write(tmp_path, COLORS.replace(*change), colors() * 0 + 90 if word == "no pixel" else colors())
    with pytest.raises(SetError, match=word):
        LabelledSet(path, Unions(CAMVID)).read(tmp_path)


IDS = "name: n\nimages: images/*.png\nlabels: labels/{stem}_x.png\nreplace: [_image, _label]\nids: {0: road, 7: sky}\n"


@pytest.mark.parametrize("ids, word", [("{-1: road}", "no number of 0 to 65535"), ("{70000: road}", "no number of"),
                                       ("{x: road}", "no number of"), ("{true: road}", "no number of"),
                                       ("{0: 5}", "no name for 0"), ("[road]", "no mapping")])
def test_wrong_numbers_are_named(tmp_path: Path, ids: str, word: str) -> None:
    path = write(tmp_path, IDS.replace("{0: road, 7: sky}", ids), np.zeros((4, 8), np.uint8))
    with pytest.raises(SetError, match=word):
        LabelledSet(path, Unions(CAMVID))


def test_a_missing_description_is_named(tmp_path: Path) -> None:
    with pytest.raises(SetError, match="cannot be read: No such file"):
        LabelledSet(tmp_path / "none.yaml", Unions(CAMVID))


def test_labels_of_any_depth_are_read_or_refused(tmp_path: Path) -> None:
    """Numbers in 1, 8 or 16 bits and in a palette are alike; other forms are named."""
    path = write(tmp_path, IDS, np.zeros((4, 8), np.uint8))
    file = tmp_path / "labels" / "a_label_x.png"
    numbers = np.zeros((4, 8), np.uint8)
    numbers[1:] = 7
    palette = Image.fromarray(numbers, "P")
    palette.putpalette(list(range(256)) * 3)
    for picture in (Image.fromarray(numbers), palette, Image.fromarray(numbers.astype(np.uint16))):
        picture.save(file)
        label = LabelledSet(path, Unions(CAMVID)).read(tmp_path)[0].label
        assert label[0, 0] == CAMVID.index("road") and (label[1:] == CAMVID.index("sky")).all()
    Image.fromarray(numbers == 7).save(file)
    path.write_text(IDS.replace("7: sky", "1: sky"))
    assert (LabelledSet(path, Unions(CAMVID)).read(tmp_path)[0].label[1:] == CAMVID.index("sky")).all()
    Image.fromarray(numbers).convert("RGB").save(file)
    with pytest.raises(SetError, match="colours where numbers are expected"):
        LabelledSet(path, Unions(CAMVID)).read(tmp_path)
    path.write_text(COLORS)
    Image.fromarray(numbers.astype(np.uint16)).save(file)
    with pytest.raises(SetError, match="numbers where colours are expected"):
        LabelledSet(path, Unions(CAMVID)).read(tmp_path)
    file.write_bytes(b"no picture")
    with pytest.raises(SetError, match="cannot be read"):
        LabelledSet(path, Unions(CAMVID)).read(tmp_path)


def test_what_labels_hold_beyond_the_description_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    numbers = np.zeros((4, 8), np.uint8)
    numbers[0, :4], numbers[1] = 11, 255  # 255 is what sets have for nothing
    LabelledSet(write(tmp_path, IDS, numbers), Unions(CAMVID)).read(tmp_path)
    said = capsys.readouterr().err
    assert "12.50% of the pixels have numbers that are not listed, ignored: 11 (12.50%)" in said and "255" not in said
    assert "no pixel of: sky" in said
    LabelledSet(write(tmp_path, COLORS, colors()), Unions(CAMVID)).read(tmp_path)
    said = capsys.readouterr().err
    assert "12.50% of the pixels have colours that are not listed, ignored: (90, 90, 90) (12.50%)" in said
    assert "no pixel of" not in said


def test_parts_for_scores_and_pictures_without_labels(tmp_path: Path) -> None:
    path = write(tmp_path, COLORS + 'score: {images: kept/*.png, labels: "labels/{stem}_x.png"}\n', colors())
    (tmp_path / "kept").mkdir()
    for name in ("a_image", "b_image"):
        Image.new("RGB", (8, 4)).save(tmp_path / "kept" / f"{name}.png")
    with pytest.raises(SetError, match="1 of 2 pictures have no label, b_image.png first"):
        LabelledSet(path, Unions(CAMVID)).read(tmp_path, "score")
    path.write_text(path.read_text() + "skip: [kept/b_image.png]\n")
    assert len(LabelledSet(path, Unions(CAMVID)).read(tmp_path, "score")) == 1
    with pytest.raises(SetError, match="has no 'film'"):
        LabelledSet(path, Unions(CAMVID)).read(tmp_path, "film")


def test_camvids_classes_are_a_view_of_the_taxonomy() -> None:
    assert VIEW.keys() <= set(CITYSCAPES) and set(VIEW.values()) <= set(CAMVID)
    assert {VIEW.get(name, name) for name in CITYSCAPES} == set(CAMVID)
    few, many = Unions(CAMVID), Unions(CITYSCAPES)
    assert few.code(["truck", "bus"]) == CAMVID.index("car") and not few.members
    assert many.group(many.code(["truck", "bus"])) == {CITYSCAPES.index("truck"), CITYSCAPES.index("bus")}


@pytest.mark.parametrize("name", ["camvid", "street"])
def test_camvids_numbers_are_its_classes(name: str) -> None:
    set_ = LabelledSet(HERE / "sets" / f"{name}.yaml", Unions(CAMVID))
    assert set_.table[:11].tolist() == list(range(11)) and set_.table[11] == IGNORE
    whole = LabelledSet(HERE / "sets" / f"{name}.yaml", Unions(CITYSCAPES))
    joined = [whole.unions.group(code) for code in whole.codes.values() if code != IGNORE]
    assert sorted(index for group in joined for index in group) == list(range(19))


def test_other_sizes_are_named_or_stretched(tmp_path: Path) -> None:
    path = write(tmp_path, COLORS, colors(), size=(16, 8))
    with pytest.raises(SetError, match="16x8"):
        LabelledSet(path, Unions(CAMVID)).read(tmp_path)
    path.write_text(COLORS + "size: 16x8\n")
    assert LabelledSet(path, Unions(CAMVID)).read(tmp_path)[0].label.shape == (8, 16)


@pytest.mark.parametrize("path", sorted((HERE / "sets").glob("*.yaml")), ids=lambda p: p.stem)
@pytest.mark.parametrize("classes", [CAMVID, CITYSCAPES], ids=["11", "19"])
def test_descriptions_that_ship_are_sound(path: Path, classes: tuple[str, ...]) -> None:
    LabelledSet(path, Unions(classes))


def test_a_union_costs_what_its_classes_together_miss() -> None:
    logits = torch.tensor([[1.0, 2.0, 0.5]]).reshape(1, 3, 1, 1)
    unions = torch.tensor([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0]], dtype=torch.float32)
    loss = pixel_loss(logits, torch.full((1, 1, 1), 3), torch.ones(3), unions)
    expected = -torch.log(logits.softmax(1)[0, :2].sum())
    assert abs(float(loss - expected)) < 1e-6
    fine = torch.full((1, 1, 1), 1)
    assert abs(float(pixel_loss(logits, fine, torch.ones(3), unions) - pixel_loss(logits, fine, torch.ones(3)))) < 1e-6


@pytest.mark.parametrize("name", list(KINDS))
def test_weather_changes_pictures_and_keeps_their_form(name: str) -> None:
    rng = np.random.default_rng(4)
    x = rng.uniform(0, 255, (40, 60, 3)).astype(np.float32)
    y = KINDS[name][1](np.random.default_rng(5), x.copy())
    assert y.shape == x.shape and np.isfinite(y).all() and np.abs(y - x).mean() > 0.5
    again = KINDS[name][1](np.random.default_rng(5), x.copy())
    assert np.array_equal(y, again)


def test_roughened_pictures_stay_in_range() -> None:
    rng = np.random.default_rng(6)
    x = rng.uniform(0, 255, (40, 60, 3)).astype(np.float32)
    for _ in range(40):
        y = roughen(rng, x, second=0.5)
        assert y.dtype == np.float32 and y.min() >= 0 and y.max() <= 255


def test_batches_take_their_shares() -> None:
    def frames(value: int) -> list[Frame]:
        return [Frame(np.zeros((64, 96, 3), np.uint8), np.full((64, 96), value, np.uint8))]
    batches = Batches(frames(0), 8, 3, Augmentation(size=(96, 64)), [(frames(1), 0.5), (frames(2), 0.25)])
    labels = torch.stack([batches.make(i)[1] for i in range(40)])
    seen = [float((labels.flatten(2).float().amin(2) == v).float().mean()) for v in range(3)]
    assert abs(seen[1] - 0.5) < 0.12 and abs(seen[2] - 0.25) < 0.12
