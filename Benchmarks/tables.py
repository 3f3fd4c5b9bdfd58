"""What is printed: the comparison, and our engine's profile by kinds of layers, as text or as Markdown."""

import math
from collections.abc import Iterable

from comparison import Comparison, spread
from engines import Engine
from roofline import Layers, Profile

Row = tuple[str, ...]

COMPARISON_COLUMNS = ("network", "precision", "engine", "ms per pass", "lowest..highest", "of the limit", "ours / theirs")
PROFILE_COLUMNS = ("kind of layer", "calls", "ms", "of the time", "GFLOP", "MB", "FLOP/byte", "GFLOP/s", "GB/s", "of the limit")


def figure(value: float) -> str:
    """Three significant digits, without an exponent."""
    return f"{value:.{max(0, 2 - math.floor(math.log10(value)))}f}" if value > 0 else "0"


def comparison_table(comparisons: Iterable[Comparison], markdown: bool) -> str:
    """Engines from the fastest to the slowest, for each network and precision. Our own ratio is to each round's best peer."""
    rows = []
    for comparison in comparisons:
        engines = sorted((comparison.ours, *comparison.peers), key=lambda engine: median(comparison.milliseconds(engine)))
        place = (comparison.workload.title, comparison.ours.precision)
        for engine in engines:
            rows.append((*place, *comparison_cells(comparison, engine)))
            if not markdown:
                place = ("", "")
    return table(COMPARISON_COLUMNS, rows, words=3, markdown=markdown)


def median(values: list[float]) -> float:
    """Of none, infinity: who has no time comes last."""
    known = spread(values)
    return known.median if known else math.inf


def comparison_cells(comparison: Comparison, engine: Engine) -> Row:
    """From the engine's name on."""
    times, ratios, fractions = (spread(values) for values in (
        comparison.milliseconds(engine), comparison.ratios(engine), comparison.fractions(engine)))
    if times is None:
        return (engine.name, "not on this processor", "", "", "")
    return (engine.name, figure(times.median), f"{figure(times.lowest)}..{figure(times.highest)}",
            f"{fractions.median:.0%}" if fractions else "",
            f"{ratios.median:.2f} ({ratios.lowest:.2f}..{ratios.highest:.2f})" if ratios else "")


def profile_table(profile: Profile, markdown: bool) -> str:
    """Kinds of layers, the one that takes longest first, and the pass as a whole."""
    longest_first = sorted(profile.layers, key=lambda layers: -layers.milliseconds)
    rows = [profile_cells(profile, layers, profile.fraction(layers)) for layers in longest_first]
    rows.append(profile_cells(profile, profile.whole, profile.whole_fraction))
    return table(PROFILE_COLUMNS, rows, words=1, markdown=markdown)


def profile_cells(profile: Profile, layers: Layers, fraction: float) -> Row:
    return (layers.kind, str(layers.calls), figure(layers.milliseconds), f"{layers.milliseconds / profile.whole.milliseconds:.0%}",
            figure(layers.flop / 1e9), figure(layers.moved / 1e6), figure(layers.intensity), figure(layers.gflops),
            figure(layers.gbps), f"{fraction:.0%}")


def table(columns: Row, rows: list[Row], words: int, markdown: bool) -> str:
    """Columns as wide as they must be: the first few hold words and begin at the left, figures end at the right."""
    if markdown:
        lines = [columns, tuple("---" if column < words else "---:" for column in range(len(columns))), *rows]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)
    widths = [max(len(row[column]) for row in (columns, *rows)) for column in range(len(columns))]
    return "\n".join("  ".join(cell.ljust(width) if column < words else cell.rjust(width)
                               for column, (cell, width) in enumerate(zip(row, widths))).rstrip()
                     for row in (columns, *rows))
