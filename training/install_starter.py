"""Makes `ensembles/default` from the starter ensemble: its weights, its manifest and a self-test that PyTorch answers.

Run `python install_starter.py FOLDER [TARGET]`; FOLDER holds the starter's ensemble.json and weights.
"""

import hashlib
import json
import shutil
import sys
from pathlib import Path

from deterministic import synthetic_lesion
from reference import Bundle

PROVENANCE = (
    "EfficientNet-Lite0 and Lite1 from ImageNet weights, fine-tuned on the train split (11,312 photos) of 15,019 "
    "public dermoscopic and smartphone photos of HAM10000, ISIC 2017-2020 and PAD-UFES-20; a placeholder for a "
    "properly trained ensemble"
)
LICENCE = "CC-BY-NC-4.0 (trained on HAM10000, ISIC 2017-2020, PAD-UFES-20)"
SMALLEST_CROP = 150  # pixels; the smallest centre square among the photos of the train split
SELF_TEST = {"image": "synthetic-lesion", "width": 320, "height": 240, "view": 0}
TOLERANCE = 0.001


def adapt(manifest: dict) -> dict:
    """The starter's manifest in this repository's words."""
    points = [point | {"chosenOn": "validation split",
                       "measuredOn": "test split: 206 melanomas, 1,462 others"}
              for point in manifest["operatingPoints"]]
    return manifest | {"defaults": {"precision": "bf16"}, "licence": LICENCE, "provenance": PROVENANCE, "smallestCrop": SMALLEST_CROP,
                       "operatingPoints": points}


def self_test(folder: Path) -> dict:
    """What PyTorch answers to the synthetic lesion: for each member the probabilities of the first view."""
    photo = synthetic_lesion(SELF_TEST["width"], SELF_TEST["height"])
    members = [[round(float(value), 6) for value in passes[SELF_TEST["view"]]]
               for passes in Bundle(folder).passes(photo, SELF_TEST["view"] + 1)]
    return SELF_TEST | {"probabilities": members, "tolerance": TOLERANCE}


def write(manifest: dict, folder: Path) -> None:
    (folder / "ensemble.json").write_text(json.dumps(manifest, indent=2) + "\n")


def main() -> None:
    source = Path(sys.argv[1])
    default = Path(__file__).resolve().parent.parent / "ensembles" / "default"
    target = Path(sys.argv[2]) if len(sys.argv) > 2 else default
    target.mkdir(parents=True, exist_ok=True)
    manifest = adapt(json.loads((source / "ensemble.json").read_text()))
    for member in manifest["members"]:
        shutil.copyfile(source / member["file"], target / member["file"])
        if hashlib.sha256((target / member["file"]).read_bytes()).hexdigest() != member["sha256"]:
            raise SystemExit(f"{member['file']} is not what the manifest says")
    write(manifest, target)
    write(manifest | {"selfTest": self_test(target)}, target)


if __name__ == "__main__":
    main()
