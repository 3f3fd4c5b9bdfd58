"""A training that was stopped and resumed ends with the same bits as one that ran through."""

from dataclasses import replace
from threading import Event

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from train import data
from train.fit import Training, fit
from train.networks import create, freeze, logits, parts
from train.pixels import Pixels
from train.recipe import BASELINE
from train.score import score

from .drawn import draw_data

RECIPE = replace(BASELINE, sizes=((0.5, 32), (0.5, 48)), samples=48, batch=4, head_first=0.2)


class StopAfter(Event):
    """An event that sets itself when it was asked `count` times."""

    def __init__(self, count):
        super().__init__()
        self.count = count

    def is_set(self):
        self.count -= 1
        return self.count < 0


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fit")
    photos = data.load(draw_data(folder / "data"))
    return photos, Pixels(folder / "data", folder, photos)


def test_a_resumed_training_equals_an_unbroken_one_bit_for_bit(made, tmp_path):
    photos, pixels = made
    fold = data.fold(photos, "ham", False)
    assert fit(RECIPE, fold, pixels, tmp_path / "unbroken", Event())
    runs = 0
    while not fit(RECIPE, fold, pixels, tmp_path / "broken", StopAfter(4)):
        runs += 1
        assert (tmp_path / "broken" / "checkpoint.pt").exists()
    assert runs >= 3
    unbroken, broken = (load_file(tmp_path / name / "weights.safetensors") for name in ("unbroken", "broken"))
    assert unbroken.keys() == broken.keys()
    assert all(torch.equal(unbroken[key], broken[key]) for key in unbroken)
    assert not (tmp_path / "broken" / "checkpoint.pt").exists()


def test_a_checkpoint_of_another_recipe_is_refused(made, tmp_path):
    photos, pixels = made
    fold = data.fold(photos, "ham", False)
    assert not fit(RECIPE, fold, pixels, tmp_path, StopAfter(0))
    with pytest.raises(ValueError, match="another recipe"):
        fit(replace(RECIPE, seed=2), fold, pixels, tmp_path, Event())


def test_a_batch_depends_on_its_step_alone(made):
    photos, pixels = made
    make = Training(RECIPE, data.fold(photos, "ham", False)).batch(pixels)
    first, again, other = make(3), make(3), make(4)
    assert torch.equal(first[0], again[0]) and torch.equal(first[1], again[1])
    assert not torch.equal(first[0], other[0])


def test_frozen_parts_keep_parameters_and_statistics():
    torch.manual_seed(0)
    network = create("tf_efficientnet_lite0")
    before = {name: value.clone() for name, value in network.state_dict().items()}
    freeze(network, 3)
    pixels = torch.randint(0, 256, (4, 32, 32, 3), dtype=torch.uint8)
    logits(network, pixels, 3).square().mean().backward()
    torch.optim.SGD(network.parameters(), 0.1).step()
    changed = {name for name, value in network.state_dict().items() if not torch.equal(value, before[name])}
    frozen = ("conv_stem.", "bn1.", "blocks.0.", "blocks.1.")
    assert not any(name.startswith(frozen) for name in changed)
    assert {"classifier.weight", "blocks.2.0.conv_pw.weight", "bn2.running_mean"} <= changed
    assert len(parts(network)) == 9


def test_parts_and_classifier_are_the_whole_network():
    network = create("tf_efficientnet_lite1", classes=1000).eval()
    pixels = torch.randint(0, 256, (2, 64, 64, 3), dtype=torch.uint8)
    with torch.no_grad():
        whole = network((pixels.permute(0, 3, 1, 2).float() - 127) / 128)
        assert torch.allclose(logits(network, pixels), whole, atol=1e-4)


def test_scores_are_probabilities_of_each_photo(made, tmp_path):
    photos, pixels = made
    fold = data.fold(photos, "isic2017+uda1", False)
    assert fit(RECIPE, fold, pixels, tmp_path, Event())
    score(tmp_path / "weights.safetensors", RECIPE.architecture, fold.scored, pixels, 48, tmp_path / "scores.csv",
          Event())
    rows = np.genfromtxt(tmp_path / "scores.csv", delimiter=",", skip_header=1, dtype=None, encoding=None)
    assert [row[0] for row in rows] == [photo.path for photo in fold.scored]
    assert all(abs(sum(list(row)[4:]) - 1) < 1e-5 for row in rows)
