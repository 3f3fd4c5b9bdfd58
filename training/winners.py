"""The contest winners' networks in PyTorch, and stand-ins for their checkpoints: the same keys, shapes and file formats, random values.

`python winners.py make FOLDER [KERNEL …] [--folds 0 1 2 3 4] [--seed TEXT]` writes `KERNEL_best_foldN.pth`, in turn in each of the formats
that a checkpoint can have (zip, legacy, with the prefix of data-parallel training, beside an optimizer's state, fp16).

The settings are those of the README of haqishen/SIIM-ISIC-Melanoma-Classification-1st-Place-Solution, the network is described by its
models.py and dataset.py; paper arXiv 2010.05351. The published weights: kaggle.com/datasets/boliu0/melanoma-winning-models.
"""

import argparse
import math
from pathlib import Path

import geffnet
import torch
from torch import nn

from deterministic import network_input, parameter, synthetic_lesion

NINE = ["AK", "BCC", "BKL", "DF", "SCC", "VASC", "melanoma", "nevus", "unknown"]
FOUR = ["BKL", "melanoma", "nevus", "unknown"]
SITES = ["anterior torso", "head/neck", "lateral torso", "lower extremity", "oral/genital", "palms/soles",
         "posterior torso", "torso", "upper extremity", "nan"]
METADATA = ["sex", "age_approx", "n_images", "image_size"] + [f"site_{site}" for site in SITES]

# kernel: (network, input size, widths of the metadata layers)
SETTINGS = {
    "9c_meta_b3_768_512_ext_18ep": ("efficientnet_b3", 512, (512, 128)),
    "9c_b4ns_2e_896_ext_15ep": ("tf_efficientnet_b4_ns", 896, None),
    "9c_b4ns_448_ext_15ep-newfold": ("tf_efficientnet_b4_ns", 448, None),
    "9c_b4ns_768_640_ext_15ep": ("tf_efficientnet_b4_ns", 640, None),
    "9c_b4ns_768_768_ext_15ep": ("tf_efficientnet_b4_ns", 768, None),
    "9c_meta_b4ns_640_ext_15ep": ("tf_efficientnet_b4_ns", 640, (512, 128)),
    "4c_b5ns_1.5e_640_ext_15ep": ("tf_efficientnet_b5_ns", 640, None),
    "9c_b5ns_1.5e_640_ext_15ep": ("tf_efficientnet_b5_ns", 640, None),
    "9c_b5ns_448_ext_15ep-newfold": ("tf_efficientnet_b5_ns", 448, None),
    "9c_meta128_32_b5ns_384_ext_15ep": ("tf_efficientnet_b5_ns", 384, (128, 32)),
    "9c_b6ns_448_ext_15ep-newfold": ("tf_efficientnet_b6_ns", 448, None),
    "9c_b6ns_576_ext_15ep_oldfold": ("tf_efficientnet_b6_ns", 576, None),
    "9c_b6ns_640_ext_15ep": ("tf_efficientnet_b6_ns", 640, None),
    "9c_b7ns_1e_576_ext_15ep_oldfold": ("tf_efficientnet_b7_ns", 576, None),
    "9c_b7ns_1e_640_ext_15ep": ("tf_efficientnet_b7_ns", 640, None),
    "9c_meta_1.5e-5_b7ns_384_ext_15ep": ("tf_efficientnet_b7_ns", 384, (512, 128)),
}


class WinnersNetwork(nn.Module):
    """An EfficientNet without its classifier, optional metadata layers, and one linear layer over the features of both."""

    def __init__(self, architecture: str, classes: int, metadata: tuple[int, int] | None, inputs: int = len(METADATA)) -> None:
        super().__init__()
        self.enet = geffnet.create_model(architecture)
        width = self.enet.classifier.in_features
        self.enet.classifier = nn.Identity()
        if metadata:
            first, second = metadata
            self.meta = nn.Sequential(nn.Linear(inputs, first), nn.BatchNorm1d(first), nn.SiLU(), nn.Dropout(0.3),
                                      nn.Linear(first, second), nn.BatchNorm1d(second), nn.SiLU())
            width += second
        self.myfc = nn.Linear(width, classes)

    def forward(self, image: torch.Tensor, facts: torch.Tensor | None = None) -> torch.Tensor:
        features = self.enet(image)
        if facts is not None:
            features = torch.cat((features, self.meta(facts)), dim=1)
        return self.myfc(features)


def classes_of(kernel: str) -> list[str]:
    return FOUR if kernel.startswith("4c_") else NINE


def network(kernel: str, architecture: str | None = None) -> WinnersNetwork:
    """The network of a setting, in evaluation mode; `architecture` replaces its own."""
    own, _, metadata = SETTINGS[kernel]
    return WinnersNetwork(architecture or own, len(classes_of(kernel)), metadata).eval()


def facts(sex: str | None, age: int | None, site: str | None, n_images: float, image_size: float) -> torch.Tensor:
    """A patient's metadata as the winners' `get_meta_data` encodes it, (1, 14)."""
    column = f"site_{site}" if f"site_{site}" in METADATA else "site_nan"
    values = [{"male": 1, "female": 0}.get(sex, -1), (age or 0) / 90, math.log1p(n_images), math.log(image_size)]
    return torch.tensor([values + [float(name == column) for name in METADATA[4:]]])


@torch.no_grad()
def fill(net: WinnersNetwork, seed: str, images: torch.Tensor) -> None:
    """Random values by key and seed; then, as training would, batch norms are given the statistics of what they see of two images
    (2, 3, H, W), and the last layer is scaled to logits of a few units: with wilder ones fp32 is no reference for itself."""
    state = net.state_dict()
    for key, tensor in state.items():
        if not key.endswith("num_batches_tracked"):
            state[key] = torch.from_numpy(parameter(key.removeprefix("enet."), tuple(tensor.shape), seed))
    net.load_state_dict(state)
    given = torch.cat([facts("male", 40, "torso", 1, 130_000), facts(None, 70, None, 1, 65_000)]) if hasattr(net, "meta") else None
    norms = [layer for layer in net.modules() if isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d))]
    for layer in norms:
        layer.train()
        layer.momentum = 1.0
    net(images, given)
    for layer in norms:
        layer.eval()
        layer.running_var.clamp_(min=1e-2)
    net.myfc.weight *= 1.5 / net(images, given).std()


def save(net: nn.Module, path: Path, style: int) -> str:
    """Writes a checkpoint in one of five styles; returns the style's name."""
    state = net.state_dict()
    names = ("zip", "legacy", "zip, module.", "legacy, optimizer's state beside, module.", "zip, fp16")
    if style in (2, 3):
        state = {f"module.{key}": value for key, value in state.items()}
    if style == 4:
        state = {key: value.half() if value.is_floating_point() else value for key, value in state.items()}
    if style == 3:
        optimizer = torch.optim.Adam(net.myfc.parameters())
        net.myfc.weight.grad, net.myfc.bias.grad = torch.ones_like(net.myfc.weight), torch.ones_like(net.myfc.bias)
        optimizer.step()
        state = {"epoch": 15, "optimizer": optimizer.state_dict(),
                 "state_dict": {f"module.{key}": value for key, value in net.state_dict().items()}}
    torch.save(state, path, _use_new_zipfile_serialization="legacy" not in names[style])
    return names[style]


def file_name(kernel: str, fold: int) -> str:
    return f"{kernel}_best_fold{fold}.pth"


def lesions(size: int = 224) -> torch.Tensor:
    """(2, 3, size, size): the synthetic lesion, and the same with noise."""
    lesion = torch.from_numpy(synthetic_lesion(size, size).copy()).float().permute(2, 0, 1)[None] / 64 - 2
    return torch.cat([lesion, lesion.flip(3) + torch.from_numpy(network_input(size)) / 8])


def make(folder: Path, kernel: str, fold: int, style: int, seed: str, images: torch.Tensor | None = None) -> str:
    """Writes a stand-in for one file of the winners' that is lively on the given images (2, 3, H, W); returns its format."""
    net = network(kernel)
    fill(net, f"{seed}/{kernel}/{fold}/", lesions() if images is None else images)
    return save(net, folder / file_name(kernel, fold), style)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=["make"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("kernels", nargs="*", help="all if none is named")
    parser.add_argument("--folds", type=int, nargs="+", default=range(5))
    parser.add_argument("--seed", default="winners")
    parser.add_argument("--style", type=int, choices=range(5), help="0 zip, 1 legacy, 2 module., 3 optimizer, 4 fp16; in turn")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    for number, kernel in enumerate(options.kernels or SETTINGS):
        for fold in options.folds:
            style = (number + fold) % 5 if options.style is None else options.style
            print(file_name(kernel, fold), make(options.folder, kernel, fold, style, options.seed), sep=": ", flush=True)


if __name__ == "__main__":
    main()
