"""How far apart the two ways to run TensorFlow's EfficientNets are on real photos: with the paddings and the epsilon that they were
trained with, and with PyTorch's, as the original server builds them.

Run `python as_original.py ../.build/release/melascan ../ensembles/default PHOTOS/manifest.csv [--split val]`. Needs an ensemble whose
weights were trained, with architectures that begin with tf_. The CSV has the columns image_path, split, label.
"""

import argparse
import csv
import json
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np


def scores(tool: Path, bundle: Path, photos: list[Path], precision: str = "fp32") -> np.ndarray:
    """The raw mean softmax of the target for each photo, by the tool, all passes made."""
    values: list[float] = []
    for start in range(0, len(photos), 200):
        lines = subprocess.run([tool, "analyze", *photos[start:start + 200], "--ensemble", bundle, "--json", "--no-early-stop",
                                "--precision", precision],
                               capture_output=True, text=True, check=True).stdout.splitlines()
        values += [json.loads(line)["raw_probability"] for line in lines]
    if len(values) != len(photos):
        raise SystemExit(f"{len(photos)} photos gave {len(values)} answers")
    return np.array(values)


def auc(positive: np.ndarray, negative: np.ndarray) -> float:
    """The share of pairs in the right order; ties count half."""
    order = np.sort(negative)
    below, up_to = np.searchsorted(order, positive, "left"), np.searchsorted(order, positive, "right")
    return float((below + up_to).mean() / 2 / len(negative))


def interval(values: list[float]) -> str:
    low, high = np.percentile(values, [2.5, 97.5])
    return f"({low:.3f} to {high:.3f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tool", type=Path)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--split", default="val")
    options = parser.parse_args()
    with options.manifest.open() as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == options.split]
    photos = [options.manifest.parent / row["image_path"] for row in rows]
    is_melanoma = np.array([row["label"] == "melanoma" for row in rows])
    with tempfile.TemporaryDirectory() as folder:
        other = Path(folder) / "as-original"
        shutil.copytree(options.bundle, other)
        manifest = json.loads((other / "ensemble.json").read_text())
        for member in manifest["members"]:
            member["architecture"] = member["architecture"].removeprefix("tf_")
        threshold = manifest["operatingPoints"][0]["threshold"]
        del manifest["selfTest"]
        (other / "ensemble.json").write_text(json.dumps(manifest))
        right, original = scores(options.tool, options.bundle, photos), scores(options.tool, other, photos)
    difference = np.abs(right - original)
    print(f"{len(rows)} photos of the {options.split} split, {is_melanoma.sum()} melanomas")
    print(f"difference of the score: median {np.median(difference):.3f}, 95th percentile {np.percentile(difference, 95):.3f}, "
          f"largest {difference.max():.3f}")
    print(f"verdicts that change at the threshold {threshold}: {((right >= threshold) != (original >= threshold)).mean():.1%}")
    random = np.random.default_rng(0)
    samples: dict[str, list[float]] = {"as trained": [], "as the original": [], "difference": []}
    for _ in range(1000):
        index = random.integers(0, len(rows), len(rows))
        positive, negative = index[is_melanoma[index]], index[~is_melanoma[index]]
        one, two = (auc(values[positive], values[negative]) for values in (right, original))
        for name, value in zip(samples, (one, two, one - two)):
            samples[name].append(value)
    for name, values in (("as trained", right), ("as the original", original)):
        flagged = values >= threshold
        print(f"{name}: AUC {auc(values[is_melanoma], values[~is_melanoma]):.3f} {interval(samples[name])}, sensitivity {flagged[is_melanoma].mean():.1%}, "
              f"specificity {(~flagged[~is_melanoma]).mean():.1%}")
    print(f"AUC lost: {auc(right[is_melanoma], right[~is_melanoma]) - auc(original[is_melanoma], original[~is_melanoma]):.3f} {interval(samples['difference'])}")


if __name__ == "__main__":
    main()
