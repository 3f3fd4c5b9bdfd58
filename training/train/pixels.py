"""Every photo decoded once: one memory-mapped file of uint8 pixels beside an index, so that no epoch decodes again."""

import json
import os
from pathlib import Path

import cv2
import numpy as np

from .data import Photo, fingerprint


class Pixels:
    """The decoded frames of photos, whole and at their own size; reading one copies nothing."""

    def __init__(self, data: Path, work: Path, photos: list[Photo]) -> None:
        """Opens the cache in `work`, made on the first call by decoding `photos` of the folder `data`."""
        stem = work / f"pixels-{fingerprint(data)}"
        index, store = stem.with_suffix(".json"), stem.with_suffix(".bin")
        if not index.exists():
            _decode(data, photos, index, store)
        self._places = json.loads(index.read_text())
        self._bytes = np.memmap(store, np.uint8, "r")

    def __getitem__(self, path: str) -> np.ndarray:
        """The frame (H, W, RGB, uint8, read-only) of the photo at `path`."""
        offset, height, width = self._places[path]
        return self._bytes[offset:offset + height * width * 3].reshape(height, width, 3)


def decode(file: Path) -> np.ndarray:
    """A JPEG as (H, W, RGB, uint8), its EXIF orientation ignored."""
    image = cv2.imread(str(file), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    if image is None:
        raise ValueError(f"cannot read {file}")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def _decode(data: Path, photos: list[Photo], index: Path, store: Path) -> None:
    """Writes `store`, then `index`, each under another name first: what bears its name is whole."""
    places, offset = {}, 0
    unfinished = store.with_suffix(".unfinished")
    with open(unfinished, "wb") as file:
        for photo in photos:
            image = decode(data / photo.path)
            file.write(image.tobytes())
            places[photo.path] = (offset, *image.shape[:2])
            offset += image.nbytes
    os.replace(unfinished, store)
    unfinished.write_text(json.dumps(places))
    os.replace(unfinished, index)
