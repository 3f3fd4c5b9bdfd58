"""How much an answer moves when the same lesion is photographed a little differently.

Run `python3 Benchmarks/steadiness.py TOOL DATA [--ensemble FOLDER] [--against FOLDER] [--photos 200] [--seed 5] [--kinds …]`, with DATA
the folder of `manifest.csv`. Dermoscopic photos of the `val` split are changed in one way after the other and analysed by `melascan`, all
passes made. Prints a Markdown table with a row for each kind of change: the verdicts that change (of the first operating point), the
median, 95th percentile and largest change of the score, and the AUC of melanoma among the photos drawn at random. With `--against` each
cell has both ensembles, the first one's figure first, from the same files. Needs cv2 and numpy.

The photos are a mix: one half is drawn at random, the other is nearest to the threshold, where a verdict changes soonest. So only the
random half tells how often a verdict changes; the changes of the score are of both halves. The AUC leaves the near half out: chosen by
the unchanged score, it has nearly one score as it is and several once changed, so that any change would seem to help.

For the near half all other photos are ranked by one view of the first ensemble, and of the N nearest (N is `--photos`) the half is kept
that is nearest by all views of the unchanged photo; with `--against` by the mean distance from each ensemble's threshold.

Copies are JPEGs of quality 100 with all colour, so that writing them again adds next to nothing, except where the kind says otherwise.
They are made in batches in a folder of which only the owner can read anything, and that is removed at the end, also on Ctrl-C.
"""

import argparse
import csv
import json
import random
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "training"))
from as_original import auc  # noqa: E402

Random = np.random.Generator
BATCH = 40
"""So many photos at a time: with 3,000 pixels a side they take about 300 MB."""


class Answers:
    """What the tool says of photos by one ensemble: scores and verdicts, of a photo that fails not a number and none."""

    def __init__(self, tool: Path, ensemble: Path, photos: list[Path], *wishes: str):
        lines: dict[str, dict] = {}
        for start in range(0, len(photos), 200):
            done = subprocess.run(
                [
                    tool,
                    "analyze",
                    *photos[start : start + 200],
                    "--ensemble",
                    ensemble,
                    "--json",
                    "--no-early-stop",
                    *wishes,
                ],
                capture_output=True,
                text=True,
            )
            answered = [json.loads(line) for line in done.stdout.splitlines()]
            if len(answered) != len(photos[start : start + 200]):
                raise SystemExit(
                    f"{tool.name} answered {len(answered)} of {len(photos[start:start + 200])} photos. {done.stderr.strip()}"
                )
            lines.update((line["file"], line) for line in answered)
        ordered = [lines[str(photo)] for photo in photos]
        self.scores = np.array([line.get("raw_probability", np.nan) for line in ordered], float)
        self.verdicts = np.array([line.get("verdict", "") for line in ordered])

    def of(self, index: np.ndarray) -> "Answers":
        """Those of some of the photos."""
        part = object.__new__(Answers)
        part.scores, part.verdicts = self.scores[index], self.verdicts[index]
        return part

    def __add__(self, other: "Answers") -> "Answers":
        both = object.__new__(Answers)
        both.scores, both.verdicts = (
            np.concatenate(pair) for pair in ((self.scores, other.scores), (self.verdicts, other.verdicts))
        )
        return both


# MARK: - Changes


def zoom(photo: np.ndarray, _: Random) -> np.ndarray:
    """The centre, nearer by 1.25, in as many pixels."""
    height, width = photo.shape[:2]
    top, left = round(height * 0.1), round(width * 0.1)
    return cv2.resize(photo[top : height - top, left : width - left], (width, height), interpolation=cv2.INTER_CUBIC)


def shift(photo: np.ndarray, rng: Random) -> np.ndarray:
    """90 % of each side, cut off at one corner: the lesion is off centre by 5 % of the old frame each way."""
    height, width = photo.shape[:2]
    high, wide = round(height * 0.9), round(width * 0.9)
    top, left = rng.choice([0, height - high]), rng.choice([0, width - wide])
    return photo[top : top + high, left : left + wide]


def multiply(*blue_green_red: float) -> Callable[[np.ndarray, Random], np.ndarray]:
    """Gains on the stored values of the colours."""
    return lambda photo, _: np.clip(np.rint(photo * np.array(blue_green_red)), 0, 255).astype(np.uint8)


def turn(photo: np.ndarray, _: Random) -> np.ndarray:
    """17 degrees about the centre, the corners filled by reflection."""
    height, width = photo.shape[:2]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), 17, 1)
    return cv2.warpAffine(photo, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)


def scale(side: int) -> Callable[[np.ndarray, Random], np.ndarray]:
    """As a camera with more pixels would send it: enlarged to this short side, and then the sensor's noise, 6 levels."""

    def change(photo: np.ndarray, rng: Random) -> np.ndarray:
        factor = side / min(photo.shape[:2])
        size = tuple(round(length * factor) for length in photo.shape[1::-1])
        large = cv2.resize(photo, size, interpolation=cv2.INTER_CUBIC if factor > 1 else cv2.INTER_AREA)
        noise = rng.standard_normal(large.shape, np.float32)
        noise *= 6
        noise += large
        return np.clip(np.rint(noise, noise), 0, 255, noise).astype(np.uint8)

    return change


ALL_COLOUR = [cv2.IMWRITE_JPEG_QUALITY, 100, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]

KINDS: dict[str, tuple[str, Callable[[np.ndarray, Random], np.ndarray], list[int]]] = {
    "zoom": ("nearer by 1.25", zoom, ALL_COLOUR),
    "shift": ("a corner's 90 %", shift, ALL_COLOUR),
    "quality": ("JPEG 70", lambda photo, _: photo, [cv2.IMWRITE_JPEG_QUALITY, 70]),
    "white-balance": ("white balance", multiply(0.92, 1, 1.08), ALL_COLOUR),
    "darker": ("brightness x 0.85", multiply(0.85, 0.85, 0.85), ALL_COLOUR),
    "brighter": ("brightness x 1.15", multiply(1.15, 1.15, 1.15), ALL_COLOUR),
    "turn-90": ("turned by 90°", lambda photo, _: cv2.rotate(photo, cv2.ROTATE_90_CLOCKWISE), ALL_COLOUR),
    "turn-17": ("turned by 17°", turn, ALL_COLOUR),
    "scale-1000": ("1,000 pixels, noise", scale(1000), [cv2.IMWRITE_JPEG_QUALITY, 92]),
    "scale-3000": ("3,000 pixels, noise", scale(3000), [cv2.IMWRITE_JPEG_QUALITY, 92]),
}


def changed(tool: Path, ensembles: list[Path], photos: list[Path], kind: str, seed: int, folder: Path) -> list[Answers]:
    """Each ensemble's answers to the photos' copies; no more than a batch of copies is there at a time."""
    _, change, quality = KINDS[kind]
    answers: list[list[Answers]] = [[] for _ in ensembles]
    for start in range(0, len(photos), BATCH):
        copies: list[Path] = []
        for index, photo in enumerate(photos[start : start + BATCH], start):
            rng = np.random.default_rng([seed, list(KINDS).index(kind), index])
            copies.append(folder / f"{index}.jpg")
            if not cv2.imwrite(str(copies[-1]), change(cv2.imread(str(photo), cv2.IMREAD_COLOR), rng), quality):
                raise SystemExit("A copy could not be written. Is there room in the folder for temporary files?")
        for so_far, ensemble in zip(answers, ensembles):
            so_far.append(Answers(tool, ensemble, copies))
        for copy in copies:
            copy.unlink()
    return [sum(parts[1:], parts[0]) for parts in answers]


# MARK: - Photos and rows


def chosen(
    tool: Path, ensembles: list[Path], photos: list[Path], number: int, seed: int
) -> tuple[np.ndarray, list[Answers]]:
    """The photos' indices, those drawn at random first, and each ensemble's answers to them as they are."""
    thresholds = [
        json.loads((ensemble / "ensemble.json").read_text())["operatingPoints"][0]["threshold"]
        for ensemble in ensembles
    ]
    order = np.array(random.Random(seed).sample(range(len(photos)), len(photos)))
    drawn, others = np.split(order, [number - number // 2])
    if number < len(photos):
        glance = Answers(tool, ensembles[0], [photos[index] for index in others], "--views", "1").scores
        others = others[np.argsort(np.abs(glance - thresholds[0]), kind="stable")[:number]]
    candidates = np.concatenate([drawn, others])
    answers = [Answers(tool, ensemble, [photos[index] for index in candidates]) for ensemble in ensembles]
    distance = np.mean([np.abs(each.scores - threshold) for each, threshold in zip(answers, thresholds)], axis=0)
    distance[: len(drawn)] = -1
    kept = np.argsort(distance, kind="stable")[:number]
    if any(np.isnan(each.scores[kept]).any() for each in answers):
        raise SystemExit(
            f"{tool.name} can't analyse some of the photos as they are. Try another --seed, or take them out of the manifest."
        )
    return candidates[kept], [each.of(kept) for each in answers]


def row(name: str, before: list[Answers], after: list[Answers], melanoma: np.ndarray, drawn: int) -> str:
    """One row of the table; a photo that fails in its changed form counts as no photo, and its verdict as changed."""

    def both(figure: Callable[[Answers, Answers], str]) -> str:
        return " / ".join(figure(*pair) for pair in zip(before, after))

    def moved(by: Callable[[np.ndarray], float]) -> str:
        def figure(old: Answers, new: Answers) -> str:
            there = ~np.isnan(new.scores)
            return f"{by(np.abs(new.scores - old.scores)[there]):.3f}" if there.any() else "-"

        return both(figure)

    def area(_: Answers, new: Answers) -> str:
        there = ~np.isnan(new.scores)[:drawn]
        positive, negative = (new.scores[:drawn][there & label] for label in (melanoma[:drawn], ~melanoma[:drawn]))
        return f"{auc(positive, negative):.3f}" if len(positive) and len(negative) else "-"

    photos = str(min(int((~np.isnan(new.scores)).sum()) for new in after))
    if before is after:
        return f"| {name} | {photos} | | | | | | {both(area)} |"
    random_half, near = (
        both(lambda old, new: str(int((old.verdicts != new.verdicts)[part].sum())))
        for part in (slice(None, drawn), slice(drawn, None))
    )
    return (
        f"| {name} | {photos} | {random_half} | {near} | {moved(np.median)} | {moved(lambda values: np.percentile(values, 95))} "
        f"| {moved(np.max)} | {both(area)} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tool", type=lambda path: Path(path).resolve())
    parser.add_argument("data", type=Path)
    parser.add_argument("--ensemble", type=Path, default=ROOT / "ensembles/default")
    parser.add_argument("--against", type=Path, help="a second ensemble, for comparison")
    parser.add_argument("--photos", type=int, default=200)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS), metavar="KIND", help=", ".join(KINDS))
    options = parser.parse_args()
    ensembles = [options.ensemble] + ([options.against] if options.against else [])
    rows = [
        row
        for row in csv.DictReader((options.data / "manifest.csv").open())
        if row["split"] == "val" and row["modality"] == "dermoscopic"
    ]
    if not 2 <= options.photos <= len(rows):
        parser.error(f"--photos must be from 2 to {len(rows)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    every = [options.data / row["image_path"] for row in rows]
    indices, before = chosen(options.tool, ensembles, every, options.photos, options.seed)
    photos, melanoma = [every[index] for index in indices], np.array(
        [rows[index]["label"] == "melanoma" for index in indices]
    )
    drawn = options.photos - options.photos // 2
    print(
        f"{drawn} photos drawn at random, {options.photos - drawn} near the threshold; "
        f"melanomas {melanoma[:drawn].sum()} and {melanoma[drawn:].sum()}"
        + ("; each cell: " + " / ".join(ensemble.name for ensemble in ensembles) if options.against else "")
        + "\n"
    )
    print(
        "| change | photos | verdicts (random) | verdicts (near) | median | 95th percentile | largest | AUC (random) |\n"
        "|---|---:|---:|---:|---:|---:|---:|---:|\n" + row("none", before, before, melanoma, drawn),
        flush=True,
    )
    unjudged: list[str] = []
    with tempfile.TemporaryDirectory(prefix="steadiness-") as folder:
        for kind in options.kinds:
            after = changed(options.tool, ensembles, photos, kind, options.seed, Path(folder))
            print(row(KINDS[kind][0], before, after, melanoma, drawn), flush=True)
            counts = [
                int(((new.verdicts == "cannot_judge") & (old.verdicts != "cannot_judge")).sum())
                for old, new in zip(before, after)
            ]
            if any(counts):
                unjudged.append(f"{KINDS[kind][0]} {' / '.join(map(str, counts))}")
    if unjudged:
        print("\nOf the changed verdicts, now cannot_judge: " + ", ".join(unjudged))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
