"""Folds never share a group with what they are scored by, and test rows are never there."""

import pytest

from train import data
from train.pixels import Pixels, decode

from .drawn import draw_data


@pytest.fixture
def folder(tmp_path):
    return draw_data(tmp_path / "data")


def test_rows_of_the_test_split_and_photos_without_a_lesion_are_never_loaded(folder):
    photos = data.load(folder)
    assert len(photos) == 9 * 5
    assert {photo.split for photo in photos} == {"train", "val"}
    assert not any(photo.path.endswith("-5.jpg") for photo in photos)


@pytest.mark.parametrize("name", data.FOLDS)
@pytest.mark.parametrize("include_pad", [False, True])
def test_no_photo_of_a_training_shares_a_group_with_a_scored_one(folder, name, include_pad):
    fold = data.fold(data.load(folder), name, include_pad)
    scored = {photo.group for photo in fold.scored}
    assert not scored & {photo.group for photo in fold.train}
    assert {photo.split for photo in fold.train} == {"train"}
    assert ("pad" in {photo.family for photo in fold.train}) == include_pad
    if fold.left_out:
        assert {photo.family for photo in fold.scored} == set(fold.left_out)
        assert not scored & {photo.group for photo in fold.monitor}


def test_a_group_that_a_left_out_family_touches_is_left_out_whole(folder):
    fold = data.fold(data.load(folder), "ham", False)
    assert "joined-0" not in {photo.group for photo in fold.train}
    assert "joined-1" in {photo.group for photo in fold.train}


def test_a_row_of_the_test_split_that_gets_in_anyhow_stops_everything():
    stray = data.Photo("x.jpg", "test", "ham", "1", 0)
    with pytest.raises(AssertionError):
        data.fold([stray], "ham", False)


def test_a_source_of_no_known_family_is_refused():
    with pytest.raises(ValueError):
        data.family("somewhere_else")


def test_cached_pixels_are_the_decoded_file(folder, tmp_path):
    photos = data.load(folder)
    for _ in range(2):  # made, then opened
        pixels = Pixels(folder, tmp_path, photos)
        for photo in (photos[0], photos[-1]):
            assert (pixels[photo.path] == decode(folder / photo.path)).all()
