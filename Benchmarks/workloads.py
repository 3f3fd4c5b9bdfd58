"""What an engine is given to do: a network at an input size, on some threads, some passes of it. No engine is imported here."""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "training"))

from deterministic import network_input  # noqa: E402

# Multiply-adds that a turn should make, and how many passes it may have whatever they cost: each turn takes a few seconds.
TURN_MULTIPLY_ADDS = 300e9
FEWEST_PASSES, MOST_PASSES = 7, 60


def short_name(architecture: str) -> str:
    """B7 for `tf_efficientnet_b7`."""
    return architecture.removeprefix("tf_efficientnet_").capitalize()


@dataclass(frozen=True)
class Workload:
    """Some passes, one after the other, of one image through one network."""

    architecture: str
    size: int
    threads: int
    passes: int

    @property
    def title(self) -> str:
        return f"{short_name(self.architecture)} at {self.size}"

    def __str__(self) -> str:
        return f"{self.title}, {self.passes} passes, {self.threads} threads"

    @property
    def image(self) -> np.ndarray:
        """The (1, 3, size, size) input, the same for every peer."""
        return network_input(self.size)[None]

    def stored(self, form: str, precision: str) -> Path:
        """Where a peer finds the network in one of the forms of `networks.py`: beside the peers, in a folder that git ignores."""
        suffix = {"logits": ".npy", "onnx": ".onnx", "compiled": f"-{precision}-{self.threads}.pt2"}[form]
        return Path(__file__).parent / ".venv" / "networks" / f"{self.architecture}-{self.size}{suffix}"


@dataclass(frozen=True)
class Network:
    """An architecture at the size that it was made for, and about how many multiply-adds a pass takes there."""

    architecture: str
    size: int
    multiply_adds: float

    @property
    def name(self) -> str:
        return short_name(self.architecture)

    def workload(self, threads: int, size: int | None = None, quick: bool = False) -> Workload:
        """As many passes as take a few seconds, or a fifth of them."""
        size = size or self.size
        passes = round(TURN_MULTIPLY_ADDS / (self.multiply_adds * (size / self.size) ** 2))
        passes = min(max(passes, FEWEST_PASSES), MOST_PASSES)
        return Workload(self.architecture, size, threads, max(passes // 5, 2) if quick else passes)


NETWORKS = {
    "lite0": Network("tf_efficientnet_lite0", 224, 0.4e9),
    "lite1": Network("tf_efficientnet_lite1", 240, 0.6e9),
    "b0": Network("tf_efficientnet_b0", 224, 0.4e9),
    "b3": Network("tf_efficientnet_b3", 300, 1.8e9),
    "b5": Network("tf_efficientnet_b5", 456, 10.3e9),
    "b7": Network("tf_efficientnet_b7", 640, 42.1e9),
}
