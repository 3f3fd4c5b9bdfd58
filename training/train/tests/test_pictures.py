"""Evaluation squares are OpenCV's, and random views are what size and generator say."""

import cv2
import numpy as np
import pytest

from train.artefacts import dark_rim, hairs, ink, ruler
from train.augment import Augmentation, augment
from train.recipe import RECIPES
from train.resize import evaluation_square

FRAME = np.random.default_rng(3).integers(0, 256, (61, 83, 3), dtype=np.uint8)
STILL = Augmentation(zoom=(1, 1), aspect=0, shift=0, tone_chance=0, hue_chance=0, blur_chance=0, coarse_chance=0,
                     jpeg_chance=0, cutout_chance=0)


@pytest.mark.parametrize(("size", "interpolation"),
                         [(32, cv2.INTER_AREA), (60, cv2.INTER_AREA), (61, cv2.INTER_LINEAR), (96, cv2.INTER_LINEAR)])
def test_a_square_is_reduced_by_area_and_enlarged_by_lines(size, interpolation):
    expected = cv2.resize(FRAME[:, 11:72], (size, size), interpolation=interpolation)
    assert (evaluation_square(FRAME, size) == expected).all()


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("size", [32, 96])
def test_one_generator_state_gives_one_picture(name, size):
    views = [augment(FRAME, np.random.default_rng(seed), size, RECIPES[name].augmentation) for seed in (1, 1, 2)]
    assert views[0].shape == (size, size, 3) and views[0].dtype == np.uint8
    assert (views[0] == views[1]).all()
    assert (views[0] != views[2]).any()


def test_without_strength_a_view_is_only_turned():
    blot = np.full((65, 65, 3), 200, np.uint8)
    cv2.circle(blot, (32, 32), 16, (90, 60, 40), -1)
    for seed in range(8):
        view = augment(blot, np.random.default_rng(seed), 65, STILL)
        assert np.abs(view.astype(int) - blot).mean() < 3


@pytest.mark.parametrize("artefact", [dark_rim, hairs, ink, ruler])
def test_an_artefact_leaves_most_of_the_middle(artefact):
    skin = np.full((160, 160, 3), 190, np.uint8)
    for seed in range(5):
        drawn = artefact(skin, np.random.default_rng(seed))
        assert drawn.shape == skin.shape and drawn.dtype == np.uint8
        assert (drawn != skin).any()
        assert (drawn[60:100, 60:100] == skin[60:100, 60:100]).mean() > 0.5
