"""Which photos there are, what they show, and which of them a training may see: manifest.csv, families and folds."""

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path

CLASSES = ("AK", "BCC", "BKL", "DF", "SCC", "VASC", "melanoma", "nevus", "unknown")
MELANOMA = CLASSES.index("melanoma")
CANCERS = tuple(CLASSES.index(name) for name in ("AK", "BCC", "SCC", "melanoma"))
BENIGN = tuple(CLASSES.index(name) for name in ("BKL", "DF", "VASC", "nevus", "unknown"))

CLASS_OF_DIAGNOSIS = {
    "nv": "nevus", "nevus": "nevus",
    "mel": "melanoma", "melanoma": "melanoma",
    "bkl": "BKL", "seborrheic keratosis": "BKL", "benign keratosis": "BKL", "lentigo NOS": "BKL",
    "bcc": "BCC", "basal cell carcinoma": "BCC",
    "akiec:squamous cell carcinoma": "SCC", "squamous cell carcinoma": "SCC",
    "akiec:actinic keratosis": "AK", "actinic keratosis": "AK",
    "df": "DF", "vasc": "VASC", "unknown": "unknown",
}

# A family is what one hospital or one challenge gathered; the first matching beginning of a source's name counts.
FAMILY_OF_SOURCE = (("ham10000", "ham"), ("isic2017", "isic2017"), ("isic2018t1", "isic2017"), ("isic_uda1", "uda1"),
                    ("isic2019", "isic2019"), ("isic2020", "isic2020"), ("isic_archive_180", "isic_archive_180"),
                    ("pad_ufes", "pad"), ("nonskin", "nonskin"))

# The families that each training leaves out: three families in two trainings. `all` is for members of an ensemble.
FOLDS = {"ham": ("ham",), "isic2017+uda1": ("isic2017", "uda1"), "all": ()}


@dataclass(frozen=True)
class Photo:
    """One row of the manifest: `path` relative to the data folder, `label` an index into CLASSES."""

    path: str
    split: str
    family: str
    group: str
    label: int


@dataclass(frozen=True)
class Fold:
    """What one training sees (`train`), what only draws its curve (`monitor`) and what it is judged by (`scored`)."""

    name: str
    left_out: tuple[str, ...]
    train: tuple[Photo, ...]
    monitor: tuple[Photo, ...]
    scored: tuple[Photo, ...]


def family(source: str) -> str:
    """The family of a source, by its name; an unknown source is an error."""
    for beginning, name in FAMILY_OF_SOURCE:
        if source.startswith(beginning):
            return name
    raise ValueError(f"the manifest names a source of no known family: {source}")


def load(data: Path) -> list[Photo]:
    """All photos of lesions in `data`/manifest.csv, in its order; never a row of the split `test`."""
    with open(data / "manifest.csv", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] != "test"]
    photos = [Photo(row["image_path"], row["split"], family(row["source"]), row["group"],
                    CLASSES.index(CLASS_OF_DIAGNOSIS[row["dx"]]))
              for row in rows if family(row["source"]) != "nonskin"]
    _assert_no_test(photos)
    return photos


def fold(photos: list[Photo], name: str, include_pad: bool) -> Fold:
    """The fold of FOLDS called `name`. No training photo shares a group with a left-out family.

    `include_pad`: whether smartphone photos (family `pad`) are trained on; they are never scored.
    """
    left_out = FOLDS[name]
    touched = {photo.group for photo in photos if photo.family in left_out}
    kept = [photo for photo in photos if photo.group not in touched]
    train = [photo for photo in kept if photo.split == "train" and (include_pad or photo.family != "pad")]
    monitor = [photo for photo in kept if photo.split == "val" and photo.family != "pad"]
    scored = [photo for photo in photos if photo.family in left_out] if left_out else monitor
    result = Fold(name, left_out, tuple(train), tuple(monitor), tuple(scored))
    _assert_no_test([*result.train, *result.monitor, *result.scored])
    assert not {photo.group for photo in train} & {photo.group for photo in scored}
    return result


def fingerprint(data: Path) -> str:
    """12 hexadecimal digits that change with the manifest."""
    return hashlib.sha256((data / "manifest.csv").read_bytes()).hexdigest()[:12]


def _assert_no_test(photos: list[Photo]) -> None:
    assert all(photo.split in ("train", "val") for photo in photos), "a photo of the test split was loaded"
