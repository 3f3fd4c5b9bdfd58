"""The bound that lets an analysis end early (ARCHITECTURE.md, Early stop), measured on photos, and what it would do to them.

Run `python early_stop.py ../.build/release/melascan ../ensembles/default PHOTOS/manifest.csv [--split val]`: prints the bundle's
`earlyStop` for photos that the networks did not learn from. `--write TEXT` puts it into ensemble.json, measured on TEXT. `--check` takes
the bundle's own bound and counts the verdicts it changes, on photos that it was not measured with. The CSV has the columns image_path,
split, label (for the counts alone) and, where photos belong together, group: all photos of a group are one case. `--scores FILE` keeps the passes' scores, and reads them where the file is there.
"""

import argparse
import csv
import json
import math
import subprocess
from pathlib import Path

import numpy as np

RATE = 0.001  # of verdicts that may change


def collected(tool: Path, bundle: Path, views: int, photos: list[Path]) -> np.ndarray:
    """(photos, passes): the raw score of each pass, in order."""
    rows: list[list[float]] = []
    for start in range(0, len(photos), 200):
        lines = subprocess.run([tool, "analyze", *photos[start:start + 200], "--ensemble", bundle, "--json", "--passes", "--no-early-stop",
                                "--views", str(views)], capture_output=True, text=True, check=True).stdout.splitlines()
        rows += [json.loads(line)["pass_scores"] for line in lines]
    return np.array(rows)


def round_means(scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(photos, rounds): the weighted mean after each round, a pass of each member."""
    rounds = scores.reshape(len(scores), -1, len(weights)) @ weights / weights.sum()
    return rounds.cumsum(1) / np.arange(1, rounds.shape[1] + 1)


def angle(share: np.ndarray | float) -> np.ndarray:
    return np.arcsin(np.sqrt(share))


def largest_moves(means: np.ndarray) -> np.ndarray:
    """For each photo the largest |angle(mean of r rounds) - angle(mean of all)| over its scale √(1/r - 1/R)."""
    r = np.arange(1, means.shape[1])
    return (np.abs(angle(means[:, :-1]) - angle(means[:, -1:])) / np.sqrt(1 / r - 1 / means.shape[1])).max(1)


def rounds_needed(means: np.ndarray, threshold: float, bound: float) -> np.ndarray:
    rounds = means.shape[1]
    r = np.arange(1, rounds)
    settled = np.abs(angle(means[:, :-1]) - angle(threshold)) > bound * np.sqrt(1 / r - 1 / rounds)
    return np.where(settled.any(1), settled.argmax(1) + 1, rounds)


def at_most(count: int, of: int) -> str:
    """The upper end of the one-sided 95 % interval (Clopper and Pearson) of a rate, in thousandths."""
    def chance(rate: float) -> float:  # of so few
        terms = (math.lgamma(of + 1) - math.lgamma(i + 1) - math.lgamma(of - i + 1) + i * math.log(rate) + (of - i) * math.log1p(-rate)
                 for i in range(count + 1))
        return sum(map(math.exp, terms))

    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if chance(middle) > 0.05 else (low, middle)
    return f"at most {1000 * high:.2f} in 1,000"


def share(is_so: np.ndarray, groups: np.ndarray) -> str:
    """How many photos and how many cases, with the rates that these allow."""
    photos, cases = int(is_so.sum()), len(set(groups[is_so]))
    of = len(set(groups))
    return f"{photos} of {len(groups)} photos ({at_most(photos, len(groups))}), {cases} of {of} cases ({at_most(cases, of)})"


def report(means: np.ndarray, groups: np.ndarray, bound: float, points: list[dict], is_target: np.ndarray, passes: int) -> None:
    print(f"moves above the bound {bound}: {share(largest_moves(means) > bound, groups)}")
    for point in points:
        threshold = point["threshold"]
        needed = rounds_needed(means, threshold, bound)
        changed = (means[np.arange(len(means)), needed - 1] >= threshold) != (means[:, -1] >= threshold)
        used = needed * passes
        print(f"{point['name']} at {threshold}: verdicts changed: {share(changed, groups)}")
        print(f"  of the target class: {share(changed[is_target], groups[is_target])}")
        print(f"  passes: mean {used.mean():.2f} of {means.shape[1] * passes}, median {np.median(used):.0f}; " + ", ".join(
            f"{count}: {(used == count).mean():.1%}" for count in np.unique(used)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tool", type=Path)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--split", default="val")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--write", metavar="TEXT")
    parser.add_argument("--scores", type=Path)
    options = parser.parse_args()
    bundle = json.loads((options.bundle / "ensemble.json").read_text())
    with options.manifest.open() as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == options.split]
    if options.scores and options.scores.exists():
        scores = np.load(options.scores)
    else:
        scores = collected(options.tool, options.bundle, bundle["views"], [options.manifest.parent / row["image_path"] for row in rows])
        if options.scores:
            np.save(options.scores, scores)
    weights = np.array([member.get("weight") or 1 for member in bundle["members"]])
    means = round_means(scores, weights)
    groups = np.array([row.get("group") or row["image_path"] for row in rows])
    if options.check:
        bound = bundle["earlyStop"]["bound"]
    else:
        # (exceeded + 1) / (cases + 1) is at most RATE; with none above it the bound is on the safe side.
        bound = math.ceil(largest_moves(means).max() * 10_000) / 10_000
        cases = len(set(groups))
        if 1 / (cases + 1) > RATE:
            raise SystemExit(f"{cases} cases can't show a rate of {RATE}; it takes {round(1 / RATE) - 1} or more")
        rule = {"bound": bound, "cases": cases, "exceeded": 0, "measuredOn": options.write or options.split}
        print(json.dumps({"earlyStop": rule}))
        if options.write:
            bundle["earlyStop"] = rule
            (options.bundle / "ensemble.json").write_text(json.dumps(bundle, indent=2, ensure_ascii=False) + "\n")
    is_target = np.array([row["label"] == bundle["target"] for row in rows])
    print(f"{len(means)} photos of the {options.split} split")
    report(means, groups, bound, bundle["operatingPoints"], is_target, len(weights))


if __name__ == "__main__":
    main()
