"""How often each training photo is drawn."""

import numpy as np

from .data import CLASSES, MELANOMA, Photo


def probabilities(photos: tuple[Photo, ...], sampling: str) -> np.ndarray:
    """The chance of each photo to be the next one drawn: (len(photos),) float64, sum 1.

    `sqrt-class`: a class is drawn in proportion to the square root of its size, melanoma 1.6 times as often.
    `source-balanced`: a family in proportion to the square root of its size, its photos evenly; classes as they come.
    """
    if sampling == "sqrt-class":
        labels = np.array([photo.label for photo in photos])
        sizes = np.bincount(labels, minlength=len(CLASSES))
        weights = 1 / np.sqrt(sizes[labels])
        weights[labels == MELANOMA] *= 1.6
    elif sampling == "source-balanced":
        families = np.array([photo.family for photo in photos])
        _, family, sizes = np.unique(families, return_inverse=True, return_counts=True)
        weights = 1 / np.sqrt(sizes[family])
    else:
        raise ValueError(f"unknown sampling: {sampling}")
    return weights / weights.sum()
