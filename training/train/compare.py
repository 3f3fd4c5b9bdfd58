"""Recipes against the baseline on families left out: AUC, paired bootstrap over groups, and the rule of choice."""

import csv
import io
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .data import CANCERS, CLASSES, FOLDS, MELANOMA
from .score import auc

FAMILIES = tuple(family for families in FOLDS.values() for family in families)
DRAWS = 2_000
SEED = 2026
WORSE = 0.01  # no family may lose this much AUC
OTHER_CANCERS = [index for index in CANCERS if index != MELANOMA]


@dataclass(frozen=True)
class Scores:
    """The scored photos of one left-out family: labels (n,), groups (n,), probabilities (n, 9)."""

    paths: list[str]
    labels: np.ndarray
    groups: np.ndarray
    probabilities: np.ndarray

    def question(self, name: str) -> tuple[np.ndarray, np.ndarray] | None:
        """(score, truth) of `melanoma` or `cancer`; None where the family has no other cancers to ask about."""
        if name == "melanoma":
            return self.probabilities[:, MELANOMA], self.labels == MELANOMA
        if not np.isin(self.labels, OTHER_CANCERS).any():
            return None
        return self.probabilities[:, CANCERS].sum(1), np.isin(self.labels, CANCERS)


def read(folder: Path) -> dict[str, Scores] | None:
    """The scores by family of a recipe's trainings in `folder`; None if one of them is not finished."""
    rows: list[dict] = []
    for fold, families in FOLDS.items():
        if not families:
            continue
        file = folder / fold / "scores.csv"
        if not file.exists():
            return None
        with open(file, newline="") as source:
            rows += list(csv.DictReader(source))
    return {family: _scores([row for row in rows if row["family"] == family]) for family in FAMILIES}


def weighted_auc(scores: np.ndarray, positive: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """AUC with each photo counted `weights` times: scores (n,), positive (n,), weights (draws, n) to (draws,).

    NaN where a draw has no positive or no negative.
    """
    order = np.argsort(scores, kind="stable")
    _, starts = np.unique(scores[order], return_index=True)
    above = np.add.reduceat(weights[:, order] * positive[order], starts, axis=1)
    below = np.add.reduceat(weights[:, order] * ~positive[order], starts, axis=1)
    wins = (above * (np.cumsum(below, axis=1) - below / 2)).sum(1)
    with np.errstate(invalid="ignore"):
        return wins / (above.sum(1) * below.sum(1))


def draws(groups: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """How often each photo counts in each draw of as many groups, with repeats: (DRAWS, n) float64."""
    _, place = np.unique(groups, return_inverse=True)
    count = place.max() + 1
    return generator.multinomial(count, np.full(count, 1 / count), size=DRAWS)[:, place].astype(np.float64)


def compare(runs: Path, names: list[str]) -> list[dict]:
    """One row a finished recipe: its AUCs, and the mean gain in melanoma AUC over the first of `names` with 95 %."""
    baseline = read(runs / names[0])
    if baseline is None:
        return []
    generator = np.random.default_rng(SEED)
    weights = {family: draws(scores.groups, generator) for family, scores in baseline.items()}
    drawn = _drawn(baseline, weights)
    rows = [{"recipe": names[0], **_aucs(baseline)}]
    for name in names[1:]:
        scores = read(runs / name)
        if scores is None:
            continue
        for family in FAMILIES:
            assert scores[family].paths == baseline[family].paths, f"{name} was scored on other photos of {family}"
        low, high = np.nanpercentile(_drawn(scores, weights) - drawn, [2.5, 97.5])
        row = {"recipe": name, **_aucs(scores)}
        changes = [row[f"melanoma {family}"] - rows[0][f"melanoma {family}"] for family in FAMILIES]
        row |= {"gain": float(np.mean(changes)), "low": float(low), "high": float(high), "worst": min(changes),
                "better": "yes" if low > 0 and min(changes) > -WORSE else "no"}
        rows.append(row)
    return rows


def write_report(work: Path, names: list[str]) -> bool:
    """Writes `work`/report.md and comparison.csv; False if the first of `names` is not finished on all families."""
    rows = compare(work / "runs", names)
    if not rows:
        return False
    columns = ["recipe", *(f"melanoma {family}" for family in FAMILIES), "melanoma mean", "cancer ham", "gain", "low",
               "high", "worst", "better"]
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    _write(work / "comparison.csv", buffer.getvalue())
    head = [f"# Recipes on families left out\n\nAUC on every train and val photo of a family that the training never "
            f"saw. `gain`: mean melanoma AUC over the three families, less the baseline's, with a 95 % interval from "
            f"{DRAWS:,} paired bootstrap draws over groups (seed {SEED}); one seed of training each. `better`: the "
            f"interval lies above 0 and no family (`worst`) loses {WORSE} or more.\n",
            "| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    body = ["| " + " | ".join(_shown(row.get(column, "")) for column in columns) + " |" for row in rows]
    _write(work / "report.md", "\n".join(head + body) + "\n")
    return True


def _drawn(scores: dict[str, Scores], weights: dict[str, np.ndarray]) -> np.ndarray:
    """The mean melanoma AUC over the families in each draw: (DRAWS,)."""
    return np.mean([weighted_auc(*scores[family].question("melanoma"), weights[family]) for family in FAMILIES], axis=0)


def _aucs(scores: dict[str, Scores]) -> dict[str, float]:
    found = {f"{question} {family}": auc(*asked) for question in ("melanoma", "cancer")
             for family, part in scores.items() if (asked := part.question(question)) is not None}
    return found | {"melanoma mean": float(np.mean([found[f"melanoma {family}"] for family in FAMILIES]))}


def _scores(rows: list[dict]) -> Scores:
    return Scores([row["image_path"] for row in rows], np.array([CLASSES.index(row["label"]) for row in rows]),
                  np.array([row["group"] for row in rows]),
                  np.array([[float(row[name]) for name in CLASSES] for row in rows]))


def _shown(value: object) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def _write(file: Path, text: str) -> None:
    temporary = file.with_suffix(".tmp")
    temporary.write_text(text)
    os.replace(temporary, file)
