"""Writes the logits that the Swift networks must reproduce, with weights from `deterministic.py`, as parity.json.

Run `python parity_fixtures.py ../Tests/Fixtures/parity.json` (about a minute). It also checks that geffnet and timm
agree on every key, shape and logit, so that checkpoints of either load.
"""

import json
import sys
from importlib.metadata import version
from pathlib import Path

import geffnet
import timm
import torch
from torch import nn

from efficientnet_pytorch import EfficientNet

from deterministic import network_input, parameter
from winners import METADATA, WinnersNetwork, facts

CLASSES = 9
VARIANTS = [f"b{depth}" for depth in range(9)] + [f"lite{depth}" for depth in range(5)]
SMALL_SIZES = (64, 75)
NAMED = ("tf_efficientnet_lite0", "tf_efficientnet_b0_ns", "efficientnet_b1", "tf_efficientnet_b3_ns")
NAMED_SIZES = (64, 75, 97, 128)
TRACED = {("tf_efficientnet_b0_ns", 64), ("tf_efficientnet_lite0", 75)}


def architectures() -> dict[str, tuple[int, ...]]:
    """Every supported architecture and the input sizes to try."""
    names = [prefix + variant for prefix in ("tf_efficientnet_", "efficientnet_") for variant in VARIANTS]
    return {name: SMALL_SIZES for name in names} | {name: NAMED_SIZES for name in NAMED}


def fill(network: nn.Module) -> nn.Module:
    """Gives a network the deterministic parameters, by key."""
    state = network.state_dict()
    network.load_state_dict({
        key: tensor if key.endswith("num_batches_tracked") else torch.from_numpy(parameter(key, tuple(tensor.shape)))
        for key, tensor in state.items()
    })
    return network.eval()


def deviation(value: torch.Tensor, reference: torch.Tensor) -> float:
    """The largest difference relative to the largest reference value."""
    return ((value.double() - reference).abs().max() / reference.abs().max()).item()


def trace(network: nn.Module, image: torch.Tensor) -> list[dict]:
    """Shape, mean and mean of absolute values after the stem, each block and the head (before pooling)."""
    steps = []

    def record(name: str, tensor: torch.Tensor) -> torch.Tensor:
        steps.append({"name": name, "shape": list(tensor.shape[1:]),
                      "mean": tensor.mean().item(), "mean_abs": tensor.abs().mean().item()})
        return tensor

    x = record("stem", network.act1(network.bn1(network.conv_stem(image))))
    for stage, blocks in enumerate(network.blocks):
        for index, block in enumerate(blocks):
            x = record(f"blocks.{stage}.{index}", block(x))
    record("head", network.act2(network.bn2(network.conv_head(x))))
    return steps


def cases_of(name: str, sizes: tuple[int, ...]) -> list[dict]:
    """The fixture's entries for one architecture."""
    network = fill(geffnet.create_model(name, num_classes=CLASSES))
    twin = fill(timm.create_model(name.removesuffix("_ns"), num_classes=CLASSES))
    shapes = [{key: tuple(value.shape) for key, value in model.state_dict().items()} for model in (network, twin)]
    if shapes[0] != shapes[1]:
        raise SystemExit(f"{name}: geffnet and timm differ in keys or shapes")
    images = {size: torch.from_numpy(network_input(size))[None] for size in sizes}
    single = {size: network(image)[0] for size, image in images.items()}
    network, twin = network.double(), twin.double()
    cases = []
    for size, image in images.items():
        logits = network(image.double())[0]
        if deviation(twin(image.double())[0], logits) > 1e-12:
            raise SystemExit(f"{name} at {size}: geffnet and timm differ")
        case = {
            "architecture": name, "input_size": size, "classes": CLASSES,
            "padding": "same" if name.startswith("tf_") else "symmetric",
            "epsilon": network.bn1.eps,
            "activation": "relu6" if isinstance(network.act1, nn.ReLU6) else "silu",
            "logits": [float(f"{value:.12g}") for value in logits.tolist()],
            "float32_deviation": float(f"{deviation(single[size], logits):.2g}"),
        }
        if (name, size) in TRACED:
            case["trace"] = trace(network, image.double())
        cases.append(case)
    return cases


def efficientnet_pytorch_cases() -> list[dict]:
    """B0 and B1 of efficientnet_pytorch, whose paddings were fixed for another input size than they are given."""
    cases = []
    for name, fixed, size in (("b0", 224, 75), ("b0", 75, 64), ("b1", 240, 97), ("b1", 101, 80)):
        network = EfficientNet.from_name(f"efficientnet-{name}", num_classes=CLASSES, image_size=fixed)
        twin = fill(geffnet.create_model(f"tf_efficientnet_{name}", num_classes=CLASSES)).state_dict()
        # Both list their parameters in the order of their layers.
        state = network.state_dict()
        network.load_state_dict(dict(zip(state, twin.values(), strict=True)))
        logits = network.double().eval()(torch.from_numpy(network_input(size)).double()[None])[0]
        cases.append({"architecture": f"tf_efficientnet_{name}", "input_size": size, "classes": CLASSES, "padding": "same",
                      "padding_size": fixed, "epsilon": 1e-3, "logits": [float(f"{value:.12g}") for value in logits.tolist()]})
    return cases


def metadata_cases() -> list[dict]:
    """The winners' B3 with metadata layers, for patients of whom all, some or nothing is known."""
    network = WinnersNetwork("efficientnet_b3", CLASSES, (512, 128))
    state = network.state_dict()
    for key, tensor in state.items():
        if not key.endswith("num_batches_tracked"):
            name = key.removeprefix("enet.").replace("myfc", "classifier")
            state[key] = torch.from_numpy(parameter(name, tuple(tensor.shape)))
    network.load_state_dict(state)
    network.double().eval()
    image = torch.from_numpy(network_input(75)).double()[None]
    cases = []
    for sex, age, site in (("female", 63, "torso"), ("male", None, "palms/soles"), (None, 120, None), (None, None, None)):
        given = facts(sex, age, site, 1, 130_000).double()
        logits = network(image, given)[0]
        cases.append({"architecture": "efficientnet_b3", "input_size": 75, "classes": CLASSES, "sex": sex, "age": age, "site": site,
                      "n_images": 1, "image_size": 130_000, "inputs": METADATA, "encoded": given[0].tolist(),
                      "logits": [float(f"{value:.12g}") for value in logits.tolist()]})
    return cases


def main() -> None:
    torch.set_grad_enabled(False)
    cases = []
    for name, sizes in architectures().items():
        cases += cases_of(name, sizes)
        last = cases[-1]
        largest = max(map(abs, last["logits"]))
        print(f"{name:24} largest logit {largest:8.3f}, float32 off by {last['float32_deviation']}")
    header = {"reference": f"geffnet {version('geffnet')} (equal to timm {version('timm')}) on PyTorch "
                           f"{version('torch').partition('+')[0]}, float64, weights by training/deterministic.py",
              "deviation": "largest difference over largest absolute logit"}
    def rows(cases: list[dict]) -> str:
        return ",\n".join(json.dumps(case) for case in cases)

    Path(sys.argv[1]).write_text(
        json.dumps(header)[:-1] + f', "fixed_paddings": [\n{rows(efficientnet_pytorch_cases())}\n], '
        f'"metadata": [\n{rows(metadata_cases())}\n], "cases": [\n{rows(cases)}\n]}}\n')


if __name__ == "__main__":
    main()
