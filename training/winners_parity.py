"""Holds `melascan import` and `melascan analyze` to PyTorch for every EfficientNet of the winners' list, at its own input size.

Run `python winners_parity.py ../.build/release/melascan photo.jpg … [--folder TEMPORARY] [--only KERNEL …]` (ten minutes on two cores;
it needs 3 GB of disk). Checkpoints are stand-ins by `winners.py`; nothing but the file's name tells the tool what each is. Prints a
table in Markdown and exits with 1 if a mean softmax is more than 1e-4 from PyTorch's.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
import torch

from opencv_linear import center_square
from reference import read, view
from winners import SETTINGS, classes_of, facts, file_name, make, network

LIMIT = 1e-4
PATIENT = {"age": 63, "sex": "female", "site": "torso"}
MEAN, DEVIATION = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])
SEED = "winners"


def tensor(photo: np.ndarray, size: int) -> torch.Tensor:
    """(1, 3, size, size): centre square, OpenCV's linear resize, ImageNet's mean and deviation."""
    small = cv2.resize(center_square(photo), (size, size), interpolation=cv2.INTER_LINEAR)
    return torch.from_numpy(((small.astype(np.float32) / 255 - MEAN) / DEVIATION).transpose(2, 0, 1).copy())[None]


@torch.no_grad()
def pytorch(photo: np.ndarray, kernel: str, checkpoint: Path, views: int, neutral: dict, architecture: str | None) -> np.ndarray:
    """The mean softmax of one checkpoint over its first views, by class; loaded as the winners' predict.py does."""
    state = torch.load(checkpoint, weights_only=True)
    state = state.get("state_dict", state)
    net = network(kernel, architecture)
    net.load_state_dict({key.removeprefix("module."): value.float() for key, value in state.items()}, strict=True)
    image = tensor(photo, SETTINGS[kernel][1])
    given = facts(PATIENT["sex"], PATIENT["age"], PATIENT["site"], **neutral) if SETTINGS[kernel][2] else None
    return torch.stack([net(view(image, index), given)[0].double().softmax(0) for index in range(views)]).mean(0).numpy()


def melascan(tool: Path, *arguments: object) -> str:
    result = subprocess.run([tool, *map(str, arguments)], capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise SystemExit(f"melascan {' '.join(map(str, arguments))}: {result.stderr}")
    return result.stdout


def analyse(tool: Path, bundle: Path, photo: str, views: int) -> dict:
    patient = [part for name, value in PATIENT.items() for part in (f"--{name}", value)]
    return json.loads(melascan(tool, "analyze", photo, "--ensemble", bundle, "--views", views, "--json", *patient))


class Comparison:
    """One bundle against PyTorch: its checkpoints are made, imported and run on each photo."""

    def __init__(self, options: argparse.Namespace, folder: Path) -> None:
        self.options = options
        self.folder = folder

    def images(self, kernel: str) -> torch.Tensor:
        """The first and the last photo as the networks see them."""
        size = SETTINGS[kernel][1]
        return torch.cat([tensor(read(self.options.photos[index]), size) for index in (0, -1)])

    def run(self, name: str, parts: list[tuple[str, int, int]], views: int, *flags: str) -> float:
        """`parts`: kernel, fold and the checkpoint's style of each member. Prints a row; returns the largest difference."""
        as_original = "--as-original" in flags
        bundle = self.folder / "bundle"
        shutil.rmtree(bundle, ignore_errors=True)
        styles = [make(self.folder, *part, SEED, self.images(part[0])) for part in parts]
        melascan(self.options.tool, "import", *[self.folder / file_name(kernel, fold) for kernel, fold, _ in parts],
                 "--to", bundle, "--resize", "linear", *flags)
        manifest = json.loads((bundle / "ensemble.json").read_text())
        neutral = manifest.get("neutralMetadata") or {"n_images": 1, "image_size": 1}
        largest = 0.0
        for path in self.options.photos:
            answer = analyse(self.options.tool, bundle, path, views)
            sums, counts = {}, {}
            for kernel, fold, _ in parts:
                own = SETTINGS[kernel][0].removeprefix("tf_").removesuffix("_ns") if as_original else None
                answers = pytorch(read(path), kernel, self.folder / file_name(kernel, fold), views, neutral, own)
                for label, value in zip(classes_of(kernel), answers):
                    sums[label] = sums.get(label, 0) + value
                    counts[label] = counts.get(label, 0) + 1
            largest = max([largest] + [abs(answer["classes"][label] - sums[label] / counts[label]) for label in sums])
            if answer["passes"] != views * len(parts) or set(answer["classes"]) != set(sums):
                raise SystemExit(f"{name}: {answer['passes']} passes, classes {sorted(answer['classes'])}")
        for kernel, fold, _ in parts:
            (self.folder / file_name(kernel, fold)).unlink()
        size = "mixed" if len({part[0] for part in parts}) > 1 else SETTINGS[parts[0][0]][1]
        print(f"| {name} | {size} | {'; '.join(dict.fromkeys(styles))} | {len(parts)} x {views} | {largest:.1e} |", flush=True)
        return largest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tool", type=Path)
    parser.add_argument("photos", nargs="+")
    parser.add_argument("--folder", type=Path, help="where stand-ins and bundles are made")
    parser.add_argument("--only", nargs="+", default=[])
    options = parser.parse_args()
    options.tool = options.tool.resolve()
    torch.set_num_threads(2)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        comparison = Comparison(options, Path(folder))
        print("| checkpoints | input | format | members x views | largest difference of a class's mean softmax |\n|---|---|---|---|---|")
        differences = []
        for number, kernel in enumerate(SETTINGS):
            if not options.only or kernel in options.only:
                differences.append(comparison.run(kernel, [(kernel, 0, number % 5)], 2))
        if not options.only:
            whole = [("9c_b4ns_448_ext_15ep-newfold", fold, fold) for fold in range(5)]
            differences.append(comparison.run("9c_b4ns_448_ext_15ep-newfold, all folds", whole, 8))
            mixed = [("9c_meta_b3_768_512_ext_18ep", 0, 0), ("4c_b5ns_1.5e_640_ext_15ep", 1, 1), ("9c_b4ns_448_ext_15ep-newfold", 2, 2)]
            differences.append(comparison.run("B3 with metadata, B5 with four classes, B4", mixed, 2))
            differences.append(comparison.run("9c_b7ns_1e_640_ext_15ep, as the original", [("9c_b7ns_1e_640_ext_15ep", 0, 0)], 2, "--as-original"))
    print(f"\n{len(options.photos)} photos; largest of all {max(differences):.1e}, limit {LIMIT:.0e}")
    sys.exit(max(differences) > LIMIT)


if __name__ == "__main__":
    main()
