"""How the time of our engine and of its best peer grows with passes, pixels and threads."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass, replace

from comparison import Comparison, play
from engines import Engine
from workloads import Network, Workload

# 40 passes are five folds of eight views each.
PASSES = (1, 10, 20, 40)
SIZES = (128, 224, 320, 416, 512)
ROUNDS = 2


@dataclass(frozen=True)
class Line:
    """An engine's milliseconds at each tick, in the order of the ticks."""

    engine: Engine
    is_ours: bool
    milliseconds: list[float]


@dataclass(frozen=True)
class Panel:
    """What grows, where it was measured (the ticks' places and words), and the lines over that."""

    title: str
    axis: str
    ticks: list[tuple[float, str]]
    lines: list[Line]


def panels(comparisons: list[Comparison], smallest: Network, largest: Network, threads: int, quick: bool) -> list[Panel]:
    """Passes and threads with the largest network, pixels with the smallest; against the peer that was best at that network."""
    small, large = (contenders(comparisons, network) for network in (smallest, largest))
    passes, sizes = (PASSES[:2], SIZES[:3]) if quick else (PASSES, SIZES)
    counts = [2 ** power for power in range(threads.bit_length()) if 2 ** power < threads] + [threads]
    whole = largest.workload(threads)
    over_passes = lines([replace(whole, passes=count) for count in passes], large, lambda workload: workload.passes)
    over_sizes = lines([smallest.workload(threads, size, quick) for size in sizes], small)
    over_threads = lines([largest.workload(count, quick=quick) for count in counts], large)
    return [
        Panel(f"{whole.title}, {threads} threads", "passes", [(count, str(count)) for count in passes], over_passes),
        Panel(f"{smallest.name}, {threads} threads", "pixels", [(size ** 2, f"{size}²") for size in sizes], over_sizes),
        Panel(whole.title, "threads", [(count, str(count)) for count in counts], over_threads),
    ]


def contenders(comparisons: list[Comparison], network: Network) -> list[tuple[Engine, list[Engine]]]:
    """For each precision that our engine has at the network: it, and the best peer if there is one."""
    return [(comparison.ours, comparison.best_peers()) for comparison in comparisons
            if comparison.workload.architecture == network.architecture and comparison.milliseconds(comparison.ours)]


def lines(workloads: list[Workload], engines: list[tuple[Engine, list[Engine]]],
          times: Callable[[Workload], int] = lambda workload: 1) -> list[Line]:
    """Measures each workload; milliseconds of a pass, or of so many times a pass."""
    drawn = []
    for ours, peers in engines:
        comparisons = [Comparison(workload, ours, peers) for workload in workloads]
        play(comparisons, ROUNDS)
        drawn += [Line(engine, engine is ours, [times(comparison.workload) * statistics.median(comparison.milliseconds(engine))
                                                for comparison in comparisons]) for engine in (ours, *peers)]
    return drawn
