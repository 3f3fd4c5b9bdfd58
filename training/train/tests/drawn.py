"""A small data set of drawn pictures: a manifest, and JPEGs of round blots whose colour goes with the class."""

import csv
from pathlib import Path

import cv2
import numpy as np

ROWS = (("ham10000_256c", "nv"), ("ham10000_full", "mel"), ("isic2018t1", "melanoma"), ("isic2018t1", "nevus"),
        ("isic_uda1_full", "nevus"), ("isic2020", "unknown"), ("isic2019", "akiec:actinic keratosis"),
        ("isic_archive_180", "melanoma"), ("pad_ufes_20", "nevus"), ("nonskin_hand", "hand, normal skin"))


def draw_data(folder: Path, copies: int = 6) -> Path:
    """Writes `copies` photos of each of ROWS into `folder`: one in six is of the split test, one of val.

    Photos 0 of HAM10000 and of ISIC 2019 are of one group, as are photos 1 of ISIC 2017 and of UDA-1.
    """
    generator = np.random.default_rng(5)
    shared = {("ham10000_256c", 0): "joined-0", ("isic2019", 0): "joined-0",
              ("isic2018t1", 1): "joined-1", ("isic_uda1_full", 1): "joined-1"}
    (folder / "images").mkdir(parents=True)
    with open(folder / "manifest.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["image_path", "split", "dx", "source", "group"])
        for row, (source, dx) in enumerate(ROWS):
            for copy in range(copies):
                path = f"images/{row}-{copy}.jpg"
                split = {4: "val", 5: "test"}.get(copy % 6, "train")
                writer.writerow([path, split, dx, source, shared.get((source, copy), f"{row}-{copy}")])
                cv2.imwrite(str(folder / path), _blot(generator, row))
    return folder


def _blot(generator: np.random.Generator, row: int) -> np.ndarray:
    image = np.full((60, 80, 3), (150, 180, 220), np.uint8)
    cv2.circle(image, (40, 30), int(generator.integers(12, 25)), (20 * row, 60, 200 - 20 * row), -1)
    return cv2.add(image, generator.integers(0, 20, image.shape, dtype=np.uint8))
