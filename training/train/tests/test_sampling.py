"""Photos are drawn as the recipe says, and prepared in order."""

import numpy as np
import pytest

from train.data import CLASSES, MELANOMA, Photo
from train.feed import feed
from train.sampling import probabilities


def photos(counts):
    return tuple(Photo("", "train", family, "", CLASSES.index(name))
                 for (family, name), count in counts.items() for _ in range(count))


def test_classes_are_drawn_by_the_root_of_their_size_and_melanoma_more():
    chosen = photos({("ham", "nevus"): 900, ("ham", "melanoma"): 100, ("ham", "DF"): 25})
    chances = probabilities(chosen, "sqrt-class")
    labels = np.array([photo.label for photo in chosen])
    shares = [chances[labels == label].sum() for label in (CLASSES.index("nevus"), MELANOMA, CLASSES.index("DF"))]
    assert np.allclose(shares, np.array([30, 16, 5]) / 51)


def test_families_are_drawn_by_the_root_of_their_size_and_their_classes_as_they_come():
    chosen = photos({("ham", "nevus"): 300, ("ham", "melanoma"): 100, ("uda1", "melanoma"): 100})
    chances = probabilities(chosen, "source-balanced")
    assert np.allclose([chances[:300].sum(), chances[300:400].sum(), chances[400:].sum()], [0.5, 1 / 6, 1 / 3])


def test_prepared_values_come_in_order_and_errors_arrive():
    assert list(feed(lambda value: value * 2, range(20))) == list(range(0, 40, 2))
    with pytest.raises(ZeroDivisionError):
        list(feed(lambda value: 1 // value, [1, 0]))
