"""The two plots: our layers below the roofs of processor and memory, and how times grow."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from roofline import Layers, Profile
from scaling import Line, Panel
from svg import FAINT, GRID, INK, Drawing, Point
from tables import figure

KIND_COLORS = ("#1d4ed8", "#c2410c", "#047857", "#7e22ce", "#be123c", "#0e7490", "#a16207", "#4b5563")
PRECISION_COLORS = {"fp32": "#1d4ed8", "bf16": "#c2410c"}


@dataclass(frozen=True)
class Frame:
    """A rectangle of a drawing, and how values lie in it, from the lower left corner (0, 0) to the upper right one (1, 1)."""

    left: float
    top: float
    width: float
    height: float
    across: Callable[[float], float]
    up: Callable[[float], float]

    def at(self, x: float, y: float) -> Point:
        return self.left + self.width * self.across(x), self.top + self.height * (1 - self.up(y))


def linear(highest: float) -> Callable[[float], float]:
    """From zero up to the value."""
    return lambda value: value / highest


def logarithmic(lowest: float, highest: float) -> Callable[[float], float]:
    return lambda value: math.log(value / lowest) / math.log(highest / lowest)


def axes(drawing: Drawing, frame: Frame, title: str, labels: tuple[str, str], ticks: tuple[list, list]) -> None:
    """Title, lines and words of a frame. A tick is a value and its word."""
    (x_label, y_label), (x_ticks, y_ticks) = labels, ticks
    right, bottom = frame.left + frame.width, frame.top + frame.height
    for value, word in y_ticks:
        _, y = frame.at(x_ticks[0][0], value)
        drawing.line([(frame.left, y), (right, y)], GRID)
        drawing.words((frame.left - 6, y + 4), word, FAINT, "end")
    for value, word in x_ticks:
        x, _ = frame.at(value, y_ticks[0][0])
        drawing.line([(x, frame.top), (x, bottom)], GRID)
        drawing.words((x, bottom + 16), word, FAINT, "middle")
    drawing.words((frame.left, frame.top - 22), title, bold=True)
    drawing.words((frame.left, frame.top - 7), y_label, FAINT)
    drawing.words((right, bottom + 32), x_label, FAINT, "end")


def decades(values: list[float]) -> tuple[float, float]:
    """The powers of ten around the values."""
    return 10.0 ** math.floor(math.log10(min(values))), 10.0 ** math.ceil(math.log10(max(values)))


def powers(lowest: float, highest: float) -> list[tuple[float, str]]:
    exponents = range(round(math.log10(lowest)), round(math.log10(highest)) + 1)
    return [(10.0 ** exponent, f"{10.0 ** exponent:g}") for exponent in exponents]


def round_steps(highest: float) -> list[tuple[float, str]]:
    """Four to eight ticks from zero, in steps of 1, 2 or 5, the last not below the highest value."""
    power = 10.0 ** math.floor(math.log10(highest / 4))
    step = next(power * digit for digit in (1, 2, 5, 10) if highest / (power * digit) <= 8)
    return [(step * count, f"{step * count:,g}") for count in range(math.ceil(highest / step) + 1)]


def roofline_plot(profiles: list[Profile], path: Path) -> None:
    """One frame for each precision: a dot for each network's kind of layers, the larger the network, the larger the dot."""
    precisions = dict.fromkeys(profile.precision for profile in profiles)
    kinds = dict.fromkeys(layers.kind for profile in profiles for layers in profile.layers)
    colors = {kind: KIND_COLORS[index % len(KIND_COLORS)] for index, kind in enumerate(kinds)}
    drawing = Drawing(40 + 470 * len(precisions), 480, "Kinds of layers below the roofs of processor and memory")
    shown = [layers for profile in profiles for layers in placeable(profile)]
    intensities = decades([layers.intensity for layers in shown]
                          + [profile.limit.gflops / profile.limit.gbps for profile in profiles])
    speeds = decades([layers.gflops for layers in shown] + [profile.limit.gflops for profile in profiles])
    for index, precision in enumerate(precisions):
        frame = Frame(60 + 470 * index, 60, 390, 330, logarithmic(*intensities), logarithmic(*speeds))
        axes(drawing, frame, precision, ("FLOP / byte", "GFLOP/s"), (powers(*intensities), powers(*speeds)))
        of_precision = [profile for profile in profiles if profile.precision == precision]
        draw_roofs(drawing, frame, of_precision[-1], intensities, speeds)
        draw_kinds(drawing, frame, of_precision, colors)
    for index, name in enumerate(dict.fromkeys(profile.workload.title for profile in profiles)):
        drawing.dot((66 + 110 * index, 456), radius(index), FAINT)
        drawing.words((78 + 110 * index, 460), name, FAINT)
    drawing.save(path)


def placeable(profile: Profile) -> list[Layers]:
    """Those that matter, by a hundredth of the time at least, and have a place between logarithmic axes."""
    return [layers for layers in profile.layers
            if layers.milliseconds > profile.whole.milliseconds / 100 and layers.intensity and layers.gflops]


def radius(index: int) -> float:
    """Of the dots of the network in that place, from the smallest network on."""
    return 3 + 1.3 * index


def draw_roofs(drawing: Drawing, frame: Frame, profile: Profile, intensities: Point, speeds: Point) -> None:
    """What the memory and the multiply-adds of that run allow."""
    gflops, gbps = profile.limit.gflops, profile.limit.gbps
    start = max(intensities[0], speeds[0] / gbps)
    ridge = frame.at(gflops / gbps, gflops)
    foot, end = frame.at(start, start * gbps), frame.at(intensities[1], gflops)
    drawing.line([foot, ridge, end], INK, 1.8)
    drawing.words((ridge[0], ridge[1] - 8), f"{figure(gflops)} GFLOP/s", anchor="middle")
    slope = math.degrees(math.atan2(ridge[1] - foot[1], ridge[0] - foot[0]))
    drawing.words(((foot[0] + ridge[0]) / 2 - 6, (foot[1] + ridge[1]) / 2 - 6), f"{figure(gbps)} GB/s", anchor="middle", turn=slope)


def draw_kinds(drawing: Drawing, frame: Frame, profiles: list[Profile], colors: dict[str, str]) -> None:
    """A kind's dots, joined from network to network; its name stands beside that of the last network."""
    names: list[tuple[Point, str]] = []
    for kind, color in colors.items():
        dots = [(index, frame.at(layers.intensity, layers.gflops)) for index, profile in enumerate(profiles)
                for layers in placeable(profile) if layers.kind == kind]
        drawing.line([point for _, point in dots], color, 0.8)
        for index, point in dots:
            drawing.dot(point, radius(index), color)
        names += [(point, kind) for _, point in dots[-1:]]
    for (x, y), kind in apart(names, 14):
        drawing.words((x + 11, y + 5), kind, colors[kind], bold=True)


def apart(names: list[tuple[Point, str]], gap: float) -> list[tuple[Point, str]]:
    """The names moved down, where one would lie upon another."""
    placed: list[tuple[Point, str]] = []
    for (x, y), name in sorted(names, key=lambda item: item[0][1]):
        for (other_x, other_y), _ in placed:
            if abs(x - other_x) < 110 and y - other_y < gap:
                y = other_y + gap
        placed.append(((x, y), name))
    return placed


def scaling_plot(panels: list[Panel], path: Path) -> None:
    """A frame for each panel, from zero on both axes; full lines are ours, dashed ones the best peer's."""
    drawing = Drawing(40 + 310 * len(panels), 350, "Milliseconds over passes, pixels and threads")
    for index, panel in enumerate(panels):
        steps = round_steps(max(max(line.milliseconds) for line in panel.lines))
        frame = Frame(70 + 310 * index, 60, 240, 200, linear(panel.ticks[-1][0]), linear(steps[-1][0]))
        axes(drawing, frame, panel.title, (panel.axis, "ms"), (panel.ticks, steps))
        for line in panel.lines:
            points = [frame.at(x, y) for (x, _), y in zip(panel.ticks, line.milliseconds)]
            draw_line(drawing, points, line)
            for point in points:
                drawing.dot(point, 3.5, PRECISION_COLORS[line.engine.precision], hollow=not line.is_ours)
    draw_key(drawing, panels)
    drawing.save(path)


def draw_line(drawing: Drawing, points: list[Point], line: Line) -> None:
    drawing.line(points, PRECISION_COLORS[line.engine.precision], 2.2 if line.is_ours else 1.5, "" if line.is_ours else "5 4")


def draw_key(drawing: Drawing, panels: list[Panel]) -> None:
    """Names each kind of line once; the best peer may be another in another panel."""
    lines = {f"{line.engine.name}, {line.engine.precision}": line for panel in panels for line in panel.lines}
    for index, (name, line) in enumerate(lines.items()):
        x, y = 70 + 225 * (index % 4), 318 + 18 * (index // 4)
        draw_line(drawing, [(x, y), (x + 28, y)], line)
        drawing.words((x + 36, y + 4), name)
