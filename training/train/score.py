"""What a trained network says of photos: nine probabilities each, at the preprocessing of a server."""

import csv
import os
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from threading import Event

import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn

from .data import CLASSES, MELANOMA, Photo
from .feed import feed
from .networks import create, logits
from .resize import evaluation_square

VIEWS = 4  # of the eight: as it is, flipped down, transposed, and transposed and flipped both ways
BATCH = 32


class Stopped(Exception):
    """The work was broken off because it was asked to stop."""


@torch.no_grad()
def predict(network: nn.Module, photos: Sequence[Photo], pixels: Mapping[str, np.ndarray], size: int,
            views: int = VIEWS, stop: Event | None = None) -> np.ndarray:
    """The mean over views of the softmax of each photo: (photos, 9) float64. Raises Stopped once `stop` is set."""
    network.eval()
    parts = [photos[start:start + BATCH] for start in range(0, len(photos), BATCH)]
    answers = [np.zeros((0, len(CLASSES)))]
    with closing(feed(lambda part: np.stack([evaluation_square(pixels[photo.path], size) for photo in part]),
                      parts)) as batches:
        for batch in batches:
            if stop is not None and stop.is_set():
                raise Stopped
            images = torch.from_numpy(batch)
            answers.append(np.mean([logits(network, turned).double().softmax(1).numpy()
                                    for turned in _views(images)[:views]], axis=0))
    return np.concatenate(answers)


def score(weights: Path, architecture: str, photos: Sequence[Photo], pixels: Mapping[str, np.ndarray], size: int,
          file: Path, stop: Event) -> None:
    """Writes a CSV of what the network in `weights` says: path, group, family, label and nine probabilities a photo."""
    network = create(architecture)
    network.load_state_dict({name: value.float() for name, value in load_file(weights).items()}, strict=False)
    answers = predict(network, photos, pixels, size, stop=stop)
    temporary = file.with_suffix(".tmp")
    with open(temporary, "w", newline="") as output:
        writer = csv.writer(output, lineterminator="\n")
        writer.writerow(["image_path", "group", "family", "label", *CLASSES])
        for photo, answer in zip(photos, answers):
            writer.writerow([photo.path, photo.group, photo.family, CLASSES[photo.label],
                             *(f"{value:.7f}" for value in answer)])
    os.replace(temporary, file)


def auc_of_melanoma(photos: Sequence[Photo], answers: np.ndarray) -> float:
    """The area under the curve of the melanoma probability; NaN without both kinds."""
    return auc(answers[:, MELANOMA], np.array([photo.label == MELANOMA for photo in photos]))


def auc(scores: np.ndarray, positive: np.ndarray) -> float:
    """The chance that a positive scores above a negative, ties half (Mann-Whitney): scores (n,), positive (n,) bool."""
    count = int(positive.sum())
    if count in (0, len(scores)):
        return float("nan")
    _, place, sizes = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(sizes) - (sizes - 1) / 2)[place]
    return float((ranks[positive].sum() - count * (count + 1) / 2) / (count * (len(scores) - count)))


def _views(images: torch.Tensor) -> list[torch.Tensor]:
    turned = images.transpose(1, 2)
    return [images, images.flip(1), turned, turned.flip(1, 2)]
