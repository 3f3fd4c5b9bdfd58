"""The plain PyTorch twin of an analysis: per-member and mean probabilities of photos, as JSON.

Run `python reference.py ../ensembles/default photo.jpg …`; `--views N` for fewer views.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import geffnet
import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn

from opencv_linear import center_square


class Bundle:
    """An ensemble folder, loaded: the manifest and its networks in evaluation mode."""

    def __init__(self, folder: Path) -> None:
        self.manifest = json.loads((folder / "ensemble.json").read_text())
        self.networks = [self._network(folder, member) for member in self.manifest["members"]]

    def _network(self, folder: Path, member: dict) -> nn.Module:
        network = geffnet.create_model(member["architecture"], num_classes=len(self.manifest["classes"]))
        weights = load_file(folder / member["file"])
        state = network.state_dict()
        network.load_state_dict({key: weights[key].float() if key in weights else default
                                 for key, default in state.items() if key in weights or "num_batches" in key})
        return network.eval()

    def tensor(self, photo: np.ndarray, size: int) -> torch.Tensor:
        """A photo (H, W, RGB, uint8) as (1, 3, size, size): centre square, the bundle's resize, normalised."""
        preprocessing = self.manifest["preprocessing"]
        small = resize(center_square(photo), size, preprocessing["resize"])
        mean, deviation = (np.array(preprocessing[name], np.float32) for name in ("mean", "std"))
        normal = (small.astype(np.float32) / np.float32(255) - mean) / deviation
        return torch.from_numpy(normal.transpose(2, 0, 1).copy())[None]

    @torch.no_grad()
    def passes(self, photo: np.ndarray, count: int | None = None) -> Iterator[np.ndarray]:
        """For each member its (views, classes) probabilities."""
        for member, network in zip(self.manifest["members"], self.networks):
            image = self.tensor(photo, member["inputSize"])
            logits = [network(view(image, index))[0] for index in range(count or self.manifest["views"])]
            yield torch.stack(logits).double().softmax(1).numpy()


def resize(square: np.ndarray, size: int, way: str) -> np.ndarray:
    """A square at a network's size, in the way that `preprocessing.resize` names (`Sources/Imaging/Resize.swift`)."""
    largest = {"opencv-linear": len(square), "opencv-area": size, "opencv-area-linear": int(1.5 * size)}[way]
    if len(square) > largest:
        square = cv2.resize(square, (largest, largest), interpolation=cv2.INTER_AREA)
    return cv2.resize(square, (size, size), interpolation=cv2.INTER_LINEAR)


def view(image: torch.Tensor, index: int) -> torch.Tensor:
    """View 0...7 of (N, C, H, W): from 4 on transposed first, then flipped down (1), across (2) or both (3)."""
    if index >= 4:
        image = image.transpose(2, 3)
    return image.flip([[], [2], [3], [2, 3]][index % 4])


def read(path: str) -> np.ndarray:
    """A photo as upright RGB: `cv2.imread` applies the EXIF orientation."""
    photo = cv2.imread(path, cv2.IMREAD_COLOR)
    if photo is None:
        raise SystemExit(f"cannot read {path}")
    return cv2.cvtColor(photo, cv2.COLOR_BGR2RGB)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("photos", nargs="+")
    parser.add_argument("--views", type=int)
    options = parser.parse_args()
    bundle = Bundle(options.bundle)
    answer = {"classes": bundle.manifest["classes"], "photos": {}}
    for path in options.photos:
        members = [probabilities.mean(0) for probabilities in bundle.passes(read(path), options.views)]
        answer["photos"][path] = {"members": np.round(members, 6).tolist(),
                                  "mean": np.round(np.mean(members, 0), 6).tolist()}
    print(json.dumps(answer, indent=1))


if __name__ == "__main__":
    main()
