"""Rounds in which engines take turns at one workload, and what follows from them."""

import statistics
import sys
from dataclasses import dataclass, field

from engines import Engine, Lacking
from workloads import Workload


@dataclass(frozen=True)
class Spread:
    """The median of some rounds, and how far apart they were."""

    median: float
    lowest: float
    highest: float


def spread(values: list[float]) -> Spread | None:
    return Spread(statistics.median(values), min(values), max(values)) if values else None


@dataclass
class Comparison:
    """Our engine and its peers at one workload, in one precision. Machines drift: only times of the same round are divided."""

    workload: Workload
    ours: Engine
    peers: list[Engine]
    # What each engine answered, round by round; nothing where it lacks the precision.
    answers: dict[Engine, list[dict]] = field(init=False)
    # Who still takes part, the next one first.
    turns: list[Engine] = field(init=False)

    def __post_init__(self) -> None:
        self.turns = [self.ours, *self.peers]
        self.answers = {engine: [] for engine in self.turns}

    def play_round(self) -> None:
        """Gives each engine its turn; in the next round another one begins."""
        print(f"  {self.workload}, {self.ours.precision}", file=sys.stderr)
        for engine in self.turns[:]:
            try:
                self.answers[engine].append(engine.turn(self.workload))
            except Lacking as lacking:
                print(f"  {lacking}", file=sys.stderr)
                self.turns.remove(engine)
        self.turns = self.turns[1:] + self.turns[:1]

    def milliseconds(self, engine: Engine) -> list[float]:
        """Of a pass, round by round."""
        return [answer["ms_per_pass"] for answer in self.answers[engine]]

    def best_peers(self) -> list[Engine]:
        """The peer with the lowest median; none if all lack the precision."""
        able = [peer for peer in self.peers if self.milliseconds(peer)]
        return sorted(able, key=lambda peer: statistics.median(self.milliseconds(peer)))[:1]

    def ratios(self, engine: Engine) -> list[float]:
        """Our time over the peer's, round by round; for our own engine over that of the round's best peer."""
        if engine is self.ours:
            theirs = [min(times) for times in zip(*filter(None, map(self.milliseconds, self.peers)))]
        else:
            theirs = self.milliseconds(engine)
        return [our / their for our, their in zip(self.milliseconds(self.ours), theirs)]

    def fractions(self, engine: Engine) -> list[float]:
        """The engine's multiply-adds over the most that our tool found possible in that round; none without our answers."""
        return [2 * our["multiply_adds"] / (milliseconds * 1e6) / our["limit"]["gflops"]
                for our, milliseconds in zip(self.answers[self.ours], self.milliseconds(engine))]


def play(comparisons: list[Comparison], rounds: int) -> None:
    """All comparisons, one round after the other; whatever the peers need is made before."""
    for comparison in comparisons:
        for peer in comparison.peers:
            peer.prepare(comparison.workload)
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
        for comparison in comparisons:
            comparison.play_round()
