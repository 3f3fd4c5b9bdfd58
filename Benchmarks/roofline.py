"""What our engine's kinds of layers take, against what the processor and its memory could do in that time."""

from dataclasses import dataclass

from engines import Lacking, ours
from workloads import Workload


def rate(amount: float, per: float) -> float:
    """The quotient; zero where a time or an amount is too small to be told."""
    return amount / per if per else 0


@dataclass(frozen=True)
class Limit:
    """What all threads together reach at best, as measured just before: multiply-adds of the precision, and reading memory."""

    gflops: float
    gbps: float


@dataclass(frozen=True)
class Layers:
    """All layers of a kind, in one pass. Their bytes are those that must move at least: what caches keep may move faster."""

    kind: str
    calls: int
    milliseconds: float
    flop: float
    moved: float

    @property
    def intensity(self) -> float:
        """Operations per byte."""
        return rate(self.flop, self.moved)

    @property
    def gflops(self) -> float:
        return rate(self.flop, self.milliseconds) / 1e6

    @property
    def gbps(self) -> float:
        return rate(self.moved, self.milliseconds) / 1e6


@dataclass(frozen=True)
class Profile:
    """A pass of a network in a precision, by kinds of layers."""

    workload: Workload
    precision: str
    limit: Limit
    layers: list[Layers]

    def limit_milliseconds(self, layers: Layers) -> float:
        """The least that the layers can take, be it for arithmetic or for memory."""
        return max(layers.flop / self.limit.gflops, layers.moved / self.limit.gbps) / 1e6

    def fraction(self, layers: Layers) -> float:
        """How near the layers are to that."""
        return rate(self.limit_milliseconds(layers), layers.milliseconds)

    @property
    def title(self) -> str:
        return (f"{self.workload.title}, {self.precision}, by kind of layer: "
                f"at most {self.limit.gflops:.0f} GFLOP/s and {self.limit.gbps:.1f} GB/s")

    @property
    def whole(self) -> Layers:
        """The pass."""
        return Layers("all", *(sum(getattr(layers, name) for layers in self.layers)
                               for name in ("calls", "milliseconds", "flop", "moved")))

    @property
    def whole_fraction(self) -> float:
        """How near the pass is to one whose every kind of layer is at its own limit."""
        return rate(sum(map(self.limit_milliseconds, self.layers)), self.whole.milliseconds)


def profiles(workloads: list[Workload], precisions: list[str]) -> list[Profile]:
    """A profile of each network in each precision that this processor has."""
    taken = []
    for workload in workloads:
        for precision in precisions:
            try:
                answer = ours(precision).turn(workload, "--profile")
            except Lacking:
                continue
            layers = [Layers(layer["kind"], layer["calls"], layer["ms"], layer["flop"], layer["bytes"])
                      for layer in answer["layers"]]
            limit = Limit(answer["limit"]["gflops"], answer["limit"]["gbps"])
            taken.append(Profile(workload, precision, limit, layers))
    return taken
