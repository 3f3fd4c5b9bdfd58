"""How far bf16 moves the answers: `melascan` in both precisions over real photos, compared photo by photo.

`python precision.py TOOL DATA [--ensemble FOLDER] [--splits val test] [--limit N]`, with DATA the folder of `manifest.csv`.
Prints, for each split, the differences of the melanoma score (median, 99th percentile, largest), the verdicts that change at
each operating point, and the AUC in both. An ensemble whose answers stay the same may ask for bf16 in its manifest
(`"defaults": {"precision": "bf16"}`).
"""

import argparse
import csv
import json
import random
from pathlib import Path

import numpy as np

from as_original import auc, scores


def report(split: str, before: np.ndarray, after: np.ndarray, melanoma: np.ndarray, points: list[dict]) -> str:
    """One row of the table."""
    moved = np.abs(after - before)
    changed = ", ".join(f"{int(((before >= p['threshold']) != (after >= p['threshold'])).sum())} ({p['name']})" for p in points)
    both = " / ".join(f"{auc(values[melanoma], values[~melanoma]):.4f}" for values in (before, after))
    return (f"| {split} | {len(before)} | {np.median(moved):.4f} | {np.percentile(moved, 99):.4f} | {moved.max():.4f} "
            f"| {changed} | {both} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tool", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--ensemble", type=Path, default=Path(__file__).resolve().parent.parent / "ensembles/default")
    parser.add_argument("--splits", nargs="+", default=["val"])
    parser.add_argument("--limit", type=int, help="so many photos of each split, chosen at random (seed 5)")
    options = parser.parse_args()
    points = json.loads((options.ensemble / "ensemble.json").read_text())["operatingPoints"]
    manifest = list(csv.DictReader((options.data / "manifest.csv").open()))
    print("| split | photos | median | 99th percentile | largest | verdicts changed | AUC fp32 / bf16 |\n|---|---|---|---|---|---|---|")
    for split in options.splits:
        rows = [row for row in manifest if row["split"] == split]
        if options.limit and options.limit < len(rows):
            rows = random.Random(5).sample(rows, options.limit)
        photos = [options.data / row["image_path"] for row in rows]
        before, after = (scores(options.tool, options.ensemble, photos, precision) for precision in ("fp32", "bf16"))
        print(report(split, before, after, np.array([row["label"] == "melanoma" for row in rows]), points), flush=True)


if __name__ == "__main__":
    main()
